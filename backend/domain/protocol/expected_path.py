"""Expected path of a plan: its cells if optima stay where they were last seen and only a control fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from muscope.backend.domain.protocol.decision import Add
from muscope.backend.domain.protocol.evidence import (
    CellGroup,
    Evidence,
    GroupEvidence,
    GroupStatistics,
    RunKey,
    base_group,
    group_of,
)
from muscope.backend.domain.protocol.expected_runs import fails_early
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.protocol.next_cells import next_cells
from muscope.backend.domain.spec.experiment import ExperimentSpec, controls_of
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric

NOTHING_YET = Evidence()
# Walks from the start that are kept: a plan is walked through for its steps and again for its price.
KEPT_PATHS = 64


def foreseen_cells(
    spec: ExperimentSpec,
    evidence: Evidence = NOTHING_YET,
    *,
    max_runs_per_cell: Mapping[int, int] | None = None,
) -> tuple[PlannedCell, ...]:
    """List the cells still to be planned if every optimum stays where it was seen last."""
    batches = foreseen_batches(spec, evidence, max_runs_per_cell=max_runs_per_cell)
    return tuple(cell for batch in batches for cell in batch)


def foreseen_batches(
    spec: ExperimentSpec,
    evidence: Evidence = NOTHING_YET,
    *,
    max_runs_per_cell: Mapping[int, int] | None = None,
) -> tuple[tuple[PlannedCell, ...], ...]:
    """List the same cells by the decisions that will plan them: an arm's wait for its cells before.

    An optimum not seen yet is assumed in the middle of its grid. An optimum that moves adds learning rates at
    single sizes (`expected_runs`); a failure saves the sizes beyond it.

    Args:
        evidence: so far; its open runs are assumed to end with a result.
    """
    if evidence == NOTHING_YET:
        batches = _from_the_start(_as_walked(spec))
        if not _exceeds(batches, max_runs_per_cell or {}):
            return batches
    return _walk(spec, evidence, max_runs_per_cell)


@lru_cache(maxsize=KEPT_PATHS)
def _from_the_start(spec: ExperimentSpec) -> tuple[tuple[PlannedCell, ...], ...]:
    return _walk(spec, NOTHING_YET, None)


def _as_walked(spec: ExperimentSpec) -> ExperimentSpec:
    """Return a spec with the same path and nothing that no decision of the protocol reads.

    A step up in training scales its learning rates by the steps, so there the steps stay.
    """
    if any(scenario.is_step_up for scenario in spec.scenarios):
        return spec
    unread = {"num_steps": 1, "measure_every": 1, "measures": (), "deciding_loss": None}
    return spec.model_copy(update=unread | {"cost_unit": CostUnit.SHARE})


def _exceeds(batches: Sequence[Sequence[PlannedCell]], most: Mapping[int, int]) -> bool:
    """Return whether a cell has more runs than fit a device's memory, by width."""
    return any(len(cell.runs) > most.get(cell.width, len(cell.runs)) for batch in batches for cell in batch)


def _walk(
    spec: ExperimentSpec, evidence: Evidence, max_runs_per_cell: Mapping[int, int] | None
) -> tuple[tuple[PlannedCell, ...], ...]:
    batches: list[tuple[PlannedCell, ...]] = []
    cells: list[PlannedCell] = []
    while isinstance(
        decision := next_cells(spec, _hoped_for(spec, evidence, cells), max_runs_per_cell=max_runs_per_cell),
        Add,
    ):
        batches.append(decision.cells)
        cells += decision.cells
    return tuple(batches)


def _hoped_for(spec: ExperimentSpec, evidence: Evidence, cells: Sequence[PlannedCell]) -> Evidence:
    groups = {
        group: replace(known, finished=known.finished | known.open, open=frozenset[RunKey]())
        for group, known in evidence.groups.items()
    }
    for cell in cells:
        known = groups.get(group_of(cell), GroupEvidence())
        runs = known.finished.union((run.lr_index, run.seed) for run in cell.runs)
        groups[group_of(cell)] = replace(known, finished=runs, num_cells=known.num_cells + 1)
    return Evidence(
        {
            group: replace(known, statistics=_statistics(spec, evidence, group, known))
            for group, known in groups.items()
        }
    )


def _statistics(
    spec: ExperimentSpec, evidence: Evidence, group: CellGroup, hoped: GroupEvidence
) -> GroupStatistics:
    """Return the statistics of a group, or the assumed ones where it has none.

    Args:
        hoped: the group with the results that are hoped for.
    """
    known = evidence.at(group)
    if known.finished and not known.open and known.statistics != GroupStatistics():
        return _settled(known.statistics, hoped)
    base = evidence.at(base_group(spec, group))
    grid = LRGrid(spec.arm(group.parametrization).lrs)
    middle = grid.ascending[(len(grid.lrs) - 1) // 2]
    is_seen = bool(base.statistics.best) and not base.open
    best = base.statistics.best if is_seen else {Metric.VAL_LOSS: middle}
    # Of several controls the last is assumed to fail, so that a price includes them all; under Adam none.
    is_larger = group != base_group(spec, group)
    does_fail = is_larger and fails_early(spec) and group.parametrization in controls_of(spec)[-1:]
    curvature_lr = base.statistics.curvature_lr if is_seen else middle
    return GroupStatistics(best, fails_early=does_fail, curvature_lr=curvature_lr)


def _settled(statistics: GroupStatistics, hoped: GroupEvidence) -> GroupStatistics:
    """Return the statistics with an open cost decided by as many seeds as it needs at an unchanged centre."""
    settling = statistics.settling
    if settling is None or not settling.is_open:
        return statistics
    num_seeds = len({seed for lr_index, seed in hoped.finished if lr_index in settling.contenders})
    if num_seeds <= settling.num_seeds:
        return statistics
    is_open = num_seeds < settling.seeds_needed
    return replace(statistics, settling=replace(settling, num_seeds=num_seeds, is_open=is_open))
