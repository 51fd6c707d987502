"""Eight hours of use at a faster pace: small experiments that several users create, watch and delete."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import OPEN_STATES, command_line
from benchmarks.stack import Stack, running
from muscope.backend.settings import Settings
from muscope.backend.stack.process_logs import ROTATE_BYTES

GOAL_HOURS, GOAL_EXPERIMENTS, GOAL_DRIFT = 8.0, 480, 0.05
NUM_USERS, SAMPLE_SECONDS, ANSWER_SECONDS = 4, 5.0, 120.0
# Rounds and heartbeats come so much more often: eight hours of them take half an hour.
PACE = 16.0
PACED = ("conductor_seconds", "heartbeat_seconds")
# Caches fill and code is loaded in the first part, of which nothing is judged.
WARM_UP_SHARE, THIRD = 0.25, 3
# A file that is no larger at the end than this has not grown, whatever its share.
SMALL_FILE_BYTES = 1 << 20
# Each service's log and the one set aside grow to their bound and no further.
BOUNDS = {"logs": 4 * 2 * ROTATE_BYTES}
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
    """Memory and files of the stack at one moment.

    Attributes:
        hours: of simulated time since the start.
        memory: bytes that a process alone has written, by kind of process; the mean of those of one kind.
        files: bytes on disk, by group of files.
    """

    hours: float
    memory: dict[str, float]
    files: dict[str, int]


def soak() -> RowResult:
    """Use the stack for eight hours of its own time, or for MINUTES of the environment, at PACE.

    The conductor's rounds and the heartbeats of cells come PACE times as often as set; what is done once in
    ten seconds or a day keeps its time, and the clocks of the processes are the machine's.
    """
    pace = float(os.environ.get("PACE") or PACE)
    minutes = float(os.environ.get("MINUTES") or 60 * GOAL_HOURS / pace)
    with (
        TemporaryDirectory(prefix="muscope-soak-") as folder,
        running(Path(folder) / "data", **_paced(pace)) as stack,
    ):
        samples, count = _used(stack, minutes, pace)
    return judged(samples, minutes * pace / 60, count)


def _paced(pace: float) -> dict[str, str]:
    defaults = {name: Settings.model_fields[name].default for name in PACED}
    return {f"MUSCOPE_{name.upper()}": f"{value / pace:g}" for name, value in defaults.items()}


def _used(stack: Stack, minutes: float, pace: float) -> tuple[list[Sample], int]:
    """Have the stack used by several people until the time is over; return samples and experiments made."""
    began, stop = time.monotonic(), threading.Event()
    samples = []
    with ThreadPoolExecutor(NUM_USERS) as pool:
        users = [pool.submit(_use, stack, stop) for _ in range(NUM_USERS)]
        try:
            while (passed := (time.monotonic() - began) / 60) < minutes:
                samples.append(Sample(passed * pace / 60, _memory(stack), _files(stack.data)))
                if any(each.done() for each in users):
                    break  # its error is raised below
                time.sleep(SAMPLE_SECONDS)
        finally:
            stop.set()
    return samples, sum(each.result() for each in users)


def judged(samples: Sequence[Sample], hours: float, num_experiments: int) -> RowResult:
    """Compare the first and the last third after the warm-up; met where nothing drifts in the goal's work."""
    warm = samples[int(len(samples) * WARM_UP_SHARE) :]
    third = len(warm) // THIRD
    if not third:
        return RowResult(f"{num_experiments}_experiments", "flat_±5%", is_met=False)
    early, late = warm[:third], warm[-third:]
    between = (warm[-1].hours - warm[0].hours) * (1 - 1 / THIRD)
    table = [["what", "first third", "last third", "drift", "an hour"]]
    drifts, has_grown = {}, []
    for kind in warm[-1].memory:
        before, after = (_median([each.memory.get(kind, 0.0) for each in part]) for part in (early, late))
        drifts[kind] = after / before - 1 if before else float("inf")
        change = (after - before) / between if between else 0.0
        table.append([kind, _mib(before), _mib(after), f"{drifts[kind]:+.1%}", _mib(change)])
    for group in warm[-1].files:
        before, after = (_median([each.files.get(group, 0) for each in part]) for part in (early, late))
        if after > max(before * (1 + GOAL_DRIFT), before + SMALL_FILE_BYTES, BOUNDS.get(group, 0)):
            has_grown.append(group)
        change = (after - before) / between if between else 0.0
        table.append([f"files: {group}", _mib(before), _mib(after), "", _mib(change)])
    worst = max(drifts.values(), key=abs)
    is_flat = abs(worst) <= GOAL_DRIFT and not has_grown
    is_enough = hours >= GOAL_HOURS and num_experiments >= GOAL_EXPERIMENTS
    notes = [
        f"{num_experiments} experiments by {NUM_USERS} users in {hours:g} simulated hours, "
        f"{len(samples)} samples; medians; memory that a process alone has written.",
        f"Files that have grown: {', '.join(has_grown) or 'none'}. Logs count above {_mib(BOUNDS['logs'])}.",
    ]
    value = f"{worst:+.1%},{len(has_grown)}_files,{hours:g}h,{num_experiments}"
    goal = f"±{GOAL_DRIFT:.0%},0_files,{GOAL_HOURS:g}h,{GOAL_EXPERIMENTS}"
    return RowResult(value, goal, is_flat and is_enough, table, notes)


def _use(stack: Stack, stop: threading.Event) -> int:
    """Use the stack as one person over and over; return the number of experiments."""
    count = 0
    with httpx.Client(base_url=f"{stack.url}/api/v1", timeout=ANSWER_SECONDS) as user:
        dataset = _answer(user.post("/examples/digits/dataset"))["id"]
        while not stop.is_set():
            _use_once(user, dataset)
            count += 1
    return count


def _use_once(user: httpx.Client, dataset: str) -> None:
    """Create an experiment, watch it to its end, look at its answer and its figures, and delete it."""
    created = _answer(user.post("/experiments", json={"dataset_id": dataset, **PLAN}))["id"]
    _watch(user, created)
    for page in ("", "/verdict", "/cells", "/runs", "/export/sha256"):
        _answer(user.get(f"/experiments/{created}{page}"))
    user.get(f"/experiments/{created}/figures/lr_loss")  # so few runs may have no figure
    user.delete(f"/experiments/{created}").raise_for_status()


def _watch(user: httpx.Client, experiment: str) -> None:
    """Follow the stream of an experiment until it says that the experiment has ended."""
    with user.stream("GET", f"/experiments/{experiment}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data:") and json.loads(line[5:]).get("state", "running") not in OPEN_STATES:
                return


def _answer(reply: httpx.Response) -> dict[str, str]:
    answer: dict[str, str] = reply.raise_for_status().json()
    return answer


def _memory(stack: Stack) -> dict[str, float]:
    """Return the bytes that every kind of process of the stack has written."""
    found: dict[str, list[float]] = {}
    for process in psutil.Process(stack.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            kind, written = _kind(command_line(process)), _written_bytes(process.pid)
            found.setdefault(kind, []).append(written)  # of none that ended meanwhile
    return {kind: statistics.fmean(values) for kind, values in sorted(found.items())}


def _written_bytes(pid: int) -> int:
    """Return the bytes that a process shares with no other and has written.

    Pages of a program's file count as unshared as soon as a neighbour that runs the same program has ended.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:")), 0)


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
