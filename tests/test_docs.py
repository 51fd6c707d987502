"""Documents held against the code: what is named exists, and what is numbered has the code's numbers."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from muscope.backend.catalogue import catalogue
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from muscope.backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CODE = (".py", ".js", ".css", ".toml", ".yml", ".html")
# What once was stays as it was written.
HISTORY = {"docs/log.md", "CHANGELOG.md"}
# What a worked example has its reader write.
EXAMPLES = ("/linear.py",)

# Quoted names are parts of paths that a program puts together.
DOCUMENT = re.compile(r"(?<![\w/.\"'-])((?:[\w.-]+/)*[\w-]+\.md)(?: §([\d.]+(?:-[\d.]+)?))?")
QUOTED_PATH = re.compile(r"`([\w./{},*-]+)`")
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([\w-]+))?\)")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tracked() -> tuple[str, ...]:
    """Return every file of the repository, those that are new and not committed yet included."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(name for name in listed.splitlines() if (ROOT / name).is_file())


def documents() -> list[Path]:
    return [ROOT / name for name in tracked() if name.endswith(".md")]


def current_documents() -> list[Path]:
    return [path for path in documents() if path.relative_to(ROOT).as_posix() not in HISTORY]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return what a link to a heading of the document may end with, as GitHub makes it."""
    words = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings(path))
    return {re.sub(r"\s", "-", each.strip()) for each in words}


def numbers(path: Path) -> set[str]:
    """Return the numbers of the headings and, of a numbered list under one, of its entries."""
    found: set[str] = set()
    section = ""
    for line in text_of(path).splitlines():
        if heading := re.match(r"#+ (\d+(?:\.\d+)*)\.? ", line):
            section = heading[1]
            found.add(section)
        elif section and (entry := re.match(r"(\d+)\. ", line)):
            found.add(f"{section}.{entry[1]}")
    return found


def named_in_code() -> Iterator[tuple[str, str, str | None]]:
    """Yield place, document and section of every document that code, tests or configuration name."""
    for name in tracked():
        if name.endswith(CODE) and name != "tests/test_docs.py":
            for number, line in enumerate(text_of(ROOT / name).splitlines(), start=1):
                for document, section in DOCUMENT.findall(line):
                    yield f"{name}:{number}", document, section or None


def sections_of(named: str) -> list[str]:
    """Return the ends of a range such as `6.3-6.4`, or the one section."""
    return [part.rstrip(".") for part in named.split("-")]


def test_code_names_only_documents_that_exist():
    missing = [(place, document) for place, document, _ in named_in_code() if not (ROOT / document).exists()]

    assert missing == [], "name a document by its path from the root, such as docs/science.md"


def test_sections_named_in_code_exist():
    missing = [
        (place, document, section)
        for place, document, named in named_in_code()
        if named is not None and (ROOT / document).exists()
        for section in sections_of(named)
        if section not in numbers(ROOT / document)
    ]

    assert missing == []


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_links_lead_somewhere(path):
    dead = [
        (target, anchor)
        for target, anchor in LINK.findall(text_of(path))
        if "://" not in target
        and not (
            (place := (path.parent / target) if target else path).exists()
            and (not anchor or place.suffix != ".md" or anchor in anchors(place))
        )
    ]

    assert dead == []


@pytest.mark.parametrize("path", current_documents(), ids=name_of)
def test_sections_named_beside_a_link_exist(path):
    """A link such as [science.md §6.3](science.md) names a section of what it leads to."""
    links = re.findall(r"\[[\w./-]+ §([\d.]+)\]\(([^)#\s]+)\)", text_of(path))

    assert [link for link in links if link[0].rstrip(".") not in numbers(path.parent / link[1])] == []


@pytest.mark.parametrize("path", current_documents(), ids=name_of)
def test_paths_named_in_a_document_exist(path):
    """A quoted path that begins with a folder of the root must be there; braces name several files."""
    folders = {name.split("/")[0] for name in tracked() if "/" in name}
    named = {
        each
        for quoted in QUOTED_PATH.findall(text_of(path))
        if quoted.split("/")[0] in folders and "/" in quoted and not quoted.endswith(EXAMPLES)
        for each in unfolded(quoted)
    }

    assert sorted(each for each in named if not list(ROOT.glob(each.rstrip("/")))) == []


@pytest.mark.parametrize("path", current_documents(), ids=name_of)
def test_tests_that_a_document_has_its_reader_run_exist(path):
    """Commands are indented, so that their paths stand in no quotes of their own."""
    commands = re.findall(r"-m pytest ([^`\n]*)", text_of(path))
    named = {word for command in commands for word in command.split() if "/" in word}

    assert sorted(each for each in named if not (ROOT / each.split("::")[0]).exists()) == []


def unfolded(path: str) -> list[str]:
    """Return the paths that `a/{b,c}.py` stands for."""
    found = re.fullmatch(r"(.*)\{([^}]*)\}(.*)", path)
    return [f"{found[1]}{part}{found[3]}" for part in found[2].split(",")] if found else [path]


@pytest.mark.parametrize("path", current_documents(), ids=name_of)
def test_targets_of_make_named_in_a_document_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)", text_of(path))) - targets == set()


def test_every_document_is_in_the_index():
    index = text_of(DOCS / "README.md")
    pages = [*DOCS.glob("*.md"), *DOCS.glob("guides/*.md"), *DOCS.glob("*/README.md")]

    assert [name_of(page) for page in pages if f"({page.relative_to(DOCS).as_posix()})" not in index] == [
        "docs/README.md"
    ]


def test_every_setting_is_in_the_readme_and_no_other():
    table = text_of(ROOT / "README.md")
    documented = set(re.findall(r"^\| `(PORT|MUSCOPE_[A-Z_]+)` \|", table, re.MULTILINE))
    existing = {"PORT" if name == "port" else f"MUSCOPE_{name.upper()}" for name in Settings.model_fields}

    assert documented == existing


def test_the_readme_says_of_a_setting_what_the_catalogue_says():
    rows = re.findall(
        r"^\| `(?:MUSCOPE_)?([A-Z_]+)` \| .*? \| (.*) \|$", text_of(ROOT / "README.md"), re.MULTILINE
    )
    said = {name: catalogue("en")[f"setting.{name}"] for name in Settings.model_fields}

    assert {name.lower(): meaning for name, meaning in rows if name.lower() in said} == said


def test_the_default_limits_of_the_verdict_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text_of(DOCS / "science.md"), re.MULTILINE)

    assert {name: float(value) for name, value in rows} == Thresholds().model_dump()
    assert f"Rule version {RULE_VERSION};" in text_of(DOCS / "science.md")


def test_every_measure_of_the_verdict_has_its_formula_in_the_glossary():
    sources = (text_of(path) for path in (ROOT / "backend").rglob("*.py"))
    named = {name for source in sources for name in re.findall(r"\bM[1-9]\d?s?\b", source)}

    assert named >= {"M1", "M2s", "M8"}
    assert named == set(re.findall(r"^\| (M\d+s?) \|", text_of(DOCS / "glossary.md"), re.MULTILINE))


def test_names_of_the_glossary_are_names_of_the_code():
    """The fourth column of the tables of words; a dotted name stands for its last part."""
    words = text_of(DOCS / "glossary.md").split("\n## Measures")[0]
    named = {
        name.rsplit(".", 1)[-1]
        for row in re.findall(r"^\| .*\|$", words, re.MULTILINE)
        for name in re.findall(r"`([\w.]+)`", row.split(" | ")[3])
    }
    sources = "\n".join(
        text_of(path) for folder in ("backend", "worker") for path in (ROOT / folder).rglob("*.py")
    )
    known = set(re.findall(r"\w+", sources))

    assert len(named) > 80
    assert named - known == set()


def test_every_import_contract_is_in_the_architecture_and_no_other():
    contracts = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    section = text_of(DOCS / "architecture.md").split("\n## 5. ")[1].split("\n## 6. ")[0]
    rows = re.findall(r"^\| (.+?) \| .*\|$", section, re.MULTILINE)

    assert set(rows) - {"contract", "---"} == {contract["name"] for contract in contracts}


def test_every_decision_is_numbered_once_and_names_what_enforces_it():
    decisions = sorted((DOCS / "decisions").glob("0*.md"))
    found = [path.name[:4] for path in decisions]

    assert len(set(found)) == len(found)
    assert all("**Enforced by.**" in text_of(path) for path in decisions)


def test_decisions_named_in_the_code_exist():
    existing = {path.name[:4] for path in (DOCS / "decisions").glob("0*.md")}
    sources = [text_of(ROOT / name) for name in tracked() if name.endswith((*CODE, ".md"))]
    named = {
        number for source in sources for number in re.findall(r"(?:ADR |docs/decisions/)(\d{4})\b", source)
    }

    assert named - existing == set()
