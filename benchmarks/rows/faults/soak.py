"""Hours of use as small experiments: created, trained, looked at and deleted, one after the other."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import OPEN_STATES, POLL_SECONDS, command_line
from benchmarks.stack import Stack, running

GOAL_MINUTES, GOAL_DRIFT = 480.0, 0.05
# Caches fill and code is loaded in the first part, of which nothing is judged.
WARM_UP_SHARE, THIRD = 0.25, 3
# A file that is no larger at the end than this has not grown, whatever its share.
SMALL_FILE_BYTES = 1 << 20
PLAN = {
    "recipe": "paper",
    "widths": [16, 32],
    "seeds": [0, 1],
    "arms": [{"parametrization": "mup", "lrs": [0.25, 0.5]}],
    "num_steps": 40,
    "measure_every": 20,
}


@dataclass(frozen=True)
class Sample:
    """Memory and files of the stack at one moment, between two experiments.

    Attributes:
        minutes: since the start.
        memory: bytes that no other process shares, by kind of process; the mean of those of one kind.
        files: bytes on disk, by group of files.
    """

    minutes: float
    memory: dict[str, float]
    files: dict[str, int]


def soak() -> RowResult:
    """Use the stack for MINUTES of the environment, or the eight hours of the goal."""
    minutes = float(os.environ.get("MINUTES") or GOAL_MINUTES)
    with TemporaryDirectory(prefix="muscope-soak-") as folder, running(Path(folder) / "data") as stack:
        lab = _Use(stack)
        samples: list[Sample] = []
        began = time.monotonic()
        while (passed := (time.monotonic() - began) / 60) < minutes:
            lab.once()
            samples.append(Sample(passed, _memory(stack), _files(stack.data)))
    return judged(samples, minutes)


def judged(samples: Sequence[Sample], minutes: float) -> RowResult:
    """Compare the first and the last third after the warm-up; met where nothing drifts in the goal's time."""
    warm = samples[int(len(samples) * WARM_UP_SHARE) :]
    third = len(warm) // THIRD
    if not third:
        return RowResult("0_experiments", "flat_±5%", is_met=False)
    early, late = warm[:third], warm[-third:]
    hours = (warm[-1].minutes - warm[0].minutes) * (1 - 1 / THIRD) / 60
    table = [["what", "first third", "last third", "drift", "an hour"]]
    drifts, has_grown = {}, []
    for kind in warm[-1].memory:
        before, after = (_median([each.memory.get(kind, 0.0) for each in part]) for part in (early, late))
        drifts[kind] = after / before - 1 if before else float("inf")
        change = (after - before) / hours if hours else 0.0
        table.append([kind, _mib(before), _mib(after), f"{drifts[kind]:+.1%}", _mib(change)])
    for group in warm[-1].files:
        before, after = (_median([each.files.get(group, 0) for each in part]) for part in (early, late))
        if after > max(before * (1 + GOAL_DRIFT), before + SMALL_FILE_BYTES):
            has_grown.append(group)
        table.append([f"files: {group}", _mib(before), _mib(after), "", _mib((after - before) / hours)])
    worst = max(drifts.values(), key=abs)
    is_flat = abs(worst) <= GOAL_DRIFT and not has_grown
    notes = [
        f"{len(samples)} experiments in {minutes:g} minutes; medians; memory that no other process shares.",
        f"Files that have grown: {', '.join(has_grown) or 'none'}. Logs are set aside at their bound.",
    ]
    value = f"{worst:+.1%},{len(has_grown)}_files,{minutes:g}min"
    return RowResult(
        value, f"±5%,0_files,{GOAL_MINUTES:g}min", is_flat and minutes >= GOAL_MINUTES, table, notes
    )


class _Use:
    """Use of the stack by one person, over and over."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._dataset = stack.post("/examples/digits/dataset")["id"]

    def once(self) -> None:
        """Create an experiment, wait for its end, look at its answer and its figures, and delete it."""
        created = self._stack.post("/experiments", json={"dataset_id": self._dataset, **PLAN})["id"]
        while self._stack.get(f"/experiments/{created}")["state"] in OPEN_STATES:
            time.sleep(POLL_SECONDS)
        for page in ("", "/verdict", "/cells", "/runs", "/export/sha256"):
            self._stack.get(f"/experiments/{created}{page}")
        with contextlib.suppress(httpx.HTTPStatusError):  # so few runs may have no figure
            self._stack.get(f"/experiments/{created}/figures/lr_loss")
        self._stack.delete(f"/experiments/{created}")


def _memory(stack: Stack) -> dict[str, float]:
    """Return the unshared bytes of every kind of process of the stack."""
    found: dict[str, list[float]] = {}
    for process in psutil.Process(stack.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            kind = _kind(command_line(process))
            found.setdefault(kind, []).append(process.memory_full_info().uss)
    return {kind: statistics.fmean(values) for kind, values in sorted(found.items())}


def _kind(words: Sequence[str]) -> str:
    line = " ".join(words)
    kinds = {
        "muscope.worker.child": "training child",
        "celery": "node and supervisors",
        "uvicorn": "web",
        "conductor": "conductor",
        "valkey-server": "broker",
    }
    return next((kind for part, kind in kinds.items() if part in line), "others")


def _files(data: Path) -> dict[str, int]:
    """Return the bytes of the database, of its log, and of each folder of the data folder."""
    sizes = {"database": 0, "write-ahead log": 0}
    names = {"muscope.db": "database", "muscope.db-wal": "write-ahead log"}
    for path in data.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                first = path.relative_to(data).parts[0]
                group = names.get(first, "others" if path.parent == data else first)
                sizes[group] = sizes.get(group, 0) + path.stat().st_size
    return sizes


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def _mib(size: float) -> str:
    return f"{size / 2**20:.2f} MiB"
