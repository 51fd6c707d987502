"""Other sites, other hosts and other origins: nothing of theirs gets in, and every answer has its headers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import RowResult
from benchmarks.rows.security.attempts import UNSAFE, concrete, operations, send, stored
from benchmarks.stack import Stack, running

FOREIGN = "https://evil.example"
HOSTS = (
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:8000",
    "localhost@evil.example",
    "[::2]",
    "0.0.0.0.evil.example",
)
CROSS_SITE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": FOREIGN},
    {"Sec-Fetch-Site": "same-origin", "Origin": FOREIGN},
    {"Sec-Fetch-Site": "none", "Origin": FOREIGN},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Origin": FOREIGN},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "file://"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://127.0.0.1.evil.example"},
)
TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
REFUSED = (400, 403)


def gate() -> RowResult:
    """Every operation × foreign host, foreign site and foreign origin."""
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack:
        return _result(stack)


def _result(stack: Stack) -> RowResult:
    before, faults, tried = stored(stack), Counter[str](), Counter[str]()
    for method, path, definition in operations(stack):
        address = concrete(path)
        for kind, headers in _attempts(method):
            tried[kind] += 1
            answer = send(stack, method, address, headers=headers)
            faults[kind] += answer.status_code not in REFUSED
        tried["headers"] += 1
        answer = send(stack, method, address, headers={"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site"})
        faults["headers"] += not all(
            words in answer.headers.get(name, "") for name, words in HEADERS.items()
        ) or any(name.startswith("access-control-") for name in answer.headers)
        if method in UNSAFE and "application/json" in definition.get("requestBody", {}).get("content", {}):
            for given in TYPES:
                tried["type"] += 1
                headers = {"Content-Type": given, "Origin": FOREIGN}
                answer = send(stack, method, address, headers=headers, content=b"{}")
                faults["type"] += answer.status_code < REFUSED[0]
    table = [["attempt", "tried", "not refused"]]
    table += [[kind, str(count), str(faults[kind])] for kind, count in tried.items()]
    is_same = stored(stack) == before
    notes = [f"What is stored is {'as before' if is_same else 'CHANGED'}."]
    value = f"{faults.total()}_of_{tried.total()}"
    return RowResult(value, "0", bool(tried) and not faults.total() and is_same, table, notes)


def _attempts(method: str) -> list[tuple[str, dict[str, str]]]:
    hosts = [("host", {"Host": host}) for host in HOSTS]
    return hosts + ([("site", dict(headers)) for headers in CROSS_SITE] if method in UNSAFE else [])
