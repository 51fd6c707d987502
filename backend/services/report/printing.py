"""Prints a rendered report to PDF in a child process. Imports no printing library."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from muscope.backend.errors import Unavailable
from muscope.backend.resources import HOME

_LOG = logging.getLogger(__name__)
_CHILD = HOME / "backend" / "report" / "pdf_child.py"
WALL_SECONDS = 60.0
_LOGGED_BYTES = 2000


def to_pdf(html: str, *, program: Path = _CHILD, wall_seconds: float = WALL_SECONDS) -> bytes:
    """Return the PDF of a report; raises Unavailable where it cannot be made."""
    if find_spec("plutoprint") is None:
        raise Unavailable("report.pdf_missing")
    with tempfile.TemporaryDirectory(prefix="muscope-print-") as scratch:
        try:
            done = subprocess.run(
                (sys.executable, "-I", "-X", "utf8", str(program)),
                input=html.encode(),
                capture_output=True,
                timeout=wall_seconds,
                check=False,
                cwd=scratch,
                env={"HOME": scratch, "TMPDIR": scratch, "XDG_CACHE_HOME": scratch, "LANG": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired:
            raise Unavailable("report.pdf_failed", reason=f"> {wall_seconds:g} s") from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        said = done.stderr[-_LOGGED_BYTES:].decode("utf-8", errors="replace")
        _LOG.error("printing child ended with %s and said: %s", done.returncode, said)
        raise Unavailable("report.pdf_failed", reason=f"exit {done.returncode}")
    return done.stdout
