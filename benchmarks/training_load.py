"""Training of a running stack, seen from outside: processor time of its children, moments of commits."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.stack import POLL_SECONDS, Stack

CHILD = b"muscope.worker.child"
_TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.02
WAIT_SECONDS = 120.0
# Hours of work: whatever is measured beside it, it does not end meanwhile.
LONG_PLAN: dict[str, Any] = {
    "widths": [32, 64, 128],
    "seeds": list(range(10)),
    "num_steps": 20_000,
    "protocol": "full",
}


def begin_training(stack: Stack) -> str:
    """Start an experiment that keeps every worker busy, and wait until all of them train."""
    dataset = stack.post("/examples/digits/dataset")["id"]
    created = stack.post("/experiments", json={"dataset_id": dataset, "name": "long", **LONG_PLAN})["id"]
    slots = sum(worker["slots"] for worker in stack.get("/workers"))
    give_up = time.monotonic() + WAIT_SECONDS
    while sum(cell["state"] == "running" for cell in stack.get(f"/experiments/{created}/cells")) < slots:
        if time.monotonic() > give_up:
            raise RuntimeError("the workers did not begin to train")
        time.sleep(POLL_SECONDS)
    return str(created)


def training_share(stack: Stack, seconds: float, beside: Callable[[], object] | None = None) -> float:
    """Return the processor time that training gets per second, for `seconds` or as long as `beside` works."""
    before, began = _processor_seconds(stack.pid), time.monotonic()
    if beside is None:
        time.sleep(seconds)
    else:
        beside()
    return (_processor_seconds(stack.pid) - before) / (time.monotonic() - began)


def _processor_seconds(root: int) -> float:
    """Return the processor time of all training children below a process; Linux only."""
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if CHILD in (folder / "cmdline").read_bytes() and _is_below(int(folder.name), root):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def _is_below(pid: int, root: int) -> bool:
    while pid not in (root, 0, 1):
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid == root


class CommitWatch:
    """Thread that notes when a cell's stored steps grow, by looking into the database every 20 ms.

    A context manager; `commits` has the wall-clock time of each growth with the cell and its last step.
    """

    def __init__(self, database: Path, experiment_id: str) -> None:
        self.commits: list[tuple[float, str, int]] = []
        self._database, self._experiment = database, experiment_id.replace("-", "")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> CommitWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        known: dict[str, int] = {}
        asked = "SELECT id, committed_step FROM cell WHERE experiment_id = ?"
        with contextlib.closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            while not self._stop.wait(LOOK_SECONDS):
                rows = connection.execute(asked, (self._experiment,)).fetchall()
                now = time.time()
                for cell, step in rows:
                    if cell in known and step > known[cell]:
                        self.commits.append((now, cell, step))
                    known[cell] = step
