"""House rules that no linter knows. Each one says in its message what to do instead."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for top in ("backend", "worker") for path in ROOT.glob(f"{top}/**/*.py"))
# Programs and helpers beside the product; files of tests have no ceiling.
BESIDE = sorted(
    path
    for top in ("studies", "benchmarks", "scripts", "tests")
    for path in ROOT.glob(f"{top}/**/*.py")
    if not path.name.startswith("test_")
)
# The tests of the studies and of the benchmarks are the only ones that import them.
PROGRAMS = {"studies", "benchmarks"}
TESTS = sorted(path for path in ROOT.glob("tests/**/*.py") if path.relative_to(ROOT).parts[1] not in PROGRAMS)
FILE_CEILING = 350
FUNCTION_CEILING = 40
DOMAIN_IMPORTS = {"muscope", "pydantic", "pydantic_core", "annotated_types", *sys.stdlib_module_names}
# One reads the variables, the other copies all of them for a child process and looks at none.
ENVIRONMENT_READERS = {"backend/settings.py", "backend/child_processes.py"}
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv"}

# A dotted name of a module of ours without `muscope.` in front.
MODULES = {path.stem if path.stem != "__init__" else path.parent.name for path in SOURCES}
OTHER_NAME = re.compile(rf"(?<![\w./])(?:backend|worker)\.(?:{'|'.join(sorted(MODULES))})\b(?!/)")

# What importing a module must not load: (module, packages).
LIGHT_IMPORTS = [
    ("muscope.backend.api.app", ("torch", "muscope.worker")),
    ("muscope.backend.conductor", ("torch", "muscope.worker", "fastapi", "plotly")),
    ("muscope.backend.cli", ("torch", "sqlalchemy", "fastapi", "celery", "plotly", "pydantic", "httpx2")),
    ("muscope.backend.stack.run", ("torch", "sqlalchemy", "fastapi", "celery", "plotly")),
    (
        "muscope.backend.client",
        ("torch", "sqlalchemy", "fastapi", "celery", "plotly", "pydantic", "numpy", "polars"),
    ),
    ("muscope.worker.app", ("torch", "fastapi", "plotly")),
    ("muscope.worker.node.tasks", ("torch", "fastapi", "plotly")),
    ("muscope.worker.node.supervisor", ("torch", "fastapi", "plotly")),
]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module", autouse=True)
def _parsed_once() -> Iterator[None]:
    """Keep what was parsed until the last test of this file, out of sight of the garbage collector.

    A million nodes without a cycle: looking for one again and again takes two thirds of the time to parse.
    """
    gc.disable()
    yield
    nodes.cache_clear()
    gc.enable()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """List the nodes of the product's sources that a rule is about, each with the name of its file."""
    kinds = ast.Call | ast.Attribute | ast.Import | ast.ImportFrom
    return [
        (name_of(path), node)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, kinds)
    ]


def test_there_is_one_commit_and_it_is_in_the_session():
    calls = [
        name
        for name, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]

    assert calls == ["backend/db/connection/session.py"], (
        "open a transaction with muscope.backend.db.connection.session instead"
    )


def test_the_environment_is_read_in_the_settings_only():
    readers = {
        name
        for name, node in nodes()
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT_NAMES)
        or (isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & ENVIRONMENT_NAMES)
    }

    assert readers <= ENVIRONMENT_READERS, "add a setting, or pass muscope.backend.child_processes to a child"


def test_the_migrations_folder_does_not_shadow_the_library():
    assert not (ROOT / "alembic" / "__init__.py").exists(), "`import alembic` must find the installed library"


@pytest.mark.parametrize("path", [*SOURCES, *BESIDE], ids=name_of)
def test_files_and_functions_stay_below_their_ceilings(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    functions = (
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {node.name: size_of(node) for node in functions if size_of(node) > FUNCTION_CEILING}

    assert lines <= FILE_CEILING, "one idea per file: split it"
    assert not long, "let a function do one thing: split it"


def size_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines from `def` to its end, without its docstring."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_the_domain_imports_the_standard_library_and_pydantic_only():
    imported = {
        (name, module.split(".")[0])
        for name, node in nodes()
        if name.startswith("backend/domain/")
        for module in imports_of(node)
    }

    assert {(name, package) for name, package in imported if package not in DOMAIN_IMPORTS} == set()


def test_modules_are_named_below_muscope_in_texts_too():
    """A command or a `monkeypatch` with another name would load the module a second time."""
    found = [
        (name_of(path), node.value)
        for path in [*SOURCES, *BESIDE, *TESTS]
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OTHER_NAME.search(node.value)
    ]

    assert found == []


def test_no_test_of_the_product_needs_a_study_or_a_benchmark():
    imported = {
        (name_of(path), module.split(".")[0])
        for path in TESTS
        for node in ast.walk(tree_of(path))
        for module in imports_of(node)
    }

    found = {(name, package) for name, package in imported if package in PROGRAMS}

    assert found == set(), "move the test to tests/studies, or what it needs to where both find it"


def imports_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []


@pytest.mark.parametrize(("module", "packages"), LIGHT_IMPORTS, ids=[module for module, _ in LIGHT_IMPORTS])
def test_an_import_does_not_load_what_its_process_must_not_have(module, packages):
    program = f"import sys, {module}; print(*sorted(set(sys.argv[1:]) & set(sys.modules)))"

    found = subprocess.run(
        (sys.executable, "-c", program, *packages), cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert found.stdout.split() == []


def test_statements_are_made_in_the_database_folder_only():
    """A session is handed on elsewhere; what it is asked stands in `backend/db`."""
    asked = {"get", "get_one", "scalar", "scalars", "execute", "add", "delete", "flush", "expire_all"}
    calls = {
        name
        for name, node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in asked
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and ast.unparse(node.func.value).split(".")[-1] in ("session", "_session")
        and not name.startswith("backend/db/")
    }

    assert calls == set(), "write a function in backend/db instead"
