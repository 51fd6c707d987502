"""Names that lead out of a folder, put where a request names something."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from benchmarks.report import RowResult
from benchmarks.rows.security.attempts import concrete, operations, send
from benchmarks.stack import Stack, running

CANARY = "canary-of-a-file-that-nobody-may-read"
STEPS = (
    "../",
    "..\\",
    "%2e%2e/",
    "..%2f",
    "....//",
    "..;/",
    "..%c0%af",
    "%252e%252e%252f",
    "/",
    "//",
    "\\\\",
)
TARGETS = (
    "outside.txt",
    "outside.txt%00",
    "data/",
    "etc/passwd",
    "data/muscope.db",
    "outside.txt\x00.csv",
    "proc/self/environ",
)
DEPTHS = (1, 3, 8)
EVIDENCE = (CANARY, "root:x:0:0", "SQLite format 3", "MUSCOPE_DATA=")
UNMOUNTED = ("/", "/static/", "/docs/", "/docs/en/", "/api/v1/")


def traversal() -> RowResult:
    """Each payload × each parameter of a path, each text of a query, each served folder, each name."""
    with TemporaryDirectory() as folder:
        outside = Path(folder) / "outside.txt"
        outside.write_text(CANARY, encoding="utf-8")
        with running(Path(folder) / "data") as stack:
            return _result(stack, Path(folder))


def payloads() -> list[str]:
    """List the names that are tried."""
    return [step * depth + target for step, depth, target in product(STEPS, DEPTHS, TARGETS)]


def _result(stack: Stack, folder: Path) -> RowResult:
    before = _outside(folder)
    tried, found = Counter[str](), []
    for place, method, address in _requests(stack):
        tried[place] += 1
        answer = send(stack, method, address)
        if answer.status_code >= 500 or any(words in answer.text for words in EVIDENCE):
            found.append(f"{method} {address[:120]}: {answer.status_code}")
    for name in payloads():
        tried["name of a file"] += 1
        answer = stack.upload(name, f"a,b\n{CANARY[:6]},1\n".encode())
        if answer.status_code >= 500:
            found.append(f"upload {name[:60]!r}: {answer.status_code}")
    left = sorted(_outside(folder) - before)
    table = [["place", "requests"], *([place, str(count)] for place, count in tried.items())]
    notes = [f"{len(payloads())} payloads.", *found[:20], *(f"written outside: {name}" for name in left)]
    value = f"{len(found) + len(left)}_of_{tried.total()}"
    return RowResult(value, "0", bool(tried) and not found and not left, table, notes)


def _requests(stack: Stack) -> list[tuple[str, str, str]]:
    requests = [
        ("folder", "get", base + quote(name, safe="/.\\;%")) for base, name in product(UNMOUNTED, payloads())
    ]
    for method, path, definition in operations(stack):
        if "{" in path:
            requests += [("path", method, concrete(path, name)) for name in payloads()[::5]]
        for parameter in definition.get("parameters", []):
            if parameter["in"] == "query" and method == "get":
                query = parameter["name"]
                requests += [
                    ("query", method, f"{concrete(path)}?{query}={quote(name)}") for name in payloads()[::5]
                ]
    return requests


def _outside(folder: Path) -> set[str]:
    """List what lies beside the data folder."""
    return {path.name for path in folder.iterdir()}
