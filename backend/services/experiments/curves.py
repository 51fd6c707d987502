"""Raw curves of a cell, unsampled."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_cell, schedule_of
from muscope.backend.services.views.views import CurveView


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


def _nested(values: Any) -> Any:
    """Return an array as nested tuples, None where it is not finite."""
    return tuple(_nested(value) if value.ndim else _finite_or_none(value) for value in values)


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
