"""The grid a spec allows, as cells: the runs that share every tensor shape train as one program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid5

from backend.domain.experiment import Arm, ExperimentSpec
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario


class PlannedRun(NamedTuple):
    """One trajectory: the LR's place in its arm's grid, its value, and the seed."""

    lr_index: int
    lr: float
    seed: int


@dataclass(frozen=True)
class PlannedCell:
    """Runs of one (scenario, parametrization, width, depth), in their stored order.

    `has_curvature`: sharpness and the other measures of curvature are taken; without, only losses, the field
    metric and the coordinate check are.
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
        """Identify the cell by its science only, so that planning twice plans the same rows."""
        runs = [[run.lr_index, run.seed] for run in self.runs]
        science: list[object] = [self.scenario, self.parametrization, self.width, self.depth, runs]
        if not self.has_curvature:
            science.append("without curvature")
        return uuid5(experiment_id, json.dumps(science, separators=(",", ":")))


def full_grid(spec: ExperimentSpec, *, max_runs_per_cell: dict[int, int] | None = None) -> list[PlannedCell]:
    """List every cell of the grid; a cell over `max_runs_per_cell[width]` is split into parts."""
    return [
        part
        for scenario in spec.scenarios
        for arm in spec.arms
        for depth in spec.depths
        for width in spec.widths
        for part in _parts(scenario, arm, width, depth, spec, (max_runs_per_cell or {}).get(width))
    ]


def _parts(
    scenario: Scenario, arm: Arm, width: int, depth: int, spec: ExperimentSpec, most: int | None
) -> Iterator[PlannedCell]:
    runs = [PlannedRun(i, lr, seed) for i, lr in enumerate(arm.lrs) for seed in spec.seeds]
    most = most or len(runs)
    for part, first in enumerate(range(0, len(runs), most)):
        chosen = tuple(runs[first : first + most])
        yield PlannedCell(scenario, arm.parametrization, width, depth, chosen, part=part)
