"""The built site in the data folder: made once per content, on first use, and shared by all web processes.

The folder's name is a hash of everything the site is made of, so an upgrade builds a new one (ADR 0037).
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

from muscope.backend.resources import DOCS, FRONTEND, HOME, LOCALES

log = logging.getLogger(__name__)

_PREFIX = "handbook-"
_SOURCES = (
    (DOCS, "*.md"),
    (DOCS, "*.toml"),
    (DOCS, "*.json"),
    (DOCS, "*.svg"),
    (LOCALES, "*.json"),
    (FRONTEND / "css", "*.css"),
    (FRONTEND / "js" / "handbook", "*.js"),
    (HOME / "backend" / "handbook", "*"),
    (HOME / "backend", "settings.py"),
    (HOME / "backend", "command_line.py"),
    (HOME / "backend" / "grammar", "*.py"),
)
_building = Lock()


def built_site(folder: Path) -> Path:
    """Return the folder of the site below `folder`, after building it if it is not there yet."""
    site = folder / f"{_PREFIX}{source_digest()}"
    with _building:
        if not site.is_dir():
            _build(folder, site)
    return site


@cache
def source_digest() -> str:
    """Return a short hash of all that the site is made of; sources do not change while a process runs."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.relative_to(HOME).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for root, pattern in _SOURCES:
        yield from sorted(
            path for path in root.rglob(pattern) if path.is_file() and path.suffix not in (".pyc",)
        )


def _build(folder: Path, site: Path) -> None:
    """Build aside and rename, so that nobody meets half a site; another process may have been faster."""
    from muscope.backend.handbook.site import build  # the builder's libraries are needed only here

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".handbook-") as aside:
        made = Path(aside) / "site"
        build(made)
        try:
            made.rename(site)
        except OSError:
            if not site.is_dir():
                raise
    for old in folder.glob(f"{_PREFIX}*"):
        if old != site:
            shutil.rmtree(old, ignore_errors=True)
    log.info("built the documentation: %s", site)
