"""From stored values to a figure: reads one consistent state, lets `analysis` count and `figures` draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from backend.analysis.curves import (
    Band,
    RunCurves,
    bucket_width,
    joined,
    over_seeds,
    positive,
    sampled,
    side_by_side,
)
from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import CellRow, RunRow
from backend.domain.experiment import ExperimentSpec
from backend.domain.metrics import METRIC_INFO, Metric
from backend.domain.parametrization import Parametrization
from backend.figures.encode import to_json
from backend.figures.loss import loss_figure
from backend.figures.lr_loss import lr_loss_figure
from backend.figures.sharpness import sharpness_figure
from backend.figures.step_curves import Column, Line, StepCurve, StepInfo
from backend.figures.theme import Style, YScale
from backend.services.figure_sweep import Sweep, read_sweep
from backend.services.figures import LOSS_METRICS, FigureName, FigureOptions

# Points of a figure, and of one of its lines (data-plane.md §7.3); an edge of a band is a line.
FIGURE_POINTS = 15_000
LINE_POINTS = 1_000
LINES_PER_CURVE = 3


class Count(NamedTuple):
    """How many points the means have, and how many of them are drawn."""

    raw: int
    returned: int


def figure_json(
    session: Session,
    experiment_id: UUID,
    spec: ExperimentSpec,
    name: FigureName,
    language: str,
    options: FigureOptions,
) -> bytes:
    """Return `{"figure": …, "meta": …}` of what is stored."""
    style = Style(language, options.mode, options.y_scale)
    sweep = read_sweep(session, experiment_id, spec, options)
    cells = [cell for cell in sweep.cells if cell.parametrization in sweep.arms]
    if name is FigureName.LR_LOSS:
        info = sweep.info(style.y_scale)
        figure = lr_loss_figure(info, style)
        num_points = sum(len(curve.points) for curve in info.curves)
        meta: dict[str, Any] = {"lr": {}, "lr_index": None, "n_hidden": info.num_hidden}
        return to_json(figure, meta | _meta(style, name, Count(num_points, num_points), cells, "title"))
    metric = Metric.SHARPNESS if name is FigureName.SHARPNESS else LOSS_METRICS[options.loss]
    reader = StepReader(session, sweep, cells, metric, options)
    steps = reader.info()
    if name is FigureName.SHARPNESS:
        figure = sharpness_figure(steps, style)
    else:
        figure = loss_figure(steps, metric, spec.loss, style)
    meta = {
        "lr": {column.parametrization: column.lr for column in steps.columns},
        "lr_index": sweep.lr_index,
        "n_hidden": steps.num_hidden,
    }
    title = "title" if name is FigureName.SHARPNESS else f"title.{metric}"
    return to_json(figure, meta | _meta(style, name, reader.count, cells, title))


def _meta(
    style: Style, name: FigureName, count: Count, cells: Sequence[CellRow], title: str
) -> dict[str, Any]:
    committed: dict[str, dict[int, int]] = {}
    for cell in cells:
        of_arm = committed.setdefault(cell.parametrization, {})
        of_arm[cell.width] = min(cell.committed_step, of_arm.get(cell.width, cell.committed_step))
    return {
        "title": style.say(f"{name}.{title}"),
        "description": style.say(f"{name}.description"),
        "n_raw": count.raw,
        "n_returned": count.returned,
        "method": "all" if count.raw == count.returned else "first_min_max_last",
        "band": "min_max",
        "committed": committed,
    }


class StepReader:
    """Reads one metric of the runs at the chosen LR, and counts what is drawn of it."""

    def __init__(
        self,
        session: Session,
        sweep: Sweep,
        cells: Sequence[CellRow],
        metric: Metric,
        options: FigureOptions,
    ) -> None:
        self._session, self._sweep, self._cells, self._metric = session, sweep, cells, metric
        self._is_log = options.y_scale is YScale.LOG
        spec = sweep.spec
        self._last = min(
            spec.num_steps, options.last_step if options.last_step is not None else spec.num_steps
        )
        self._first = min(options.first_step, self._last)
        self._width = self._bucket_width()
        self._num_hidden = 0
        self._num_unconverged = 0
        self.count = Count(0, 0)

    def _bucket_width(self) -> int:
        spec = self._sweep.spec
        num_lines = LINES_PER_CURVE * len(self._sweep.arms) * len(spec.widths)
        limit = max(50, min(LINE_POINTS, FIGURE_POINTS // num_lines) - len(spec.seeds))
        every = 1 if METRIC_INFO[self._metric].every_step else spec.measure_every
        return bucket_width(self._first, self._last, (self._last - self._first) // every + 2, limit)

    def info(self) -> StepInfo:
        """Return the curves of every width that has values."""
        sweep = self._sweep
        columns = tuple(Column(arm, sweep.lr_of(arm), sweep.spec.optimizer.kappa) for arm in sweep.arms)
        found = [self._curve(arm, width) for arm in sweep.arms for width in sorted(sweep.spec.widths)]
        curves = tuple(curve for curve in found if curve is not None)
        return StepInfo(
            columns, tuple(sorted(sweep.spec.widths)), self._first, self._last, len(sweep.spec.seeds), curves,
            self._num_hidden, self._num_unconverged,
        )  # fmt: skip

    def _curve(self, arm: Parametrization, width: int) -> StepCurve | None:
        cells = [cell for cell in self._cells if (cell.parametrization, cell.width) == (arm, width)]
        index = self._sweep.lr_index_of(arm)
        runs = [self._sweep.runs_at(cell.id, index) for cell in cells]
        curves = side_by_side([self._read(cell, of) for cell, of in zip(cells, runs, strict=True)])
        if not curves.steps.size:
            return None
        if self._metric is Metric.SHARPNESS:
            self._num_unconverged += sum(
                self._num_zero(cell, of) for cell, of in zip(cells, runs, strict=True)
            )
        diverged = [run.diverged_at for of in runs for run in of if run.diverged_at is not None]
        return self._drawn(arm, width, over_seeds(curves), diverged)

    def _read(self, cell: CellRow, runs: Sequence[RunRow], metric: Metric | None = None) -> RunCurves:
        """Return a cell's runs at the chosen LR, within the shown range."""
        metric = metric or self._metric
        spec = self._sweep.spec
        schedule = spec.schedule(cell.chunk_steps)
        window = self._first // cell.chunk_steps * cell.chunk_steps
        positions = [run.position for run in runs]
        read = joined(
            (schedule.metric_steps(metric, row.first_step), metric_rows.from_row(row)[:, positions])
            for row in metric_rows.read(self._session, cell.id, metric, from_step=window)
            if row.first_step <= self._last
        )
        is_shown = (read.steps >= self._first) & (read.steps <= self._last)
        return RunCurves(read.steps[is_shown], read.values[is_shown])

    def _num_zero(self, cell: CellRow, runs: Sequence[RunRow]) -> int:
        return int((self._read(cell, runs, Metric.SHARPNESS_CONVERGED).values == 0).sum())

    def _drawn(self, arm: Parametrization, width: int, band: Band, diverged: Sequence[int]) -> StepCurve:
        """Return the points of a curve that are drawn."""
        places = np.searchsorted(band.steps, diverged)
        marks = sorted({int(band.steps[place]) for place in places if place < len(band.steps)})
        mean, low, high = band.mean, band.low, band.high
        if self._is_log:
            low, num_hidden = positive(low)
            mean = positive(mean).values
            high = np.where(np.isfinite(low), high, np.nan)
            self._num_hidden += num_hidden
        kept = sampled(band.steps, mean, self._width, always=marks)
        self.count = Count(self.count.raw + len(band.steps), self.count.returned + len(kept))
        return StepCurve(
            arm, width, _line(band, mean, kept),
            _line(band, low, sampled(band.steps, low, self._width)),
            _line(band, high, sampled(band.steps, high, self._width)),
            tuple(band.num_seeds[kept].tolist()), tuple(marks),
        )  # fmt: skip


def _line(band: Band, values: Any, kept: Any) -> Line:
    return Line(tuple(band.steps[kept].tolist()), tuple(values[kept].tolist()))
