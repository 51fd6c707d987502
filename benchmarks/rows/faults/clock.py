"""The machine's clock set ahead and back while an experiment trains.

Every process of the stack reads the clock through a library (libfaketime) that adds what a file says; the
monotonic clock goes on, as when an administrator or a time server sets a real clock.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.peer import ROOT
from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import Lab
from benchmarks.rows.faults.kills import disturbed_in_turn, judged
from benchmarks.stack import Stack, running

LIBRARY = "libfaketime==3.0.1"
GOAL, GOAL_SECONDS = 20, 20.0
PATIENCE_SECONDS, LOOK_SECONDS = 10.0, 0.1
HOUR = 3600
# By turns, so that the clock stands where it stood after every four.
STEPS_SECONDS = {
    "an hour ahead": HOUR,
    "an hour back": -HOUR,
    "a day ahead": 24 * HOUR,
    "a day back": -24 * HOUR,
}


class Clock:
    """Clock that processes with `environment` see, `offset` seconds ahead of the machine's."""

    def __init__(self, file: Path, library: Path) -> None:
        self._file, self.offset = file, 0
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.set_by(0)

    def set_by(self, seconds: int) -> None:
        """Set the clock ahead, or back by a negative number."""
        self.offset += seconds
        whole = self._file.with_suffix(".next")
        whole.write_text(f"{self.offset:+d}\n", encoding="ascii")
        whole.replace(self._file)


def clock() -> RowResult:
    """Set the clock by an hour and by a day at random moments."""
    with TemporaryDirectory(prefix="muscope-clock-") as folder:
        wall = Clock(Path(folder) / "offset", library())
        data = Path(folder) / "data"
        with running(data, **wall.environment) as stack:
            lab = Lab(stack, data)
            faults: dict[str, Callable[[], object]] = {
                name: partial(_set, wall, stack, seconds) for name, seconds in STEPS_SECONDS.items()
            }
            outcomes = disturbed_in_turn(lab, faults, GOAL)
            return judged(lab.undisturbed, outcomes, GOAL, GOAL_SECONDS)


def _set(wall: Clock, stack: Stack, seconds: int) -> None:
    """Set the clock, and wait until the web process says the new time; raises RuntimeError otherwise."""
    wall.set_by(seconds)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        said = parsedate_to_datetime(httpx.get(f"{stack.url}/healthz", timeout=30).headers["date"])
        if abs((said - datetime.now(UTC)).total_seconds() - wall.offset) < PATIENCE_SECONDS:
            return
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"the web process does not see the clock that stands {wall.offset:+d} s off")


def library() -> Path:
    """Return the library that sets the clock, compiling it first where it is not there."""
    folder = ROOT / "build" / "faketime"
    if not (found := list(folder.rglob("libfaketime.so.1"))):
        print("compiling libfaketime into build/faketime …", flush=True)
        install = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, LIBRARY)
        subprocess.run(install, check=True)
        found = list(folder.rglob("libfaketime.so.1"))
    return found[0]
