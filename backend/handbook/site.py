"""Building the site: pages by one template, a search index per language, the few files that pages load."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.handbook.generated import with_generated_parts
from muscope.backend.handbook.links import Links, relative
from muscope.backend.handbook.markdown import Rendered, render
from muscope.backend.handbook.outline import Page, read_outline
from muscope.backend.handbook.search_index import Entry, index_module
from muscope.backend.resources import DOCS, FRONTEND

ASSETS = PurePosixPath("assets")
# Files of the page that the site loads too, by their place below `frontend/`.
SHARED = ("css/tokens.css", "css/base.css", "css/handbook.css", "css/handbook_text.css", "images/icon.svg")
SCRIPTS = ("js/viewer/first_paint.js", "js/handbook/search.js", "js/handbook/terms.js")
TEMPLATE = "page.html"


@dataclass(frozen=True)
class Neighbours:
    """The pages before and after one in reading order, within its language."""

    previous: Page | None
    next: Page | None


def build(target: Path, docs: Path = DOCS) -> None:
    """Write the site into `target`, an empty folder; raises an error that names the page for a bad source."""
    pages = read_outline(docs)
    links = Links(docs, {page.source: page for page in pages})
    rendered = {
        page.source: render(page, with_generated_parts(page.text, page.language, docs), links)
        for page in pages
    }
    template = _environment().get_template(TEMPLATE)
    for language in LANGUAGES:
        own = [page for page in pages if page.language == language]
        for page in own:
            html = template.render(_context(page, rendered[page.source], own, links))
            _write(target / page.address, html)
        missing = _missing(language)
        _write(target / missing.address, template.render(_context(missing, _said(missing), own, links)))
        _write(target / ASSETS / f"search-{language}.js", _index(own, rendered))
    _copy_assets(target, links)


def _context(page: Page, rendered: Rendered, own: Sequence[Page], links: Links) -> dict[str, object]:
    neighbours = _neighbours(page, own)
    other = next(language for language in LANGUAGES if language != page.language)
    return {
        "page": page,
        "content": rendered.html,
        "parts": rendered.sections,
        "sections": [(title, list(pages)) for title, pages in groupby(own, lambda each: each.section)],
        "previous": neighbours.previous,
        "next": neighbours.next,
        "other": other,
        "other_page": _twin(page, other, links),
        "home": own[0],
        "to": partial(relative, page),
        "asset": lambda name: relative(page, ASSETS / name),
        "root": relative(page, PurePosixPath(".")),
        "t": lambda key, **params: text(f"handbook.{key}", page.language, **params),
    }


def _missing(language: str) -> Page:
    """Return the page that stands for an address the site lacks."""
    title = text("handbook.missing.title", language)
    said = text("handbook.missing.text", language)
    place = PurePosixPath(language, "missing")
    return Page(place.with_suffix(".md"), place.with_suffix(".html"), language, title, title, said)


def _said(page: Page) -> Rendered:
    return Rendered(f"<h1>{escape(page.title)}</h1><p>{escape(page.text)}</p>", ())


def _neighbours(page: Page, own: Sequence[Page]) -> Neighbours:
    if page not in own:
        return Neighbours(None, None)
    at = own.index(page)
    return Neighbours(own[at - 1] if at else None, own[at + 1] if at + 1 < len(own) else None)


def _twin(page: Page, other: str, links: Links) -> Page | None:
    """Return the same page in the other language; documents of the repository have none."""
    parts = [other if part == page.language else part for part in page.source.parts]
    found = links.pages.get(PurePosixPath(*parts))
    return found if found is not page else None


def _index(own: Sequence[Page], rendered: dict[PurePosixPath, Rendered]) -> str:
    return index_module(
        Entry(
            f"{page.address}#{part.anchor}" if part.anchor else str(page.address),
            page.title,
            part.title,
            part.text,
        )
        for page in own
        for part in rendered[page.source].sections
    )


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _copy_assets(target: Path, links: Links) -> None:
    for name in (*SHARED, *SCRIPTS):
        _copy(FRONTEND / name, target / ASSETS / PurePosixPath(name).name)
    for source, address in links.pictures.items():
        _copy(links.docs / source, target / address)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
