"""Chunks as a worker would write them, with values from a formula."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import numpy as np

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics
from muscope.backend.db.connection.session import Database
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.spec.measures import measured_metrics
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.services.lookup import schedule_of

DIVERGES_AT = 6


def value_of(metric: Metric, lr: float, seed: int, width: int, step: int) -> float:
    """Return the value of a run at a step; LR 0.2 with seed 1 diverges."""
    if lr == 0.2 and seed == 1 and step >= DIVERGES_AT:
        return float("nan")
    return len(metric) + lr * step + seed / 8 + width / 64


def record(
    database: Database,
    cell_id: UUID,
    *,
    until: int = 10**6,
    value: Callable[..., float] = value_of,
    tail_from: int | None = None,
) -> None:
    """Write every window of a cell that ends at or before step `until`, with values like `value_of`."""
    with database.write() as session:
        cell = session.get_one(CellRow, cell_id)
        schedule = schedule_of(session.get_one(ExperimentRow, cell.experiment_id), cell)
        runs = cell_rows.planned_runs(session, cell_id)
        first_of_tail = schedule.num_steps - 1 if tail_from is None else tail_from
        for first in schedule.window_starts():
            last = schedule.window_steps(first)[-1]
            if last > until:
                break
            for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
                steps = schedule.metric_steps(metric, first)
                values = [
                    [value(metric, run.lr, run.seed, cell.width, step) for run in runs] for step in steps
                ]
                if steps:
                    chunk = Chunk(metric, first, steps, np.array(values, np.float32))
                    metrics.append(session, metrics.rows_of(cell_id, [chunk], tail_from=first_of_tail))
            cell.committed_step = last


def record_measures(database: Database, cell_id: UUID) -> None:
    """Write every optional measure of the cell's spec; of K components the k-th is 1/(k+1) of the first."""
    with database.write() as session:
        cell = session.get_one(CellRow, cell_id)
        experiment = session.get_one(ExperimentRow, cell.experiment_id)
        schedule = schedule_of(experiment, cell)
        runs = cell_rows.planned_runs(session, cell_id)
        measures = experiment.spec.measures
        for metric in measured_metrics(measures):
            for first in schedule.window_starts():
                steps = schedule.metric_steps(metric, first)
                values = np.array(
                    [[value_of(metric, run.lr, run.seed, cell.width, step) for run in runs] for step in steps]
                )
                if (num := METRIC_INFO[metric].num_components) > 1:
                    values = values[..., None] / np.arange(1, num + 1)
                if steps:
                    chunk = Chunk(metric, first, steps, values.astype(np.float32))
                    metrics.append(
                        session, metrics.rows_of(cell_id, [chunk], tail_from=schedule.num_steps - 1)
                    )


def record_components(database: Database, cell_id: UUID, metric: Metric) -> None:
    """Write the first window of a metric whose k-th component is k at step 0; the last run is NaN."""
    with database.write() as session:
        num_runs = len(cell_rows.planned_runs(session, cell_id))
        values = np.tile(np.arange(5, dtype=np.float32), (1, num_runs, 1))
        values[:, -1] = np.nan
        metrics.append(session, metrics.rows_of(cell_id, [Chunk(metric, 0, [0], values)], tail_from=10))
