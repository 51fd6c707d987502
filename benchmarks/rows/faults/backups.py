"""Backups of a server for a department while it trains, restored elsewhere and trained to their ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import RowResult
from benchmarks.rows.faults.fault_lab import (
    GIVE_UP_SECONDS,
    OPEN_STATES,
    POLL_SECONDS,
    Lab,
    Outcome,
    num_faults,
)
from benchmarks.rows.faults.kills import judged
from benchmarks.rows.faults.production import running_production
from benchmarks.stack import running

GOAL_BACKUPS = 5
PROGRAM = (sys.executable, "-m", "muscope.backend.cli")


def backup_production() -> RowResult:
    """Back up PostgreSQL and a bucket at random moments of training; go on in a folder on another machine.

    Both must end with the export of an experiment that nobody touched: the one that was backed up, and
    the one that was restored.
    """
    outcomes: list[Outcome] = []
    with TemporaryDirectory(prefix="muscope-") as folder, running_production(Path(folder)) as stack:
        lab = Lab(stack, Path(folder))
        files = []
        for number, at in enumerate(lab.moments(num_faults(GOAL_BACKUPS))):
            files.append(Path(folder) / f"{number}.backup")
            outcomes.append(lab.outcome("backed up", lambda: stack.back_up(files[-1]), at_seconds=at))
            is_same = outcomes[-1].sha256 == lab.undisturbed
            print(f"{number}: backup at {at:.1f} s, identical: {is_same}", flush=True)
        for number, file in enumerate(files):
            outcomes.append(_restored(file, Path(folder) / f"restored-{number}" / "data"))
            print(f"{number}: restored, identical: {outcomes[-1].sha256 == lab.undisturbed}", flush=True)
    return judged(lab.undisturbed, outcomes, 2 * GOAL_BACKUPS, None)


def _restored(file: Path, data: Path) -> Outcome:
    """Restore a backup into a folder, go on there, and return how its newest experiment ends."""
    data.parent.mkdir()
    subprocess.run((*PROGRAM, "restore", str(file), "--into", str(data)), check=True, cwd=data.parent)
    with running(data) as stack:
        began = time.monotonic()
        newest = stack.get("/experiments")["items"][0]["id"]
        while (state := stack.get(f"/experiments/{newest}")["state"]) in OPEN_STATES:
            if time.monotonic() - began > GIVE_UP_SECONDS:
                break
            time.sleep(POLL_SECONDS)
        is_done = state == "completed"
        sha256 = stack.get(f"/experiments/{newest}/export/sha256")["sha256"] if is_done else ""
        return Outcome("restored", sha256, None)
