"""Clients that send slowly, for ever, or far too much, while others ask whether the server lives."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from benchmarks.report import RowResult
from benchmarks.stack import Stack, running

GOAL_P95, NUM_SLOW, CLOSED_WITHIN = 0.5, 500, 60.0
GIBI = 1 << 30
REFUSALS = frozenset({"closed", "400", "404", "408", "411", "413", "414", "415", "416", "422", "431"})
# A server may answer with the whole file instead of many ranges.
TAKEN = {"10,000 ranges": frozenset({"200"})}
JSON = b"Content-Type: application/json\r\n"


def slow_clients() -> RowResult:
    """Five hundred heads that never end, then bodies and heads of absurd sizes; `/healthz` throughout."""
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack:
        health: list[float] = []
        has_ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(stack, health, has_ended))
        watcher.start()
        try:
            left = _heads_without_end(stack)
            table = [["attack", "answer"], *([name, attack(stack)] for name, attack in ATTACKS.items())]
        finally:
            has_ended.set()
            watcher.join()
        return judged(left, table, health)


def judged(left: int, table: list[list[str]], health: list[float]) -> RowResult:
    """Return the row's result: slow connections closed, every attack refused, health quick throughout."""
    p95 = sorted(health)[int(0.95 * (len(health) - 1))] if health else float("inf")
    wrong = [name for name, answer in table[1:] if answer not in REFUSALS | TAKEN.get(name, frozenset())]
    value = f"{left}_left,{len(wrong)}_wrong,{p95:.2f}s"
    notes = [
        f"{NUM_SLOW} connections that send a head byte by byte: {left} still open after "
        f"{CLOSED_WITHIN:.0f} s. "
        f"{len(health)} looks at `/healthz`: p95 {p95:.2f} s, longest {max(health, default=0.0):.2f} s."
    ]
    is_met = left == 0 and not wrong and bool(health) and p95 <= GOAL_P95
    return RowResult(value, f"0_left,0_wrong,{GOAL_P95}s", is_met, table, notes)


def _watch(stack: Stack, health: list[float], has_ended: threading.Event) -> None:
    while not has_ended.wait(0.2):
        before = time.monotonic()
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{stack.url}/healthz", timeout=60).raise_for_status()
        health.append(time.monotonic() - before)


def _connect(stack: Stack) -> socket.socket:
    place = urlsplit(stack.url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=30)


def _heads_without_end(stack: Stack) -> int:
    """Open the connections, send a byte to each every few seconds, and return how many are still open."""
    connections = [_connect(stack) for _ in range(NUM_SLOW)]
    for each in connections:
        each.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        each.setblocking(False)
    give_up = time.monotonic() + CLOSED_WITHIN
    while connections and time.monotonic() < give_up:
        time.sleep(5)
        connections = [each for each in connections if _is_open(each)]
    for each in connections:
        each.close()
    return len(connections)


def _is_open(connection: socket.socket) -> bool:
    try:
        connection.send(b"x")
        return connection.recv(1000) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _answer(stack: Stack, *pieces: bytes) -> str:
    """Send pieces on a connection of their own; return the status of the answer, or that it was closed."""
    with _connect(stack) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # the server has answered or closed before it took everything
        try:
            first = connection.recv(12)
        except TimeoutError:
            return "silence"
        except OSError:
            return "closed"
        return first[9:12].decode() if first else "closed"


def _post(body: bytes, length: int | None = None) -> bytes:
    head = b"POST /api/v1/experiments HTTP/1.1\r\nHost: 127.0.0.1\r\n" + JSON
    return head + f"Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def _endless_chunks(stack: Stack) -> str:
    head = b"POST /api/v1/experiments HTTP/1.1\r\nHost: 127.0.0.1\r\n" + JSON
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    return _answer(stack, head + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 64))


def _get(rest: bytes) -> bytes:
    return b"GET " + rest + b"\r\nHost: 127.0.0.1\r\n\r\n"


ATTACKS: dict[str, Callable[[Stack], str]] = {
    "a length of 10 GiB": lambda stack: _answer(stack, _post(b"{}", 10 * GIBI)),
    "chunks without end": _endless_chunks,
    "100,000 fields of a query": lambda stack: _answer(
        stack,
        _get(b"/api/v1/datasets?" + b"&".join(b"a%d=1" % each for each in range(100_000)) + b" HTTP/1.1"),
    ),
    "10,000 ranges": lambda stack: _answer(
        stack,
        b"GET /static/css/base.css HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes="
        + b",".join(b"%d-%d" % (each, each) for each in range(10_000))
        + b"\r\n\r\n",
    ),
    "JSON 10,000 deep": lambda stack: _answer(stack, _post(b"[" * 10_000 + b"]" * 10_000)),
    "a number of 100,000 digits": lambda stack: _answer(stack, _post(b'{"seeds": ' + b"9" * 100_000 + b"}")),
    "a head of 1 MiB": lambda stack: _answer(stack, _get(b"/healthz HTTP/1.1\r\nX: " + b"a" * (1 << 20))),
}
