"""Docstrings begin with a noun or a verb, as in PyTorch's and scikit-learn's documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Folders whose docstrings are held to the rule; a folder below one of them is included.
FOLDERS = (
    "backend/api",
    "backend/db",
    "backend/figures",
    "backend/ingest",
    "backend/stack",
    "scripts",
)
LOOSE_FILES = "backend/*.py"
# A relative clause ("What places come to ...") names neither what a thing is nor what it does.
RELATIVE = re.compile(r"(What|How|Which|Whether|Where|When|Who|Whose|Why|So)\b")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted([*inside, *ROOT.glob(LOOSE_FILES)])


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of a module and of everything documented in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "the module"), text


def relative_beginnings(source: str) -> list[str]:
    return [f"{name}: {text.splitlines()[0]}" for name, text in docstrings(source) if RELATIVE.match(text)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_docstring_begins_with_a_relative_clause(path):
    found = relative_beginnings(path.read_text(encoding="utf-8"))

    assert found == [], "begin with what it is (a noun) or what it does (a verb)"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_that_is_held_to_the_rule_has_docstrings(folder):
    paths = [path for path in sources() if path.is_relative_to(ROOT / folder)]

    assert any(list(docstrings(path.read_text(encoding="utf-8"))) for path in paths)


def test_the_rule_finds_modules_classes_and_functions_that_break_it():
    source = '''"""How it looks."""
class A:
    """What is kept."""
    async def b(self):
        """So many of them."""
    def c(self):
        """Whatever begins like one of the words, without being it."""
'''

    assert relative_beginnings(source) == [
        "the module: How it looks.",
        "A: What is kept.",
        "b: So many of them.",
    ]
