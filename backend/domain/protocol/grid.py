"""Grid of a spec as cells: runs that share every tensor shape train as one program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid5

from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, chosen_arm, sizes_under
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size


class PlannedRun(NamedTuple):
    """One run: the LR's index in its arm's grid, its value, and the seed."""

    lr_index: int
    lr: float
    seed: int


@dataclass(frozen=True)
class PlannedCell:
    """Runs of one (scenario, parametrization, width, depth), in their stored order.

    `has_curvature`: sharpness and the other measures of curvature are recorded; otherwise only losses, the
    field metric and the coordinate check.
    """

    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    runs: tuple[PlannedRun, ...]
    stage: int = 0
    part: int = 0
    has_curvature: bool = True

    def id_in(self, experiment_id: UUID) -> UUID:
        """Return an id derived from experiment and cell, so that planning twice gives the same rows."""
        runs = [[run.lr_index, run.seed] for run in self.runs]
        science: list[object] = [self.scenario, self.parametrization, self.width, self.depth, runs]
        if not self.has_curvature:
            science.append("without curvature")
        return uuid5(experiment_id, json.dumps(science, separators=(",", ":")))


def full_grid(
    spec: ExperimentSpec, *, max_runs_per_cell: Mapping[int, int] | None = None
) -> list[PlannedCell]:
    """List every cell of the grid; a cell over `max_runs_per_cell[width]` is split into parts.

    A scenario that is only a probe has the chosen arm at the base size, without curvature; so have all cells
    of an optimizer for which no edge of stability is known.
    """
    return [
        part
        for scenario in spec.scenarios
        for arm, size in _places(spec, scenario)
        for part in _parts(spec, scenario, arm, size, (max_runs_per_cell or {}).get(size.width))
    ]


def _places(spec: ExperimentSpec, scenario: Scenario) -> Iterator[tuple[Arm, Size]]:
    """List the arms of a scenario, with their LRs under it, at every size it trains.

    A probe and a scenario of the step up have the judged arm alone: at the base all arms are the same.
    """
    under = spec.under(scenario)
    is_whole = scenario.is_judged and not scenario.is_step_up
    arms = under.arms if is_whole else (under.arm(chosen_arm(spec)),)
    yield from ((arm, size) for arm in arms for size in sizes_under(spec, scenario))


def _parts(
    spec: ExperimentSpec, scenario: Scenario, arm: Arm, size: Size, most: int | None
) -> Iterator[PlannedCell]:
    runs = [PlannedRun(i, lr, seed) for i, lr in enumerate(arm.lrs) for seed in spec.seeds]
    most = most or len(runs)
    has_curvature = scenario.is_judged and not scenario.is_step_up and spec.optimizer.traits.has_sharpness
    for part, first in enumerate(range(0, len(runs), most)):
        chosen = tuple(runs[first : first + most])
        yield PlannedCell(
            scenario, arm.parametrization, *size, chosen, part=part, has_curvature=has_curvature
        )
