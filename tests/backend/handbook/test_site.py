"""The built site: links lead somewhere, nothing is inline or from outside, both languages are complete."""

from __future__ import annotations

import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.handbook.generated.settings_table import variable
from muscope.backend.handbook.outline import read_outline
from muscope.backend.handbook.search_index import terms
from muscope.backend.resources import DOCS
from muscope.backend.settings import Settings

CASES = json.loads((DOCS.parent / "tests" / "frontend" / "search_terms.json").read_text(encoding="utf-8"))
LEADING = {("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("form", "data-index")}


class Read(HTMLParser):
    """The anchors, the addresses and the inline code of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.headings: list[int] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "style" or (tag == "script" and "src" not in named):
            self.inline.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if (tag, name) in LEADING and value is not None:
                self.addresses.append(value)
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_every_link_of_every_page_leads_to_a_page_and_a_place_on_it(site):
    anchors = {page: set(Read(page).ids) for page in pages(site)}
    dead = []
    for page in anchors:
        for address in Read(page).addresses:
            path, _, anchor = unquote(address).partition("#")
            if "://" in path or "?lang=" in path:
                continue
            target = Path(posixpath.normpath(page.parent / path)) if path else page
            if not target.is_file() or (anchor and anchor not in anchors.get(target, set())):
                dead.append(f"{page.relative_to(site)}: {address}")

    assert len(anchors) > 50
    assert dead == []


def test_pages_keep_the_policy_and_load_nothing_from_outside(site):
    read = {page: Read(page) for page in pages(site)}

    assert {page: found.inline for page, found in read.items() if found.inline} == {}
    loaded = re.compile(r'<(?:link|script|img)[^>]*(?:href|src)="(?:https?:)?//')
    assert [page for page in read if loaded.search(page.read_text(encoding="utf-8"))] == []


def test_ids_are_unique_and_there_is_one_first_heading(site):
    read = {page.relative_to(site).as_posix(): Read(page) for page in pages(site)}

    assert {name for name, found in read.items() if len(found.ids) != len(set(found.ids))} == set()
    assert {name for name, found in read.items() if found.headings.count(1) != 1} == set()


def test_both_languages_have_the_same_pages_for_readers(site):
    names = {
        language: sorted(path.name for path in (site / language).glob("*.html")) for language in LANGUAGES
    }

    assert names["en"] == names["ja"]
    assert {page.language for page in read_outline(DOCS)} == set(LANGUAGES)


def test_every_document_for_readers_is_in_the_outline():
    listed = {page.source.as_posix() for page in read_outline(DOCS)}

    assert {path.relative_to(DOCS).as_posix() for path in (DOCS / "site").rglob("*.md")} - listed == set()


def test_raw_html_of_a_document_is_shown_and_never_run(tmp_path):
    from muscope.backend.handbook.links import Links
    from muscope.backend.handbook.markdown import render

    page = read_outline(DOCS)[0]

    html = render(page, "# A\n\n<script>alert(1)</script> [x](javascript:alert(1))", Links(tmp_path, {})).html

    assert "<script>" not in html
    assert 'href="javascript' not in html


def test_a_page_leads_to_the_ones_before_and_after_it(site):
    tutorial = (site / "ja" / "tutorial.html").read_text(encoding="utf-8")

    assert 'rel="prev" href="faq.html"' in tutorial
    assert 'rel="next" href="answers.html"' in tutorial
    assert 'hreflang="en"' in tutorial
    assert 'aria-current="page"' in tutorial


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_of_settings_has_every_setting(site, language):
    page = (site / language / "settings.html").read_text(encoding="utf-8")
    fields = Settings.model_fields.items()

    assert [name for name, field in fields if f"<code>{variable(name, field)}</code>" not in page] == []
    assert len(re.findall("<tr>", page)) == len(fields) + 1


def test_the_reference_of_the_interface_has_every_operation(site):
    page = (site / "en" / "api.html").read_text(encoding="utf-8")
    document = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    operations = [
        f"<code>{method.upper()} {path}</code>" for path, each in document["paths"].items() for method in each
    ]

    assert [operation for operation in operations if operation not in page] == []


def test_the_reference_of_the_command_line_has_every_command(site):
    page = (site / "ja" / "command-line.html").read_text(encoding="utf-8")

    for command in (
        "run",
        "serve",
        "conductor",
        "worker",
        "migrate",
        "version",
        "submit",
        "wait",
        "datasets-upload",
    ):
        assert f'<h2 id="muscope-{command}"' in page


@pytest.mark.parametrize(("query", "expected"), CASES)
def test_texts_are_cut_into_terms_as_queries_are(query, expected):
    assert list(terms(query)) == expected


@pytest.mark.parametrize(("language", "term"), [("ja", "鋭さ"), ("en", "sharpness")])
def test_the_index_holds_what_the_pages_say(site, language, term):
    module = (site / "assets" / f"search-{language}.js").read_text(encoding="utf-8")
    sections, places = (
        json.loads(line.partition(" = ")[2].rstrip(";")) for line in module.splitlines() if line
    )

    found = [sections[number][0] for number in places[term][::2]]

    assert f"{language}/glossary.html" in {address.split("#")[0] for address in found}
    assert all((site / unquote(address.split("#")[0])).is_file() for address in found)


def test_words_of_the_glossary_are_those_of_the_page(site):
    page = (site / "ja" / "glossary.html").read_text(encoding="utf-8")

    assert text("glossary.sharpness.meaning", "ja") in page
