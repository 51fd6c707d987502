"""Expected work of the cells a protocol has not planned yet, wider windows included.

A plan's price and an experiment's time left are the same expectation, before and after its first cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from muscope.backend.domain.cost.calibration import kind_of
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.cost.time_left import LaterWork
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, group_of
from muscope.backend.domain.protocol.expected_runs import further_runs
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.experiment import ExperimentSpec


def coming_work(
    spec: ExperimentSpec,
    evidence: Evidence,
    batches: Sequence[Sequence[CostedCell]],
    widened: Collection[CellGroup] = (),
) -> list[LaterWork]:
    """Return the work of foreseen cells from batch 1 on, each followed by the widening of its windows.

    Args:
        widened: groups whose widening is counted already, with their open cells.
    """
    plain = (cell for batch in batches for cell, _ in batch if is_plain(cell))
    counts = ((group_of(cell), len(cell.runs)) for cell in plain if group_of(cell) not in widened)
    extras = extra_shares(spec, evidence, counts)
    works = []
    for number, batch in enumerate(batches):
        for cell, cost in batch:
            kind = _kind_of(spec, cell)
            works.append(LaterWork(kind, cost.seconds, arm_key(group_of(cell)), 2 * number + 1))
            more = cost.seconds * extras.get(group_of(cell), 0.0) if is_plain(cell) else 0.0
            if more > 0:
                works.append(LaterWork(kind, more, arm_key(group_of(cell)), 2 * number + 2))
    return works


def _kind_of(spec: ExperimentSpec, cell: PlannedCell) -> str:
    return kind_of(spec.model.name, cell.width, has_curvature=cell.has_curvature)


def is_plain(cell: PlannedCell) -> bool:
    """Return whether a cell measures no curvature, as all cells that widen a window."""
    return not cell.has_curvature


def arm_key(group: CellGroup) -> str:
    """Return the key of the arm under its scenario, whose cells wait for each other."""
    return f"{group.scenario} {group.parametrization}"


def extra_shares(
    spec: ExperimentSpec, evidence: Evidence, runs: Iterable[tuple[CellGroup, int]]
) -> Mapping[CellGroup, float]:
    """Return, per group, the expected further runs as a share of these runs."""
    counts: dict[CellGroup, int] = defaultdict(int)
    for group, num_runs in runs:
        counts[group] += num_runs
    return {group: further_runs(spec, evidence, group, count) / count for group, count in counts.items()}
