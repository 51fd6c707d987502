"""Cells that the settle stage of a plan may add: what is usual if it comes to that, and the most.

Once a target is judged the protocol itself tells whether it settles, and with which LRs (`settle`). Before,
it does with a chance that was counted on experiments of the preset Standard (docs/log.md 2026-11-28).
"""

from __future__ import annotations

from itertools import product

from muscope.backend.domain.protocol.evidence import CellGroup
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.protocol.settle import targets_of
from muscope.backend.domain.spec.experiment import ExperimentSpec, chosen_arm, size_stepped_up
from muscope.backend.domain.spec.judging.decision import further_seeds, looks_after

# Share of experiments that settle (3 of 16 of µP on tables), and what 29 tasks of the study that did added in
# the median: LRs, and seeds of each.
SETTLE_CHANCE, USUAL_LRS, USUAL_SEEDS = 0.2, 4, 16
# The reused LR, the best one, and both neighbours of each.
MOST_LRS = 6


def usual_settling(spec: ExperimentSpec) -> tuple[PlannedCell, ...]:
    """Return what the settle stage usually adds, if it comes to that."""
    num_seeds = min(USUAL_SEEDS, _most_further_seeds(spec))
    return tuple(_cell(spec, group, USUAL_LRS, num_seeds) for group in _targets(spec)) if num_seeds else ()


def most_settling(spec: ExperimentSpec) -> tuple[PlannedCell, ...]:
    """Return the most that the settle stage can add; `Settle.max_work` may end it earlier."""
    num_seeds = _most_further_seeds(spec)
    return tuple(_cell(spec, group, MOST_LRS, num_seeds) for group in _targets(spec)) if num_seeds else ()


def _targets(spec: ExperimentSpec) -> list[CellGroup]:
    return [
        CellGroup(scenario, chosen_arm(spec), size)
        for scenario in spec.judged_scenarios
        for size in ((size_stepped_up(spec, scenario),) if scenario.is_step_up else targets_of(spec))
    ]


def _most_further_seeds(spec: ExperimentSpec) -> int:
    """Return the seeds that one LR may get beyond the planned ones; 0 without a settle stage."""
    planned = len(spec.seeds)
    looks = () if spec.settle is None else looks_after(planned, spec.settle.max_seeds)
    return looks[-1] - planned if looks else 0


def _cell(spec: ExperimentSpec, group: CellGroup, num_lrs: int, num_seeds: int) -> PlannedCell:
    """Return a cell of so many LRs from the middle of the grid, without curvature."""
    lrs = spec.under(group.scenario).arm(group.parametrization).lrs
    ascending = LRGrid(lrs).ascending
    first = max(0, (len(ascending) - num_lrs) // 2)
    seeds = further_seeds(spec.seeds, len(spec.seeds) + num_seeds)
    runs = tuple(
        PlannedRun(index, lrs[index], seed)
        for index, seed in product(sorted(ascending[first : first + num_lrs]), seeds)
    )
    return PlannedCell(
        group.scenario, group.parametrization, *group.size, runs, stage=0, part=0, has_curvature=False
    )
