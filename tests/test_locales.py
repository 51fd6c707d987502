"""The catalogue: both languages complete, every error with a sentence, the files in order."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from muscope.backend import errors
from muscope.backend.catalogue import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("backend/**/*.py"), *ROOT.glob("worker/**/*.py")])
ERRORS = {
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
}


def read(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads(path_of(language).read_text(encoding="utf-8"))
    return texts


def path_of(language: str) -> Path:
    return ROOT / "frontend" / "locales" / f"{language}.json"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def error_calls() -> Iterator[tuple[str, set[str], str]]:
    """Yield code, parameter names and place of every error that names its code as a literal."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ERRORS and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    names = {keyword.arg or "**" for keyword in node.keywords}
                    yield code.value, names, f"{path.relative_to(ROOT)}:{node.lineno}"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_both_languages_have_the_same_keys():
    english, japanese = (set(read(language)) for language in LANGUAGES)

    assert english - japanese == set(), "these have no Japanese text"
    assert japanese - english == set(), "these have no English text"


# A call of Python that the user is to write.
CODE = re.compile(r"[a-z_.]+\([^()]*\)")
# Their colon is part of what the user is to write.
WRITTEN_BY_USERS = ("validation.scenario_", "error.address_unusable", "error.dataset.unknown_split")
JAPANESE = "\u3040-\u30ff\u4e00-\u9fff"


def test_japanese_has_its_own_brackets_and_colons():
    texts = {key: CODE.sub("", text) for key, text in read("ja").items() if re.search(f"[{JAPANESE}]", text)}
    brackets = [key for key, text in texts.items() if re.search(r"[()]", text)]
    colons = [
        key
        for key, text in texts.items()
        if re.search(rf"[{JAPANESE}}}）」]\s?:|:\s?[{JAPANESE}]", text)
        and not key.startswith(WRITTEN_BY_USERS)
    ]

    assert brackets == [], "write （ and ）"
    assert colons == [], "write ："


def test_both_languages_have_the_same_placeholders():
    english, japanese = (read(language) for language in LANGUAGES)
    shared = english.keys() & japanese.keys()

    assert {key for key in shared if placeholders(english[key]) != placeholders(japanese[key])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_plain_names(language):
    names = {key: placeholders(text) for key, text in read(language).items()}

    assert {
        key: found for key, found in names.items() if not all(name.isidentifier() for name in found)
    } == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language):
    assert {key for key, text in read(language).items() if not text.strip()} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_is_sorted_and_formatted(language):
    written = path_of(language).read_text(encoding="utf-8")

    ordered = json.dumps(json.loads(written), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    assert written == ordered, "write it with json.dumps(ensure_ascii=False, indent=2, sort_keys=True)"


def test_every_error_has_a_sentence():
    english = read("en")

    assert {
        f"{code} at {place}" for code, _, place in error_calls() if f"error.{code}" not in english
    } == set()


def test_every_error_fills_the_placeholders_of_its_sentence():
    english = read("en")
    wanting = {
        f"{code} at {place}: {missing}"
        for code, names, place in error_calls()
        if "**" not in names and (missing := placeholders(english.get(f"error.{code}", "")) - names)
    }

    assert wanting == set()


def test_every_method_of_an_interval_has_a_name():
    texts = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("backend/analysis/**/*.py"))
    methods = re.findall(r'^(?:METHOD|PREDICTION) = "(\w+)"$', texts, re.MULTILINE)

    assert "student_t" in methods
    assert {method for method in methods if f"ui.interval.{method}" not in read("en")} == set()
