"""Faults while an experiment trains: its export must equal that of one that nobody touched.

Each row tries as many faults as its goal says, or FAULTS of the environment, with a fixed seed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import SEED, Lab, Outcome, first_fault, num_faults
from benchmarks.rows.faults.production import running_production
from benchmarks.stack import running

GOAL_KILLS, GOAL_BROKER, GOAL_DISK, GOAL_SECONDS = 40, 50, 20, 20.0
DISK_MEBIBYTES, FULL_SECONDS = 256, 8.0
SERVICES = ("broker", "conductor", "worker", "web")
PRODUCTION = ("postgres", "valkey", "storage", "conductor-0", "worker-0", "worker-1", "web")


def kills() -> RowResult:
    """SIGKILL of each kind of process in turn, and of all services at once, at random moments."""
    with _lab() as lab:
        victims: dict[str, Callable[[], object]] = {
            "training child": lambda: _kill(lab.training_children()),
            "supervisor": lambda: _kill(lab.pools()),
            **{name: partial(_kill_services, lab, (name,)) for name in SERVICES},
            "all services": partial(_kill_services, lab, SERVICES),
        }
        outcomes = disturbed_in_turn(lab, victims, GOAL_KILLS)
        return judged(lab.undisturbed, outcomes, GOAL_KILLS, GOAL_SECONDS)


def kills_postgres() -> RowResult:
    """The same where two conductors and two workers share no disk: PostgreSQL, Valkey over TCP, a bucket.

    The services are those of docker-compose.yml as processes of this machine; what ends is started again.
    """
    with TemporaryDirectory(prefix="muscope-") as folder, running_production(Path(folder)) as stack:
        lab = Lab(stack, Path(folder))
        victims: dict[str, Callable[[], object]] = {
            "training children": lambda: _kill(lab.training_children()),
            "supervisors": lambda: _kill(lab.pools()),
            **{name: partial(_kill_services, lab, (name,)) for name in PRODUCTION},
            "all services": lambda: _kill_services(lab, list(lab.services())),
        }
        outcomes = disturbed_in_turn(lab, victims, GOAL_KILLS)
        return judged(lab.undisturbed, outcomes, GOAL_KILLS, GOAL_SECONDS)


def disturbed_in_turn(lab: Lab, faults: dict[str, Callable[[], object]], goal: int) -> list[Outcome]:
    """Try the faults one after the other at random moments, and tell of each as soon as it is over."""
    outcomes: list[Outcome] = []
    count, first, names = num_faults(goal), first_fault(), list(faults)
    for number, at in enumerate(lab.moments(count), start=first):
        name = names[number % len(names)]
        outcomes.append(lab.outcome(name, faults[name], at_seconds=at))
        is_same = outcomes[-1].sha256 == lab.undisturbed
        silent = outcomes[-1].silent_seconds
        print(f"{number}: {name} at {at:.1f} s, identical: {is_same}, new step after {silent} s", flush=True)
    return outcomes


def broker() -> RowResult:
    """Every key of the broker deleted, or the broker killed with all it holds, at random moments."""
    with _lab() as lab:
        faults: dict[str, Callable[[], object]] = {
            "flushed": lambda: _flush(lab),
            "killed": partial(_kill_services, lab, ("broker",)),
        }
        outcomes = disturbed_in_turn(lab, faults, GOAL_BROKER)
        return judged(lab.undisturbed, outcomes, GOAL_BROKER, None)


def disk() -> RowResult:
    """Disk filled to the last byte while an experiment trains, and freed after some seconds.

    Needs the right to mount a small file system in memory.
    """
    with _small_disk() as folder, running(folder / "data") as stack:
        lab = Lab(stack, folder / "data")
        pids = lab.services()
        said: list[str] = []
        outcomes = [
            lab.outcome("full", lambda: said.append(_fill_and_free(lab, folder)), at_seconds=at)
            for at in lab.moments(num_faults(GOAL_DISK))
        ]
        has_stopped = lab.services() != pids
        result = judged(lab.undisturbed, outcomes, GOAL_DISK, None)
    named = sum("full" in code or "room" in code for code in said)
    notes = [*result.notes, f"/readyz named the full disk {named} of {len(said)} times."]
    notes.append(f"Services that ended meanwhile: {'some' if has_stopped else 'none'}.")
    is_met = result.is_met and named == len(said) and not has_stopped
    return RowResult(result.value, result.goal, is_met, result.table, notes)


@contextlib.contextmanager
def _lab() -> Iterator[Lab]:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data) as stack:
            yield Lab(stack, data)


@contextlib.contextmanager
def _small_disk() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        size = f"size={DISK_MEBIBYTES}m"
        subprocess.run(("mount", "-t", "tmpfs", "-o", size, "muscope-faults", folder), check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(("umount", folder), check=True)


def judged(undisturbed: str, outcomes: Sequence[Outcome], goal: int, goal_seconds: float | None) -> RowResult:
    """Return a row's result: met by `goal` exports equal to the undisturbed one, and new steps in time."""
    equal = Counter(each.fault for each in outcomes if each.sha256 == undisturbed)
    tried = Counter(each.fault for each in outcomes)
    slowest = {
        fault: max((each.silent_seconds or 0.0 for each in outcomes if each.fault == fault), default=0.0)
        for fault in tried
    }
    table = [["fault", "exports identical", "longest until a new step"]]
    table += [
        [fault, f"{equal[fault]} of {count}", f"{slowest[fault]:.0f} s"] for fault, count in tried.items()
    ]
    is_met = bool(undisturbed) and equal.total() == len(outcomes) >= goal
    is_soon = goal_seconds is None or max(slowest.values()) <= goal_seconds
    words = f"{goal}_of_{goal}" + ("" if goal_seconds is None else f",{goal_seconds:.0f}s")
    value = f"{equal.total()}_of_{len(outcomes)}"
    value += "" if goal_seconds is None else f",{max(slowest.values()):.0f}s"
    return RowResult(value, words, is_met and is_soon, table, [f"Seed of the moments: {SEED}."])


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _kill_services(lab: Lab, names: Sequence[str]) -> None:
    pids = lab.services()
    for name in names:
        with contextlib.suppress(ProcessLookupError, KeyError):  # it may be starting again
            os.kill(pids[name], signal.SIGKILL)


def _flush(lab: Lab) -> None:
    import redis

    from muscope.backend.settings import Settings

    with redis.Redis.from_url(Settings(data=lab.data).resolved_broker_url) as keys:
        for key in keys.scan_iter():
            keys.delete(key)


def _fill_and_free(lab: Lab, folder: Path) -> str:
    """Fill the disk, ask whether the stack is ready, free it, and return the code of the answer."""
    ballast = folder / "ballast"
    try:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"x")
        answer = httpx.get(f"{lab.stack.url}/readyz", timeout=30)
        time.sleep(FULL_SECONDS)
        return str(answer.json().get("error", {}).get("code", answer.text))
    finally:
        ballast.unlink()
