"""Fault laboratory: a stack that is disturbed while it trains, and the canonical export as its judge."""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.stack import Stack

# Long enough to be hit in the middle, short enough to be computed dozens of times.
GRID = {
    "recipe": "paper",
    "widths": [32, 64],
    "seeds": [0, 1, 2],
    "arms": [{"parametrization": "mup"}, {"parametrization": "ntp"}],
    "num_steps": 240,
    "measure_every": 20,
}
OPEN_STATES = {"queued", "running"}
GIVE_UP_SECONDS, POLL_SECONDS = 600.0, 0.25
SEED = 1


def num_faults(default: int) -> int:
    """Return how many faults a row is to try: FAULTS in the environment, or the number of its goal."""
    return int(os.environ.get("FAULTS") or default)


def first_fault() -> int:
    """Return the place of the first fault in the row's whole series: FIRST in the environment, or 0.

    A row of many faults can so be run in pieces, each with the victims and moments it has in the whole.
    """
    return int(os.environ.get("FIRST") or 0)


@dataclass(frozen=True)
class Outcome:
    """End of an experiment that was disturbed.

    Attributes:
        sha256: of its canonical export; empty where it did not complete.
        silent_seconds: from the fault to the first new step; None where none came after it.
    """

    fault: str
    sha256: str
    silent_seconds: float | None


class Lab:
    """Running stack with a dataset, and the export of an experiment that nobody touched."""

    def __init__(self, stack: Stack, data: Path) -> None:
        self.stack = stack
        self.data = data
        self.random = random.Random(SEED)
        self._dataset_id = self._patiently(lambda: stack.post("/examples/digits/dataset"))["id"]
        began = time.monotonic()
        self.undisturbed = self.outcome("none", lambda: None, at_seconds=0.0).sha256
        self.seconds = time.monotonic() - began

    def moments(self, count: int) -> list[float]:
        """Draw moments, in seconds from the start of an experiment, from `first_fault` on."""
        first = first_fault()
        drawn = [self.random.uniform(0.0, self.seconds) for _ in range(first + count)]
        return drawn[first:]

    def outcome(self, fault: str, disturb: Callable[[], object], *, at_seconds: float) -> Outcome:
        """Run the experiment, disturb it at a moment, and return how it ended."""
        body = {"dataset_id": self._dataset_id, **GRID}
        experiment_id = self._patiently(lambda: self.stack.post("/experiments", json=body))["id"]
        time.sleep(at_seconds)
        disturb()
        hit_at = time.monotonic()
        before, silent = self._steps(experiment_id), None
        while (state := self._state(experiment_id)) in OPEN_STATES:
            if time.monotonic() - hit_at > GIVE_UP_SECONDS:
                return Outcome(fault, "", silent)
            if silent is None and self._steps(experiment_id) > before:
                silent = time.monotonic() - hit_at
            time.sleep(POLL_SECONDS)
        if state != "completed":
            return Outcome(fault, "", silent)
        path = f"/experiments/{experiment_id}/export/sha256"
        return Outcome(fault, self._patiently(lambda: self.stack.get(path))["sha256"], silent)

    def services(self) -> dict[str, int]:
        """Return the process id of each service."""
        pids: dict[str, int] = json.loads((self.data / "stack.json").read_text())["children"]
        return pids

    def training_children(self) -> list[psutil.Process]:
        """List the processes that train."""
        return [each for each in self._below_worker() if "muscope.worker.child" in command_line(each)]

    def pools(self) -> list[psutil.Process]:
        """List the supervisors of the worker node."""
        return [each for each in self._below_worker() if "celery" in command_line(each)]

    def _below_worker(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for pid in (pid for name, pid in self.services().items() if name.startswith("worker")):
            with contextlib.suppress(psutil.NoSuchProcess):
                found += psutil.Process(pid).children(recursive=True)
        return found

    def _state(self, experiment_id: str) -> str:
        return str(self._patiently(lambda: self.stack.get(f"/experiments/{experiment_id}"))["state"])

    def _steps(self, experiment_id: str) -> int:
        cells = self._patiently(lambda: self.stack.get(f"/experiments/{experiment_id}/cells"))
        return sum(cell["committed_step"] + 1 for cell in cells)

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask until the web process answers: it may be the one that was killed."""
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                return ask()
            except httpx.HTTPError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(POLL_SECONDS)


def command_line(process: psutil.Process) -> list[str]:
    """Return the words of a process's command; none of one that has ended."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        arguments: list[str] = process.cmdline()
        return arguments
    return []
