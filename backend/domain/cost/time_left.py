"""Progress of an experiment in time: seconds spent, and seconds left on its slots.

Predictions allow for runs that have diverged (`divergence`). The time left is corrected by actual over
predicted time of this experiment's own cells, recent ones weighing most, since the load of a machine changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from muscope.backend.domain.cost.chains import Part, Span, spans
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES, CellState

# Weight of the prediction itself, as a share of all work, so that little evidence corrects little.
PRIOR_SHARE = 0.01
# A cell's weight halves after this much further work, as a share of all.
HALF_LIFE_SHARE = 0.15
# From the end of an arm's cells to the start of the next ones: the conductor's round and the bell.
PLANNING_SECONDS = 0.5


@dataclass(frozen=True)
class CellWork:
    """Work of one cell.

    Attributes:
        kind: as `calibration.kind_of` names it.
        predicted_seconds: of the whole cell, given the runs that have diverged so far.
        spent_seconds: slot-seconds so far, of failed attempts and the running one too.
        share_done: of its work, 0..1.
        arm_key: cells of other arm keys do not wait for this one.
        turn: place in the queue (`chains.Part`); running cells come before all others.
    """

    kind: str
    state: CellState
    predicted_seconds: float
    spent_seconds: float
    share_done: float
    arm_key: str = ""
    turn: float = math.inf

    @property
    def done_seconds(self) -> float:
        """Return the predicted seconds of the work that is done."""
        return self.predicted_seconds * self.share_done

    @property
    def is_open(self) -> bool:
        """Return whether work is left to do."""
        return self.state in OPEN_CELL_STATES


@dataclass(frozen=True)
class LaterWork:
    """Cells that are not planned yet; within an arm key a higher batch waits for the lower ones.

    `turn`: place in the queue, if workers will be told of them at once.
    """

    kind: str
    seconds: float
    arm_key: str = ""
    batch: int = 0
    turn: float = math.inf


class Course(NamedTuple):
    """Work of one experiment: its cells so far, in the order in which they ended, and those to come.

    `pace`: actual over predicted time to assume before any of its cells has run.
    `owner_id`: whose share of the slots it takes.
    """

    cells: Sequence[CellWork]
    later: Sequence[LaterWork] = ()
    pace: float = 1.0
    owner_id: str = ""


def slowness(
    cells: Iterable[CellWork],
    prior_seconds: float,
    prior: float = 1.0,
    half_life_seconds: float = math.inf,
) -> float:
    """Return actual over predicted time of the work done; close to `prior` while little is done.

    Args:
        cells: in the order in which they ended, running ones last.
        half_life_seconds: predicted seconds of later work after which a cell's weight halves.
    """
    seen = [cell for cell in cells if cell.share_done > 0]
    spent, done, weight = prior * prior_seconds, prior_seconds, 1.0
    for cell in reversed(seen):
        spent += weight * cell.spent_seconds
        done += weight * cell.done_seconds
        weight *= 0.5 ** (cell.done_seconds / half_life_seconds) if half_life_seconds > 0 else 1.0
    return spent / done if done > 0 else prior


class _Speeds:
    """Actual over predicted time by kind of cell, each with the factor of all cells as prior."""

    def __init__(self, cells: Sequence[CellWork], pace: float = 1.0) -> None:
        all_seconds = sum(cell.predicted_seconds for cell in cells)
        prior_seconds, half_life = PRIOR_SHARE * all_seconds, HALF_LIFE_SHARE * all_seconds
        self.overall = slowness(cells, prior_seconds, pace, half_life) if cells else pace
        self._by_kind = {
            kind: slowness((c for c in cells if c.kind == kind), prior_seconds, self.overall, half_life)
            for kind in {cell.kind for cell in cells}
        }

    def of(self, kind: str) -> float:
        """Return the factor of a kind; the overall one for a kind without cells."""
        return self._by_kind.get(kind, self.overall)


def left_seconds(cells: Sequence[CellWork]) -> list[float]:
    """Return, per open cell, the slot-seconds left, corrected by the cells of this experiment.

    Cells of one kind share a correction, which has that of the whole experiment as prior.
    """
    speeds = _Speeds(cells)
    return [_left(speeds, cell) for cell in cells if cell.is_open]


def _left(speeds: _Speeds, cell: CellWork) -> float:
    return speeds.of(cell.kind) * cell.predicted_seconds * (1 - cell.share_done)


def eta_seconds(cells: Sequence[CellWork], *, slots: int, later: Sequence[LaterWork] = ()) -> float:
    """Predict the wall time until the last cell ends, including cells not planned yet."""
    return expected_spans([Course(cells, later)], slots=slots)[0].ends


def expected_spans(
    courses: Sequence[Course], *, slots: int, used: Mapping[str, float] | None = None
) -> list[Span]:
    """Predict when each of several experiments that share the slots begins its open work, and ends.

    Args:
        used: slot-seconds that owners have had since all of them have waited; none if left out.
    """
    chains = [(index, chain) for index, course in enumerate(courses) for chain in _chains(course)]
    found = spans(
        [chain for _, chain in chains],
        slots=slots,
        pause=PLANNING_SECONDS,
        owners=[courses[index].owner_id for index, _ in chains],
        used=used,
    )
    of_course: list[list[Span]] = [[] for _ in courses]
    for (index, _), span in zip(chains, found, strict=True):
        of_course[index].append(span)
    return [
        Span(min(each.begins for each in of_it), max(each.ends for each in of_it)) if of_it else Span()
        for of_it in of_course
    ]


def _chains(course: Course) -> list[list[list[Part]]]:
    """Return the work of each arm key in batches, the open cells first."""
    speeds = _Speeds(course.cells, course.pace)
    by_arm: dict[str, dict[int, list[Part]]] = {}
    for cell in course.cells:
        if cell.is_open:
            part = Part(_left(speeds, cell), cell.turn)
            by_arm.setdefault(cell.arm_key, {}).setdefault(-1, []).append(part)
    for work in course.later:
        part = Part(speeds.of(work.kind) * work.seconds, work.turn)
        by_arm.setdefault(work.arm_key, {}).setdefault(work.batch, []).append(part)
    return [[batches[number] for number in sorted(batches)] for batches in by_arm.values()]


def total_seconds(cells: Sequence[CellWork], later: Sequence[LaterWork] = ()) -> float:
    """Predict the slot-seconds in total: spent, left of the open cells, and of cells not planned yet."""
    speeds = _Speeds(cells)
    coming = sum(speeds.of(work.kind) * work.seconds for work in later)
    return sum(cell.spent_seconds for cell in cells) + sum(left_seconds(cells)) + coming


def share_done(cells: Iterable[CellWork], later: Sequence[LaterWork] = ()) -> float:
    """Return the share of the predicted work that is done; skipped cells are left out."""
    counted = [cell for cell in cells if cell.is_open or cell.state is CellState.COMPLETED]
    total = sum(cell.predicted_seconds for cell in counted) + sum(work.seconds for work in later)
    done = sum(cell.done_seconds for cell in counted)
    return min(1.0, done / total) if total > 0 and math.isfinite(total) else 0.0
