"""Spectral density at one step, from stored bins; reads the chunks of that step only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.spec.metrics import Metric, Schedule
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.density import DensityCurve, DensityInfo
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.figures.shown_runs import ShownRuns


class _Cell(NamedTuple):
    """Cell with the positions of its runs at the shown LR, and its measurement steps."""

    row: CellRow
    positions: list[int]
    schedule: Schedule

    def last_measured(self, until: int) -> int | None:
        """Return the last step up to `until` whose values are stored."""
        reach = min(until, self.row.committed_step)
        return next((step for step in range(reach, -1, -1) if self.schedule.measures_at(step)), None)


def density_info(shown: ShownRuns, cells: Sequence[CellRow], options: FigureOptions) -> DensityInfo:
    """Return the mean density over seeds per width, at the chosen step."""
    spec = shown.spec
    measured = [
        _Cell(
            cell,
            [run.position for run in shown.runs_at(cell.id, shown.lr_index_of(cell.parametrization))],
            spec.schedule(cell.chunk_steps),
        )
        for cell in cells
        if cell.width in shown.widths
    ]
    until = spec.num_steps if options.step is None else options.step
    reached = [at for cell in measured if (at := cell.last_measured(until)) is not None]
    step = min(reached, default=None)
    curves = [] if step is None else _curves(shown, measured, step)
    columns = tuple(Column(arm, shown.lr_of(arm), spec.optimizer.kappa) for arm in shown.arms)
    return DensityInfo(
        columns, tuple(sorted(spec.widths)), spec.density_grid.edges(), spec.density_grid.linear_limit,
        step, len(shown.seeds), tuple(curves), shown.widths,
    )  # fmt: skip


def _curves(shown: ShownRuns, cells: Sequence[_Cell], step: int) -> list[DensityCurve]:
    curves = []
    for arm in shown.arms:
        for width in shown.widths:
            of = [cell for cell in cells if (cell.row.parametrization, cell.row.width) == (arm, width)]
            densities = [found for cell in of if (found := _at(shown, cell, step)) is not None]
            if densities:
                curves.append(_mean(arm, width, np.concatenate(densities)))
    return curves


def _at(shown: ShownRuns, cell: _Cell, step: int) -> NDArray[np.float64] | None:
    """Return the bins [R, K] of a cell's runs, or None where the step is missing."""
    steps, values_TRK = shown.evidence.values(
        cell.row, Metric.HESSIAN_DENSITY, cell.schedule, from_step=step, to_step=step
    )
    return values_TRK[0, cell.positions].astype(np.float64) if len(steps) else None


def _mean(arm: Parametrization, width: int, densities: NDArray[np.float64]) -> DensityCurve:
    """Average over the seeds that have not diverged; without any, every bin is empty."""
    alive = densities[np.isfinite(densities).all(1)]
    shares = alive.mean(0) if len(alive) else np.zeros(densities.shape[1])
    return DensityCurve(arm, width, tuple(shares.tolist()), len(alive))
