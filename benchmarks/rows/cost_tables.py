"""Predicted against real wall time of the preset Standard on tables, in the whole product with a page open.

One installation runs all tables one after another, as a user's does; what one table teaches is known for the
next. A table that has been measured is kept in `build/cost-tables` and not run again, so the row goes on
where it was stopped. TABLES="<name> <name>" runs some; without the folder everything is measured anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.inputs.tables import LABEL, TABLES, Table
from benchmarks.peer import ROOT
from benchmarks.report import RowResult
from benchmarks.stack import Stack, open_page, running
from muscope.backend.domain.plan.presets import Preset

KEPT = ROOT / "build" / "cost-tables"
OPEN_STATES = ("queued", "running")
LOOK_MILLISECONDS = 2000
WALL_WITHIN, LEFT_WITHIN, SHARE = 0.30, 0.25, 0.9
LEFT_FROM = 0.25
# Half of the step to which the page rounds a short time left: nobody is told less than that.
ROUNDED_SECONDS = 5.0


@dataclass(frozen=True)
class Measured:
    """One table: seconds predicted before the start and seconds it took, and looks at the time left.

    `looks`: pairs of seconds since the start and the seconds told to be left.
    """

    name: str
    predicted: float
    wall: float
    num_runs_foreseen: int
    num_runs: int
    outcome: str
    load: float
    looks: tuple[tuple[float, float], ...]

    @property
    def ratio(self) -> float:
        """Return predicted over real wall time."""
        return self.predicted / self.wall

    def left(self) -> list[tuple[float, float]]:
        """Return what was told and what was left, after the first quarter."""
        later = [(at, told) for at, told in self.looks if LEFT_FROM * self.wall <= at < self.wall]
        return [(told, self.wall - at) for at, told in later]


def walls() -> RowResult:
    """Compare the wall times."""
    measured = _all()
    within = _share([abs(each.ratio - 1) <= WALL_WITHIN for each in measured])
    table = [["table", "predicted, s", "took, s", "ratio", "runs foreseen", "runs", "outcome", "load before"]]
    for each in measured:
        runs = str(each.num_runs_foreseen), str(each.num_runs)
        seconds = f"{each.predicted:.0f}", f"{each.wall:.0f}", f"{each.ratio:.2f}"
        table.append([each.name, *seconds, *runs, each.outcome, f"{each.load:.1f}"])
    notes = [
        f"{len(measured)} of {len(TABLES)} tables, preset Standard, from the request to the stored verdict; "
        f"predicted within ±{WALL_WITHIN:.0%} in {within:.0%}. {os.cpu_count()} cores, one page open."
    ]
    return RowResult(f"{within:.0%}", f"{SHARE:.0%}", within >= SHARE, table, notes)


def left() -> RowResult:
    """Compare the time left that was told with what was left; every table counts alike."""
    measured = _all()
    shares = [_share_right(each, ROUNDED_SECONDS) for each in measured]
    strict = [_share_right(each, 0.0) for each in measured]
    within = sum(shares) / max(1, len(shares))
    table = [["table", "looks", "right", f"within ±{LEFT_WITHIN:.0%} alone", "told over left, at a half"]]
    for each, share, alone in zip(measured, shares, strict, strict=True):
        looks = each.left()
        half = min(looks, key=lambda look: abs(look[1] - each.wall / 2), default=(0.0, 1.0))
        table.append([each.name, str(len(looks)), f"{share:.0%}", f"{alone:.0%}", f"{half[0] / half[1]:.2f}"])
    notes = [
        f"Looks every {LOOK_MILLISECONDS / 1000:g} s after the first {LEFT_FROM:.0%} of the wall. Right: "
        f"within ±{LEFT_WITHIN:.0%} of what was left, or {ROUNDED_SECONDS:g} s, half the step that the page "
        f"rounds to; without that allowance {sum(strict) / max(1, len(strict)):.0%}."
    ]
    return RowResult(f"{within:.0%}", f"{SHARE:.0%}", within >= SHARE, table, notes)


def _share_right(measured: Measured, allowed_seconds: float) -> float:
    within = (abs(told - real) <= max(LEFT_WITHIN * real, allowed_seconds) for told, real in measured.left())
    return _share(list(within))


def _share(found: Sequence[bool]) -> float:
    return sum(found) / max(1, len(found))


@cache
def _all() -> tuple[Measured, ...]:
    """Return every wanted table, measured now or before."""
    names = os.environ.get("TABLES", "").split()
    wanted = [table for table in TABLES if not names or table.name in names]
    missing = [table for table in wanted if not _file_of(table).exists()]
    if missing:
        with ExitStack() as opened:
            stack = opened.enter_context(running(KEPT / "data"))
            page = opened.enter_context(open_page())
            for table in missing:
                found = _measure(stack, page, table)
                _file_of(table).write_text(json.dumps(asdict(found)), encoding="utf-8")
                print(f"{found.name}: predicted {found.predicted:.0f} s, took {found.wall:.0f} s", flush=True)
    return tuple(_read(table) for table in wanted)


def _file_of(table: Table) -> Path:
    return KEPT / f"{table.name}.json"


def _read(table: Table) -> Measured:
    kept = json.loads(_file_of(table).read_text(encoding="utf-8"))
    return Measured(**kept | {"looks": tuple((at, told) for at, told in kept["looks"])})


def _measure(stack: Stack, page: Page, table: Table) -> Measured:
    load = os.getloadavg()[0]
    about = {"name": f"{table.name}.csv", "label": LABEL, "task": table.task}
    dataset = stack.post("/datasets", params=about, content=table.csv(), headers={"content-type": "text/csv"})
    plan = {"dataset_id": dataset["id"], "preset": Preset.STANDARD}
    created = stack.post("/experiments", json=plan)
    page.goto(f"{stack.url}/experiments/{created['id']}")
    looks: list[tuple[float, float]] = []
    while (now := stack.get(f"/experiments/{created['id']}"))["state"] in OPEN_STATES:
        told = now["progress"]["eta_seconds"]
        if told is not None:
            looks.append((time.time() - _moment(now["created_at"]), told))
        page.wait_for_timeout(LOOK_MILLISECONDS)
    return Measured(
        table.name,
        created["predicted_seconds"],
        _moment(now["finished_at"]) - _moment(now["created_at"]),
        created["num_runs"],
        now["num_runs"],
        str(now["outcome"]),
        load,
        tuple(looks),
    )


def _moment(written: Any) -> float:
    return datetime.fromisoformat(written).timestamp()
