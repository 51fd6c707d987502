"""Every stored value of a run, or of all runs of an experiment, as rows; the one definition of such a row."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.ingest.manifest import IngestLimits
from muscope.backend.ingest.rows.typed_table import CellType, TypedTableRequest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.child_reader import run_child
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.stored_values import MetricValues, in_blocks, read_metric
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
_STEPS_AT_ONCE = 4096
_CHILD = "muscope.backend.ingest.rows.typed_table_child"


def points_of(metric: Metric, found: MetricValues, index: int) -> Iterator[Point]:
    """Yield the points of one of the runs: metric, component (from 0), step, value; None if not finite."""
    for first in range(0, len(found.steps), _STEPS_AT_ONCE):
        part = slice(first, first + _STEPS_AT_ONCE)
        of_run = found.values[part, index].tolist()
        for step, components in zip(found.steps[part].tolist(), of_run, strict=True):
            for component, value in enumerate(components):
                yield metric.value, component, step, value if math.isfinite(value) else None


def point_lines(context: Context, owner_id: str, experiment_id: UUID) -> Iterator[str]:
    """Yield every point of an experiment as CSV, in the order of the grid; few are held at a time."""
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
        stored = metric_rows.num_values(session, cell.id)
        for metric in (each for each in Metric if each in stored):
            for block in in_blocks(runs, stored[metric]):
                found = read_metric(session, experiment, cell, metric, [run.position for run in block])
                for index, run in enumerate(block):
                    for point in points_of(metric, found, index):
                        yield (*grid, run.lr, run.seed, *point)
