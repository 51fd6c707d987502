"""Docstrings, comments and API descriptions begin with a noun or a verb, as in PyTorch's documentation."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The product and its programs. Tests are left out: the name of a test is its sentence.
FOLDERS = ("backend", "worker", "studies", "benchmarks", "scripts")
# A relative clause ("What places come to ...") names neither what a thing is nor what it does.
RELATIVE = re.compile(r"(What|How|Which|Whether|Where|When|Who|Whose|Why|So)\b")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of a module and of everything documented in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "the module"), text


def comments(source: str) -> Iterator[tuple[str, str]]:
    """Yield the line and the text of every comment; of consecutive lines of one comment the first."""
    continued_at = -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line, is_alone = token.start[0], token.line.strip() == token.string
            if not is_alone or line != continued_at:
                yield f"line {line}", token.string.removeprefix("#").strip()
            continued_at = line + 1 if is_alone else -1


def descriptions(source: str) -> Iterator[tuple[str, str]]:
    """Yield the line and the text of every literal `description=`, which the API's documentation shows."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "description"
            and isinstance(node.value, ast.Constant)
        ):
            yield f"line {node.value.lineno}", str(node.value.value)


def relative_beginnings(source: str) -> list[str]:
    prose = [*docstrings(source), *comments(source), *descriptions(source)]
    return [f"{name}: {text.splitlines()[0]}" for name, text in prose if RELATIVE.match(text)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_prose_begins_with_a_relative_clause(path):
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


def test_the_rule_finds_comments_and_descriptions_that_break_it():
    source = """# What is kept.
width = 3  # Why not 4
# Seeds of the plan: a comment may go on
# Where it has to.
field = Field(description="How many there are.")
"""

    assert relative_beginnings(source) == [
        "line 1: What is kept.",
        "line 2: Why not 4",
        "line 5: How many there are.",
    ]
