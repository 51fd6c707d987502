"""Raw curves, and the marks that say how far they go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import metrics as metric_rows
from backend.db.tables import CellRow, ExperimentRow
from backend.domain.metrics import Metric
from backend.services.context import Context
from backend.services.lookup import find_cell, find_experiment, schedule_of
from backend.services.views import CellMark, CurveView, Marks


def read_curve(context: Context, owner_id: str, cell_id: UUID, metric: Metric, *, after: int) -> CurveView:
    """Return every stored value of a metric after step `after`, unsampled."""
    with context.database.read() as session:
        cell, experiment = find_cell(session, owner_id, cell_id)
        schedule = schedule_of(experiment, cell)
        runs = cell_rows.runs_of(session, cell_id)
        window = max(0, after + 1) // schedule.chunk_steps * schedule.chunk_steps
        points = [
            (step, values)
            for row in metric_rows.read(session, cell_id, metric, from_step=window)
            for step, values in zip(
                schedule.metric_steps(metric, row.first_step), metric_rows.from_row(row), strict=True
            )
            if step > after
        ]
        return CurveView(
            cell_id=cell_id,
            metric=metric,
            run_ids=tuple(run.id for run in runs),
            lrs=tuple(run.lr for run in runs),
            seeds=tuple(run.seed for run in runs),
            steps=tuple(step for step, _ in points),
            values=tuple(_nested(values) for _, values in points),
            committed_step=cell.committed_step,
        )


def read_marks(context: Context, owner_id: str, experiment_id: UUID) -> Marks:
    """Return how far the experiment and its cells are: what a viewer's stream says on every connect."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        return marks_of(experiment, cell_rows.of_experiment(session, experiment_id))


def marks_of(experiment: ExperimentRow, cells: Sequence[CellRow]) -> Marks:
    """Return the marks of rows: every window that is stored and every change of a state changes them."""
    return Marks(
        experiment_id=experiment.id,
        state=experiment.state,
        version=experiment.version,
        cells=tuple(
            CellMark(cell_id=cell.id, state=cell.state, version=cell.version, step=cell.committed_step)
            for cell in cells
        ),
    )


def _nested(values: Any) -> Any:
    """Return an array as nested tuples, None where it is not finite."""
    return tuple(_nested(value) if value.ndim else _finite_or_none(value) for value in values)


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
