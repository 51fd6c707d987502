"""The spectral density at one step, from stored bins; reads the chunks of that step only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import CellRow, MetricChunkRow
from backend.domain.metrics import Metric, Schedule
from backend.domain.parametrization import Parametrization
from backend.figures.density import DensityCurve, DensityInfo
from backend.figures.step_curves import Column
from backend.services.figure_options import FigureOptions
from backend.services.shown_runs import Sweep


class _Cell(NamedTuple):
    """A cell with the positions of its runs at the shown LR, and when it measures."""

    row: CellRow
    positions: list[int]
    schedule: Schedule

    def last_measured(self, until: int) -> int | None:
        """Return the last step up to `until` whose values are stored."""
        reach = min(until, self.row.committed_step)
        return next((step for step in range(reach, -1, -1) if self.schedule.measures_at(step)), None)


def density_info(
    session: Session, sweep: Sweep, cells: Sequence[CellRow], options: FigureOptions
) -> DensityInfo:
    """Return the mean density over seeds per width, at the chosen step."""
    spec = sweep.spec
    shown = [
        _Cell(
            cell,
            [run.position for run in sweep.runs_at(cell.id, _lr_index(sweep, cell))],
            spec.schedule(cell.chunk_steps),
        )
        for cell in cells
    ]
    until = spec.num_steps if options.step is None else options.step
    reached = [at for cell in shown if (at := cell.last_measured(until)) is not None]
    step = min(reached, default=None)
    curves = [] if step is None else _curves(session, sweep, shown, step)
    columns = tuple(Column(arm, sweep.lr_of(arm), spec.optimizer.kappa) for arm in sweep.arms)
    return DensityInfo(
        columns, tuple(sorted(spec.widths)), spec.density_grid.edges(), spec.density_grid.linear_limit,
        step, len(spec.seeds), tuple(curves),
    )  # fmt: skip


def _lr_index(sweep: Sweep, cell: CellRow) -> int:
    return sweep.lr_index_of(Parametrization(cell.parametrization))


def _curves(session: Session, sweep: Sweep, cells: Sequence[_Cell], step: int) -> list[DensityCurve]:
    curves = []
    for arm in sweep.arms:
        for width in sorted(sweep.spec.widths):
            of = [cell for cell in cells if (cell.row.parametrization, cell.row.width) == (arm, width)]
            densities = [found for cell in of if (found := _at(session, cell, step)) is not None]
            if densities:
                curves.append(_mean(arm, width, np.concatenate(densities)))
    return curves


def _at(session: Session, cell: _Cell, step: int) -> NDArray[np.float64] | None:
    """Return the bins [R, K] of a cell's runs, or None where the step is not there yet."""
    first = step // cell.schedule.chunk_steps * cell.schedule.chunk_steps
    row = session.get(MetricChunkRow, (cell.row.id, Metric.HESSIAN_DENSITY.value, first))
    if row is None:
        return None
    steps = cell.schedule.metric_steps(Metric.HESSIAN_DENSITY, first)
    return metric_rows.from_row(row)[steps.index(step), cell.positions].astype(np.float64)


def _mean(arm: Parametrization, width: int, densities: NDArray[np.float64]) -> DensityCurve:
    """Average over the seeds that have not diverged; without any, every bin is empty."""
    alive = densities[np.isfinite(densities).all(1)]
    shares = alive.mean(0) if len(alive) else np.zeros(densities.shape[1])
    return DensityCurve(arm, width, tuple(shares.tolist()), len(alive))
