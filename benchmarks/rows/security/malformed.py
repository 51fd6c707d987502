"""Malformed requests to every operation of the API, made from its own description."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import RowResult
from benchmarks.stack import running

GOAL_REQUESTS, GOAL_SECONDS = 10_000, 5.0
GIVE_UP_SECONDS = 60.0
NUM_ROUNDS = 8
SERVER_ERROR = 500


@dataclass(frozen=True)
class Reply:
    """Operation that was asked, status of the answer (0: none came) and seconds until it was there."""

    operation: str
    status: int
    seconds: float


def malformed() -> RowResult:
    """At least 10,000 requests in all, or REQUESTS of the environment, spread evenly over the operations.

    PART of the environment, such as 2/8, asks every eighth operation from the second on: a piece of a run.
    """
    wanted = int(os.environ.get("REQUESTS") or GOAL_REQUESTS)
    number, of = (int(each) for each in (os.environ.get("PART") or "1/1").split("/"))
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack:
        return judged(list(replies(stack.url, wanted, slice(number - 1, None, of))))


def judged(replies_: Iterable[Reply]) -> RowResult:
    """Return the row's result: enough requests, no server error, none unanswered, none slow."""
    replies_ = list(replies_)
    broken = Counter(
        reply.operation for reply in replies_ if reply.status >= SERVER_ERROR or reply.status == 0
    )
    slow = Counter(reply.operation for reply in replies_ if reply.seconds > GOAL_SECONDS)
    longest = max((reply.seconds for reply in replies_), default=0.0)
    table = [["operation", "requests", "5xx or unanswered", f"over {GOAL_SECONDS:.0f} s"]]
    asked = Counter(reply.operation for reply in replies_)
    table += [[name, str(count), str(broken[name]), str(slow[name])] for name, count in sorted(asked.items())]
    statuses = Counter(reply.status for reply in replies_)
    notes = [
        "Statuses: " + ", ".join(f"{status} × {count}" for status, count in sorted(statuses.items())) + "."
    ]
    value = f"{len(replies_)},{broken.total()}_5xx,{longest:.1f}s"
    is_met = len(replies_) >= GOAL_REQUESTS and not broken and not slow
    return RowResult(value, f"{GOAL_REQUESTS},0_5xx,{GOAL_SECONDS:.0f}s", is_met, table, notes)


def replies(url: str, wanted: int, part: slice = slice(None)) -> Iterable[Reply]:
    """Send `wanted` requests or a few more, the same in each run, and yield what came back.

    Args:
        part: of the operations that is asked, each as often as in the whole.
    """
    import httpx
    import schemathesis

    described = httpx.get(f"{url}/api/v1/openapi.json", timeout=GIVE_UP_SECONDS).raise_for_status().json()
    schema: Any = schemathesis.openapi.from_dict(described)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [each for each in operations if not _is_endless(each.definition.raw)]
    each_gets = -(-wanted // len(operations))
    rich, missing = [], 0
    for operation in operations[part]:
        found = _asked(operation, url, each_gets)
        yield from found
        missing += each_gets - len(found)
        if len(found) >= each_gets:
            rich.append(operation)
    # An operation without parameters has few requests; those with many make up for it.
    for operation in rich if missing > 0 else ():
        yield from _asked(operation, url, -(-missing // len(rich)), first_round=NUM_ROUNDS)


def _is_endless(definition: dict[str, Any]) -> bool:
    """Return whether an operation answers with a stream, whose end would be waited for in vain."""
    contents = definition.get("responses", {}).get("200", {}).get("content", {})
    return "text/event-stream" in contents


def _asked(operation: Any, url: str, count: int, *, first_round: int = 0) -> list[Reply]:
    """Send an operation half malformed and half well-formed requests; further rounds vary until `count`.

    Args:
        first_round: rounds are seeded by their number.
    """
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from schemathesis import GenerationMode

    collected: list[Reply] = []
    modes = (GenerationMode.NEGATIVE, GenerationMode.POSITIVE)
    for round_number in range(first_round, first_round + NUM_ROUNDS):
        missing = count - len(collected)
        if missing <= 0:
            break
        mode = modes[round_number % 2]

        @seed(round_number)
        @settings(
            max_examples=max(1, missing if round_number > first_round else -(-missing // 2)),
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            collected.append(_reply(case, url, operation.label))

        _tolerant(send)
    return collected


def _tolerant(send: Any) -> None:
    from hypothesis.errors import Unsatisfiable
    from schemathesis.core.errors import SchemathesisError

    try:
        send()
    except (Unsatisfiable, SchemathesisError):
        return  # an operation without parameters cannot be asked wrongly; the other mode asks it


def _reply(case: Any, url: str, label: str) -> Reply:
    import requests

    start = time.monotonic()
    try:
        status = int(case.call(base_url=url, timeout=GIVE_UP_SECONDS).status_code)
    except (requests.ConnectionError, requests.Timeout):
        status = 0
    except (requests.RequestException, ValueError):
        return Reply(label, -1, 0.0)  # the client's library refused to send it
    return Reply(label, status, time.monotonic() - start)
