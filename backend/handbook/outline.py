"""The order of the site, read from `docs/site.toml`: sections, their pages, and pages in English only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from muscope.backend.catalogue import DEFAULT_LANGUAGE, LANGUAGES

OUTLINE = "site.toml"
# Folder of the pages for readers; a folder per language below it.
READERS = "site"
# Documents of the repository itself, in English, lie in this folder of the site.
INSIDE = "inside"
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One page: its source below `docs/`, its address below the site's root, and its place."""

    source: PurePosixPath
    address: PurePosixPath
    language: str
    section: str
    title: str
    text: str

    @property
    def folder(self) -> PurePosixPath:
        return self.address.parent


def read_outline(docs: Path) -> tuple[Page, ...]:
    """Return every page of every language in reading order; raises FileNotFoundError for a missing source."""
    outline = tomllib.loads((docs / OUTLINE).read_text(encoding="utf-8"))
    pages = [page for language in LANGUAGES for page in _pages(docs, outline["section"], language)]
    return (*pages, *_inside(docs, outline["inside"]))


def _pages(docs: Path, sections: list[dict[str, object]], language: str) -> Iterator[Page]:
    for section in sections:
        titles, names = section["title"], section["pages"]
        assert isinstance(titles, dict)
        assert isinstance(names, list)
        for name in names:
            source = PurePosixPath(READERS, language, f"{name}.md")
            address = PurePosixPath(language, f"{name}.html")
            yield _page(docs, source, address, language, titles[language])


def _inside(docs: Path, inside: dict[str, object]) -> Iterator[Page]:
    title, patterns = inside["title"], inside["pages"]
    assert isinstance(title, str)
    assert isinstance(patterns, list)
    for pattern in patterns:
        for path in sorted(docs.glob(pattern)):
            source = PurePosixPath(path.relative_to(docs).as_posix())
            address = PurePosixPath(DEFAULT_LANGUAGE, INSIDE, source).with_suffix(".html")
            yield _page(docs, source, address, DEFAULT_LANGUAGE, title)


def _page(docs: Path, source: PurePosixPath, address: PurePosixPath, language: str, section: str) -> Page:
    text = (docs / source).read_text(encoding="utf-8")
    heading = _HEADING.search(text)
    if heading is None:
        raise ValueError(f"{source}: expected a heading of the first level, found none")
    return Page(source, address, language, section, heading[1].replace("`", ""), text)
