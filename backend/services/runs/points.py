"""Every stored value of a run, or of all runs of an experiment, as rows; the one definition of such a row."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.ingest.manifest import IngestLimits
from muscope.backend.ingest.rows.typed_table import CellType, TypedTableRequest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.child_reader import run_child
from muscope.backend.services.lookup import find_experiment, schedule_of
from muscope.backend.spreadsheet import csv_lines

Point = tuple[str, int, int, float | None]
# Of a point within its run, and of the run within the experiment, with their types in Parquet.
OF_POINT: dict[str, CellType] = {
    "metric": "text",
    "component": "integer",
    "step": "integer",
    "value": "single",
}
OF_RUN: dict[str, CellType] = {
    "scenario": "text",
    "parametrization": "text",
    "width": "integer",
    "depth": "integer",
    "lr": "number",
    "seed": "integer",
}
_CHILD = "muscope.backend.ingest.rows.typed_table_child"


class MetricValues(NamedTuple):
    """Stored values [T, R, K] of a metric of a cell's R runs at its steps [T]; NaN once one diverged."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def read_metric(session: Session, experiment: ExperimentRow, cell: CellRow, metric: Metric) -> MetricValues:
    """Return all that is stored of one metric of a cell; without steps where nothing is."""
    schedule = schedule_of(experiment, cell)
    num_components = METRIC_INFO[metric].num_components
    steps: list[int] = []
    values: list[NDArray[np.floating[Any]]] = []
    for chunk in metric_rows.read(session, cell.id, metric):
        own = schedule.metric_steps(metric, chunk.first_step)
        steps += own
        values.append(metric_rows.from_row(chunk).reshape(len(own), -1, num_components))
    whole = np.concatenate(values) if values else np.empty((0, 0, num_components))
    return MetricValues(np.array(steps, np.int64), whole.astype(np.float64))


def points_of(metric: Metric, found: MetricValues, position: int) -> Iterator[Point]:
    """Yield the points of one run: metric, component (from 0), step, value; None where it is not finite."""
    if not len(found.steps):
        return
    for step, components in zip(found.steps.tolist(), found.values[:, position].tolist(), strict=True):
        for index, value in enumerate(components):
            yield metric.value, index, step, value if math.isfinite(value) else None


def point_lines(context: Context, owner_id: str, experiment_id: UUID) -> Iterator[str]:
    """Yield every point of an experiment as CSV, in the order of the grid; one cell is held at a time."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        yield from csv_lines((*OF_RUN, *OF_POINT), _rows(session, experiment))


def write_parquet(csv: Path, out: Path) -> None:
    """Write points that lie in a CSV file as Parquet, typed; a child does it, since it needs a parser."""
    request = TypedTableRequest(
        source=str(csv.resolve()),
        out=str(out.resolve()),
        types=OF_RUN | OF_POINT,
        limits=IngestLimits.for_size(csv.stat().st_size),
    )
    with tempfile.TemporaryDirectory(prefix="muscope-points-", dir=out.resolve().parent) as scratch:
        run_child(request, Path(scratch), _CHILD)


def _rows(session: Session, experiment: ExperimentRow) -> Iterator[tuple[str | float | None, ...]]:
    for cell in cell_rows.of_experiment(session, experiment.id):
        runs = cell_rows.runs_of(session, cell.id)
        grid = (cell.scenario, cell.parametrization, cell.width, cell.depth)
        for metric in Metric:
            found = read_metric(session, experiment, cell, metric)
            for run in runs:
                for point in points_of(metric, found, run.position):
                    yield (*grid, run.lr, run.seed, *point)
