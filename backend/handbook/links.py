"""Addresses inside the site: links and pictures of a document, relative to the page they stand on.

Relative addresses keep the site whole below any prefix, and when its folder is opened as files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from muscope.backend.handbook.outline import Page

PICTURES = PurePosixPath("assets/pictures")


@dataclass(frozen=True)
class Links:
    """Pages by their source, and the pictures that pages turned out to need."""

    docs: Path
    pages: Mapping[PurePosixPath, Page]
    pictures: dict[PurePosixPath, PurePosixPath] = field(default_factory=dict)

    def of_link(self, page: Page, href: str) -> str | None:
        """Return the address of a link; None where the site does not hold what it leads to."""
        if "://" in href or href.startswith(("#", "mailto:", "/")):
            return href
        path, _, anchor = href.partition("#")
        found = self.pages.get(resolved(page.source, path))
        if found is None:
            return None
        return relative(page, found.address) + (f"#{anchor}" if anchor else "")

    def of_picture(self, page: Page, src: str) -> str | None:
        """Return the address of a picture and note that it is needed; None where there is no such file."""
        source = resolved(page.source, src)
        if not (self.docs / source).is_file():
            return None
        self.pictures[source] = PICTURES / source
        return relative(page, PICTURES / source)


def relative(page: Page, address: PurePosixPath) -> str:
    """Return the way from a page to an address of the site."""
    return quote(posixpath.relpath(address.as_posix(), page.folder.as_posix()))


def resolved(source: PurePosixPath, path: str) -> PurePosixPath:
    """Return the place below `docs/` that a path written in `source` names."""
    return PurePosixPath(posixpath.normpath((source.parent / unquote(path)).as_posix()))
