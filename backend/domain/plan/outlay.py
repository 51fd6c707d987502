"""Predicted outlay of a plan, for the cells of the expected path and for the whole grid as upper bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from muscope.backend.domain.cost.prediction import Calibration, CellCost, predict, wall_seconds
from muscope.backend.domain.cost.time_left import Course, expected_spans
from muscope.backend.domain.protocol import foreseen_cells
from muscope.backend.domain.protocol.expected_settling import SETTLE_CHANCE
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec, base_size


@dataclass(frozen=True)
class Outlay:
    """Sum over cells: wall time, slot time, bytes of the largest, and number of runs."""

    wall_seconds: float
    slot_seconds: float
    num_bytes: int
    num_runs: int


def outlay(costs: Iterable[CellCost], slots: int) -> Outlay:
    """Add up cells on `slots` slots."""
    costs = tuple(costs)
    seconds = [cost.seconds for cost in costs]
    most_bytes = max((cost.num_bytes for cost in costs), default=0)
    return Outlay(
        wall_seconds(seconds, slots=slots), sum(seconds), most_bytes, sum(cost.num_runs for cost in costs)
    )


def path_outlay(course: Course, costs: Iterable[CellCost], slots: int) -> Outlay:
    """Predict the outlay of an expected path: an arm's batches wait for each other, and windows may widen."""
    (span,) = expected_spans([course], slots=slots)
    seconds = course.pace * sum(work.seconds for work in course.later)
    return replace(outlay(costs, slots), wall_seconds=span.ends, slot_seconds=seconds)


def with_usual_settling(path: Outlay, seconds: float) -> Outlay:
    """Return an expected path with the settle stage by its chance, in slot time and so in money.

    The wall time stays that of the most likely course, which settles nothing: with the chance in it, 9 of 13
    tables were priced within 30% instead of 10, and times left were too long (docs/log.md 2026-11-28).

    Args:
        seconds: of what the settle stage usually adds.
    """
    return replace(path, slot_seconds=path.slot_seconds + SETTLE_CHANCE * seconds)


def with_most_settling(spec: ExperimentSpec, grid: Outlay, seconds: float) -> Outlay:
    """Return the outlay of the whole grid and of the most that a settle stage may add to it.

    Its batches wait for each other, and each is one cell: more slots do not shorten it.

    Args:
        seconds: of the settle stage with every LR and seed it may add.
    """
    added = 0.0 if spec.settle is None else min(seconds, spec.settle.max_work * grid.slot_seconds)
    return replace(grid, wall_seconds=grid.wall_seconds + added, slot_seconds=grid.slot_seconds + added)


def least_seconds(spec: ExperimentSpec, shape: DatasetShape, calibration: Calibration) -> float:
    """Return the predicted slot-seconds of the cheapest cell at the base size, the least any result costs."""
    base = base_size(spec)
    at_base = [cell for cell in foreseen_cells(spec) if (cell.width, cell.depth) == base]
    return min(predict(spec, shape, cell, calibration).seconds for cell in at_base)
