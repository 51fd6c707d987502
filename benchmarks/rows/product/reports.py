"""Time from asking for a report to having it, of an ended experiment, as HTML and as PDF."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.report import RowResult
from benchmarks.stack import POLL_SECONDS, Stack, running

GOAL_SECONDS, MOST_BYTES = 5.0, 6_000_000
ROUNDS = 5
# An experiment as *Standard* plans one, short enough to wait for.
PLAN = {
    "widths": [8, 16, 32, 64],
    "lrs": [2.0**power for power in range(-8, 0)],
    "seeds": [0, 1, 2, 3, 4],
    "num_steps": 200,
    "scenarios": ["as_given", "label_noise:0.5"],
}


def report() -> RowResult:
    """Measure reports that were never built before; another zone is another report."""
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack:
        experiment = _ended(stack)
        table = [["language", "format", "first, s", "median, s", "longest, s", "kB"]]
        longest, largest = 0.0, 0
        for language in ("en", "ja"):
            for form in ("html", "pdf"):
                turns = [_turn(stack, experiment, language, form, index) for index in range(ROUNDS)]
                seconds, size = [turn[0] for turn in turns], max(turn[1] for turn in turns)
                longest, largest = max(longest, *seconds), max(largest, size)
                shown = (seconds[0], statistics.median(seconds), max(seconds))
                table.append([language, form, *(f"{each:.2f}" for each in shown), f"{size / 1000:.0f}"])
    notes = ["The very first request of the server loads Plotly and the fonts."]
    is_met = longest <= GOAL_SECONDS and largest <= MOST_BYTES
    return RowResult(f"{longest:.1f}s,{largest / 1e6:.2f}MB", f"{GOAL_SECONDS:g}s,6MB", is_met, table, notes)


def _ended(stack: Stack) -> str:
    dataset = stack.post("/examples/friedman/dataset")["id"]
    experiment: dict[str, Any] = stack.post(
        "/experiments", json={"dataset_id": dataset, "name": "bench", **PLAN}
    )
    while experiment["state"] in ("queued", "running"):
        time.sleep(POLL_SECONDS)
        experiment = stack.get(f"/experiments/{experiment['id']}")
    return str(experiment["id"])


def _turn(stack: Stack, experiment: str, language: str, form: str, index: int) -> tuple[float, int]:
    """Return the seconds and the bytes of one report."""
    params: dict[str, str | int] = {"language": language, "format": form, "utc_offset_minutes": index}
    started = time.monotonic()
    reply = httpx.get(f"{stack.url}/api/v1/experiments/{experiment}/report", params=params, timeout=60)
    reply.raise_for_status()
    return time.monotonic() - started, len(reply.content)
