"""One run by itself: what was recorded of it, as figures and as a file, and its neighbours in the grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.display.curves import bucket_width, sampled
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.lists import runs as run_rows
from muscope.backend.db.lists.runs import FoundRun, Sought
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, NUM_EIGENVALUES, Metric
from muscope.backend.errors import NotFound
from muscope.backend.figures.names import Band, Sampling
from muscope.backend.figures.theme import Mode, Style
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_cell, find_experiment
from muscope.backend.services.runs.listing import run_view, summaries_of
from muscope.backend.services.runs.points import OF_POINT, Point, points_of
from muscope.backend.services.stored_values import read_metric
from muscope.backend.services.views.run_views import Neighbour, RunDetail
from muscope.backend.spreadsheet import csv_lines

# Points of one line of a figure (docs/architecture.md §8.4).
MOST_POINTS = 1000


class Series(NamedTuple):
    """Stored values [T, K] of a metric of one run at its steps [T]; NaN once it has diverged."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def get_run(context: Context, owner_id: str, experiment_id: UUID, run_id: UUID) -> RunDetail:
    """Return one run with its neighbours; raises NotFound."""
    with context.database.read() as session:
        experiment, found = _find(session, owner_id, experiment_id, run_id)
        summaries = summaries_of(session, experiment_id, experiment.spec, found)
        return RunDetail(
            run=run_view(found, summaries),
            series=tuple(metric for metric in Metric if _is_series(metric) and _has(session, found, metric)),
            same_lr=_neighbours(session, experiment_id, found, "lr_index"),
            same_seed=_neighbours(session, experiment_id, found, "seed"),
        )


def series_lines(context: Context, owner_id: str, experiment_id: UUID, run_id: UUID) -> Iterator[str]:
    """Yield every stored value of a run as CSV; what is not finite is an empty cell."""
    with context.database.read() as session:
        _, found = _find(session, owner_id, experiment_id, run_id)
        yield from csv_lines(OF_POINT, _values(session, owner_id, found))


def figure_json(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    run_id: UUID,
    metric: Metric,
    language: str,
    mode: Mode,
) -> bytes:
    """Return one metric of a run as `{"figure": …, "meta": …}`; raises NotFound."""
    from muscope.backend.figures.encode import to_json  # Plotly takes long to import
    from muscope.backend.figures.run_series import RunSeries, run_figure

    with context.database.read() as session:
        experiment, found = _find(session, owner_id, experiment_id, run_id)
        if not _is_series(metric):
            raise NotFound("run.no_series", metric=metric)
        series = _read(session, owner_id, found, metric)
    spec, row = experiment.spec, found.row
    style = Style(language, mode, of_rank=spec.model.has_ranks)
    kept = _kept(series)
    unit = METRIC_INFO[metric].unit
    info = RunSeries(
        metric, spec.loss if unit == "loss" else unit, row.parametrization, row.width, tuple(spec.widths),
        [int(step) for step in series.steps[kept]],
        tuple([float(value) for value in component] for component in series.values[kept].T),
        spec.under(row.scenario).num_steps, row.diverged_at,
    )  # fmt: skip
    figure = run_figure(info, style)
    meta = {
        "title": figure.layout.title.text,
        "description": style.say("run.description", metric=style.metric(metric)),
        "lr": {row.parametrization: row.lr}, "lr_index": None, "step": None,
        "n_raw": len(series.steps), "n_returned": len(kept),
        "method": Sampling.ALL if len(kept) == len(series.steps) else Sampling.FIRST_MIN_MAX_LAST,
        "n_hidden": 0, "band": Band.NONE, "committed": {},
    }  # fmt: skip
    return to_json(figure, meta)


def _find(
    session: Session, owner_id: str, experiment_id: UUID, run_id: UUID
) -> tuple[ExperimentRow, FoundRun]:
    experiment = find_experiment(session, owner_id, experiment_id)
    found = run_rows.get(session, experiment_id, run_id)
    if found is None:
        raise NotFound("run.not_found", id=str(run_id))
    return experiment, found


def _is_series(metric: Metric) -> bool:
    """Tell whether a metric has values over the steps that lines can show."""
    info = METRIC_INFO[metric]
    return not info.only_first and info.num_components <= NUM_EIGENVALUES


def _has(session: Session, found: FoundRun, metric: Metric) -> bool:
    return metric_rows.has_values(session, found.row.cell_id, metric)


def _neighbours(session: Session, experiment_id: UUID, found: FoundRun, shared: str) -> tuple[Neighbour, ...]:
    """Return the runs of the same size and conditions that share the LR, or the seed."""
    names = ("scenario", "parametrization", "width", "depth", shared)
    sought = Sought({name: (getattr(found.row, name),) for name in names})
    others = (other.row for other in run_rows.find(session, experiment_id, sought))
    return tuple(Neighbour(id=row.id, lr=row.lr, seed=row.seed) for row in others if row.id != found.row.id)


def _read(session: Session, owner_id: str, found: FoundRun, metric: Metric) -> Series:
    cell, experiment = find_cell(session, owner_id, found.row.cell_id)
    own = read_metric(session, experiment, cell, metric, [found.row.position])
    return Series(own.steps, own.values[:, 0].astype(np.float64))


def _kept(series: Series) -> NDArray[np.int64]:
    """Choose the points that are drawn, the same for all components: by the first, which is the largest."""
    if not len(series.steps):
        return np.empty(0, np.int64)
    first, last = int(series.steps[0]), int(series.steps[-1])
    width = bucket_width(first, last, len(series.steps), MOST_POINTS)
    return sampled(series.steps, series.values[:, 0], width)


def _values(session: Session, owner_id: str, found: FoundRun) -> Iterator[Point]:
    cell, experiment = find_cell(session, owner_id, found.row.cell_id)
    for metric in Metric:
        own = read_metric(session, experiment, cell, metric, [found.row.position])
        yield from points_of(metric, own, 0)
