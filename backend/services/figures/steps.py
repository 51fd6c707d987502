"""Reader of the runs at the chosen LR as sampled curves over steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from muscope.backend.analysis.display.curves import (
    Band,
    RunCurves,
    bucket_width,
    means_only,
    over_probes,
    over_seeds,
    positive,
    sampled,
    side_by_side,
)
from muscope.backend.analysis.display.moving import moving_mean
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.run_lines import RunLines
from muscope.backend.figures.steps.step_curves import Column, Line, StepCurve, StepInfo
from muscope.backend.figures.theme import YScale
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.figures.shown_runs import ShownRuns
from muscope.backend.services.figures.single_runs import run_lines

# Limits on the points of a figure and of one line (docs/architecture.md §8.4); an edge of a band is a line.
FIGURE_POINTS = 15_000
LINE_POINTS = 1_000
LINES_PER_CURVE = 3


class Count(NamedTuple):
    """Number of points of the means, and number of those that are drawn."""

    raw: int
    returned: int


class Source(NamedTuple):
    """Row of a figure: the metric of each run to show.

    `error` is a metric with the standard error of every value, to be drawn instead of the range of the seeds;
    with `is_mean_only` there is neither. Of several components the first `num_components` are shown.
    `is_share_of_edge` turns sharpness into η·λ/κ, η of the step.
    """

    metric: Metric
    error: Metric | None = None
    is_mean_only: bool = False
    num_components: int = 1
    is_share_of_edge: bool = False


class StepReader:
    """Reader of the runs at the chosen LR; `count` is set by `info`."""

    def __init__(self, shown: ShownRuns, cells: Sequence[CellRow], options: FigureOptions) -> None:
        self._shown, self._cells = shown, cells
        self._is_log = options.y_scale is YScale.LOG
        spec = shown.spec
        self._last = min(
            spec.num_steps, options.last_step if options.last_step is not None else spec.num_steps
        )
        self._first = min(options.first_step, self._last)
        self._smoothing = options.smooth
        self._num_hidden = 0
        self._num_unconverged = 0
        self.count = Count(0, 0)

    def info(self, *sources: Source) -> StepInfo:
        """Return the curves of every width that has values, one row of the figure per source."""
        shown = self._shown
        columns = tuple(Column(arm, shown.lr_of(arm), shown.spec.optimizer.kappa) for arm in shown.arms)
        found = [
            self._curve(arm, width, source, self._bucket_width(sources), row)
            for row, source in enumerate(sources)
            for arm in shown.arms
            for width in shown.widths
        ]
        curves = tuple(curve for curve in found if curve is not None)
        return StepInfo(
            columns, tuple(sorted(shown.spec.widths)), self._first, self._last, len(shown.seeds), curves,
            self._num_hidden, self._num_unconverged, shown.widths, self._smoothing,
        )  # fmt: skip

    def _bucket_width(self, sources: Sequence[Source]) -> int:
        spec = self._shown.spec
        num_curves = sum(source.num_components for source in sources)
        per_curve = LINES_PER_CURVE + (len(self._shown.seeds) if self._shown.shows_each else 0)
        num_lines = per_curve * num_curves * len(self._shown.arms) * len(self._shown.widths)
        limit = max(50, min(LINE_POINTS, FIGURE_POINTS // num_lines) - len(spec.seeds))
        every = 1 if any(METRIC_INFO[source.metric].every_step for source in sources) else spec.measure_every
        return bucket_width(self._first, self._last, (self._last - self._first) // every + 2, limit)

    def _curve(
        self, arm: Parametrization, width: int, source: Source, bucket: int, row: int
    ) -> StepCurve | None:
        """Return a width's curve: of several components the first, with the others behind it."""
        runs = self._runs(arm, width)
        parts = [self._together(runs, source.metric, index) for index in range(source.num_components)]
        if not parts[0].steps.size:
            return None
        if source.metric is Metric.SHARPNESS:
            self._num_unconverged += self._num_zero(runs)
        parts = [self._as_shown(part, arm, source) for part in parts]
        bands = [over_seeds(part) for part in parts]
        if source.error is not None:
            bands = [over_probes(parts[0], self._together(runs, source.error).values)]
        if source.is_mean_only:
            bands = [means_only(band) for band in bands]
        diverged = [run.diverged_at for _, of in runs for run in of if run.diverged_at is not None]
        first, *others = [self._drawn(arm, width, band, diverged, bucket) for band in bands]
        lines = RunLines()
        if source.num_components == 1:
            seeds = [run.seed for _, of in runs for run in of]
            lines = run_lines(self._shown, parts[0], seeds, (arm, width), bucket, is_log=self._is_log)
        return first._replace(row=row, others=tuple(other.mean for other in others), runs=lines)

    def _runs(self, arm: Parametrization, width: int) -> list[tuple[CellRow, list[RunRow]]]:
        index = self._shown.lr_index_of(arm)
        cells = [cell for cell in self._cells if (cell.parametrization, cell.width) == (arm, width)]
        return [(cell, self._shown.runs_at(cell.id, index)) for cell in cells]

    def _together(
        self, runs: Sequence[tuple[CellRow, list[RunRow]]], metric: Metric, component: int = 0
    ) -> RunCurves:
        return side_by_side([self._read(cell, of, metric, component) for cell, of in runs])

    def _read(self, cell: CellRow, runs: Sequence[RunRow], metric: Metric, component: int = 0) -> RunCurves:
        """Return a cell's runs at the chosen LR, within the shown range."""
        schedule = self._shown.spec.schedule(cell.chunk_steps)
        steps, values = self._shown.evidence.values(
            cell, metric, schedule, from_step=self._first, to_step=self._last
        )
        of_component = values if values.ndim == 2 else values[:, :, component]
        return RunCurves(steps, of_component[:, [run.position for run in runs]].astype(np.float64))

    def _num_zero(self, runs: Sequence[tuple[CellRow, list[RunRow]]]) -> int:
        flags = [self._read(cell, of, Metric.SHARPNESS_CONVERGED).values for cell, of in runs]
        return sum(int((values == 0).sum()) for values in flags)

    def _as_shown(self, part: RunCurves, arm: Parametrization, source: Source) -> RunCurves:
        if not source.is_share_of_edge:
            return part
        spec = self._shown.spec
        # The last step is measured but has no update; the LR of the step before applies to it.
        steps = np.minimum(part.steps, spec.num_steps - 1)
        factors = [spec.optimizer.schedule.factor(int(step), num_steps=spec.num_steps) for step in steps]
        scale = self._shown.lr_of(arm) / spec.optimizer.kappa
        return RunCurves(part.steps, part.values * scale * np.array(factors)[:, None])

    def _drawn(
        self, arm: Parametrization, width: int, band: Band, diverged: Sequence[int], bucket: int
    ) -> StepCurve:
        """Return the sampled points of a curve."""
        indices = np.searchsorted(band.steps, diverged)
        marks = sorted({int(band.steps[index]) for index in indices if index < len(band.steps)})
        measured, low, high = band.mean, band.low, band.high
        mean = moving_mean(band.steps, measured, self._smoothing * self._shown.spec.num_steps)
        if self._is_log:
            low, num_hidden = positive(low)
            mean, measured = positive(mean).values, positive(measured).values
            high = np.where(np.isfinite(low), high, np.nan)
            self._num_hidden += num_hidden
        kept = sampled(band.steps, mean, bucket, always=marks)
        self.count = Count(self.count.raw + len(band.steps), self.count.returned + len(kept))
        return StepCurve(
            arm, width, _line(band, mean, kept),
            _line(band, low, sampled(band.steps, low, bucket)),
            _line(band, high, sampled(band.steps, high, bucket)),
            tuple(band.num_seeds[kept].tolist()), tuple(marks),
            raw=_line(band, measured, sampled(band.steps, measured, bucket, always=marks))
            if self._smoothing
            else None,
        )  # fmt: skip


def _line(band: Band, values: Any, kept: Any) -> Line:
    return Line(tuple(band.steps[kept].tolist()), tuple(values[kept].tolist()))
