"""What a plan comes to if all goes as hoped: nothing moves, nothing fails but the control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.domain.evidence import Evidence, Look, Place, PlaceEvidence, RunKey, place_of
from backend.domain.experiment import ExperimentSpec, base_size, chosen_arm, control_for
from backend.domain.grid import PlannedCell
from backend.domain.metrics import Metric
from backend.domain.protocol.decision import Add
from backend.domain.protocol.lr_grid import LRGrid
from backend.domain.protocol.next_cells import next_cells


def foreseen_cells(
    spec: ExperimentSpec, *, max_runs_per_cell: Mapping[int, int] | None = None
) -> tuple[PlannedCell, ...]:
    """List the cells that will be run if every optimum lies in the middle of its grid and stays there.

    An optimum that moves adds learning rates at single sizes; a failure saves the sizes beyond it.
    """
    cells: list[PlannedCell] = []
    while isinstance(
        decision := next_cells(spec, _hoped_for(spec, cells), max_runs_per_cell=max_runs_per_cell), Add
    ):
        cells += decision.cells
    return tuple(cells)


def _hoped_for(spec: ExperimentSpec, cells: Sequence[PlannedCell]) -> Evidence:
    runs: dict[Place, frozenset[RunKey]] = {}
    for cell in cells:
        known = runs.get(place_of(cell), frozenset())
        runs[place_of(cell)] = known.union((run.lr_index, run.seed) for run in cell.runs)
    parts = [place_of(cell) for cell in cells]
    return Evidence(
        {
            place: PlaceEvidence(finished, num_cells=parts.count(place), look=_look(spec, place))
            for place, finished in runs.items()
        }
    )


def _look(spec: ExperimentSpec, place: Place) -> Look:
    grid = LRGrid(spec.arm(place.parametrization).lrs)
    middle = grid.ascending[(len(grid.lrs) - 1) // 2]
    control, is_larger = control_for(spec.loss, spec.optimizer), place.size != base_size(spec)
    is_control = place.parametrization is control is not chosen_arm(spec)
    return Look({Metric.VAL_LOSS: middle}, fails_early=is_control and is_larger, curvature_lr=middle)
