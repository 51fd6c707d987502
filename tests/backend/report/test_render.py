"""The file: self-contained, harmless whatever users name things, one sheet first, and Japanese in the PDF."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sys
from functools import cache
from html.parser import HTMLParser

import pypdf
import pytest

from muscope.backend.catalogue import LANGUAGES, catalogue
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.errors import Unavailable
from muscope.backend.report.contents import contents
from muscope.backend.report.fonts import characters
from muscope.backend.report.render import render
from muscope.backend.report.words.say import Words
from muscope.backend.services.report.printing import to_pdf
from tests.backend.analysis.sweeps import unresolved
from tests.backend.analysis.verdict.judged_cases import CASES
from tests.backend.report.materials import DATA, case, drawn, judged, material

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}",
    "\u202e\u2066reversed\u2069 ‏name",
    "長" * 300,
    "</style><style>*{display:none}</style>",
)
RADICALS = re.compile("[\u2e80-\u2fdf]")
# One file as a browser may get it by mail.
MOST_BYTES = 6_000_000


class Reader(HTMLParser):
    """Collects elements, attributes and text of a file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data):
        (self.styles if self._inside == "style" else self.text).append(data)


@cache
def whole(language: str):
    spec, verdict = case("transfers", has_control=True)
    words = Words(language, 540)
    return render(contents(material(spec, verdict, figures=(drawn(language),)), words), words)


def sheet_of(made, language):
    """Return the first page alone, and the number of pages that it takes."""
    words = Words(language, 540)
    rendered = render(contents(made, words)._replace(sections=()), words)
    return pages_of(rendered.html)


def pages_of(html):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(to_pdf(html))).pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_asks_for_nothing_and_runs_nothing(language):
    html = whole(language).html
    found = Reader(html)

    names = {name for name, _ in found.elements}
    attributes = {(key, value) for _, each in found.elements for key, value in each.items()}
    assert not names & {"script", "iframe", "object", "embed", "link", "img", "form", "base", "use", "a"}
    assert not [key for key, _ in attributes if key.startswith("on") or key in ("style", "src", "href")]
    assert "@import" not in html
    assert re.findall(r"url\((?!data:font/|#)", html) == []
    assert len(html.encode()) < MOST_BYTES


def test_the_policy_lets_two_known_style_sheets_in_and_no_other():
    rendered = whole("en")
    found = Reader(rendered.html)

    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in found.styles]

    assert len(hashes) == 2
    assert rendered.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert all(f"'sha256-{each}'" in rendered.policy for each in hashes)
    assert "unsafe" not in rendered.policy
    assert "script" not in rendered.policy
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": rendered.policy}) in found.elements


@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "direction", "long", "style"])
def test_names_of_users_are_text_and_nothing_else(name):
    spec, verdict = case("transfers", has_control=True)
    data = DATA.model_copy(update={"name": name, "profile": DATA.profile.model_copy(update={"label": name})})
    words = Words("ja")
    made = material(spec, verdict, name=name, data=data)

    found = Reader(render(contents(made, words), words).html)

    assert name in "".join(found.text)
    plain = Reader(whole("ja").html)
    assert {each for each, _ in found.elements} <= {each for each, _ in plain.elements}
    assert not [key for _, each in found.elements for key in each if key.startswith("on")]
    assert len(found.styles) == 2
    assert len(sheet_of(made, "ja")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", CASES)
def test_the_sheet_for_approval_is_one_page(rule, language):
    spec, verdict = case(rule, has_control=False)

    pages = sheet_of(material(spec, verdict, name="長" * 300), language)

    assert len(pages) == 1
    assert Words(language).say("report.first.approvals") in pages[0].replace("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_interim_sheet_is_one_page_too(language):
    spec, verdict = judged(unresolved(), is_interim=True)

    assert len(sheet_of(material(spec, verdict, state=ExperimentState.RUNNING), language)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_holds_its_text_as_it_was_written(language):
    words = Words(language)
    _, verdict = case("transfers", has_control=True)

    pages = pages_of(whole(language).html)

    everything = "".join(pages).replace("\n", "")
    assert not RADICALS.search(everything)
    assert words.say("outcome.transfers.title") in everything
    assert words.say("report.section.phrases") in pages[1].replace("\n", "")
    assert verdict.spec_sha256 in everything
    # Text of a figure stays text.
    assert words.say("figure.axis.lr").replace(" ", "") in everything.replace(" ", "")
    assert f"{len(pages)} / {len(pages)}" in pages[-1]


def test_every_character_of_the_catalogue_has_a_glyph():
    texts = {ord(each) for language in LANGUAGES for each in "".join(catalogue(language).values())}

    # The form alone names Adam's coefficients so.
    assert {chr(each) for each in texts - characters()} <= {"\n", "₁", "₂"}


@pytest.mark.parametrize(
    ("program", "reason"),
    [("raise SystemExit(3)", "exit 3"), ("while True: pass", "> 2 s"), ("print('no')", "exit 0")],
)
def test_a_printing_program_that_fails_is_said_to_have_failed(tmp_path, program, reason):
    path = tmp_path / "program.py"
    path.write_text(program)

    with pytest.raises(Unavailable) as caught:
        to_pdf("<p>x", program=path, wall_seconds=2)

    assert (caught.value.code, caught.value.params) == ("report.pdf_failed", {"reason": reason})


def test_without_the_printing_library_the_answer_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "plutoprint", None)

    with pytest.raises(Unavailable, match=r"report\.pdf_missing"):
        to_pdf("<p>x")


def test_printing_fetches_nothing(tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>TOPSECRET</text></svg>")

    (page,) = pages_of(f"<p>shown</p><img src='file://{secret}'><img src='{secret}'>")

    assert "shown" in page
    assert "TOPSECRET" not in page
