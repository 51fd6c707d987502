"""The LR sweep of an experiment as figures need it: final losses, and the LR whose curves are shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.analysis import sweep as analysis
from backend.analysis.intervals import student_interval
from backend.analysis.optimal_lr import find_optimum, seed_optima
from backend.db import cells as cell_rows
from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import CellRow, MetricChunkRow, RunRow
from backend.domain.experiment import ExperimentSpec, Protocol
from backend.domain.lifecycle import CellState
from backend.domain.metrics import Metric
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Size
from backend.domain.thresholds import Thresholds
from backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, Optimum
from backend.figures.theme import YScale
from backend.services.figure_options import LOSS_METRICS, FigureOptions, reference_arm

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Sweep:
    """Runs and losses of the chosen scenario and depth; `spec` is the one the scenario's cells train by.

    `finals` and `initials` are by run and lack what is not there: runs that are not done, or have diverged.
    """

    spec: ExperimentSpec
    scenario: Scenario
    depth: int
    arms: tuple[Parametrization, ...]
    metric: Metric
    cells: tuple[CellRow, ...]
    runs: tuple[RunRow, ...]
    finals: dict[UUID, float]
    initials: dict[UUID, float]
    wanted_lr_index: int | None

    @cached_property
    def lr_index(self) -> int:
        """The number of the shown LR: the chosen one, else the best at the base width, else the middle."""
        if self.wanted_lr_index is not None:
            return self.wanted_lr_index
        arm = reference_arm(self.spec)
        sweep = self._analysed(arm.parametrization)
        losses = sweep.judged(self.metric)[sweep.base_index]
        best = find_optimum(sweep.log2_lrs, analysis.complete_mean(losses))
        return sweep.lr_indices[len(sweep.lrs) // 2 if best is None else best.index]

    def lr_index_of(self, parametrization: Parametrization) -> int:
        """Return the number of the shown LR in another arm's grid: of the nearest one it has."""
        wanted = reference_arm(self.spec).lrs[self.lr_index]
        lrs = self.spec.arm(parametrization).lrs
        return min(range(len(lrs)), key=lambda index: abs(math.log(lrs[index] / wanted)))

    def lr_of(self, parametrization: Parametrization) -> float:
        """Return the shown LR of an arm."""
        return self.spec.arm(parametrization).lrs[self.lr_index_of(parametrization)]

    def runs_at(self, cell_id: UUID, lr_index: int) -> list[RunRow]:
        """Return the runs of a cell at one LR."""
        return [run for run in self._runs_of_cell[cell_id] if run.lr_index == lr_index]

    @cached_property
    def _runs_of_cell(self) -> dict[UUID, list[RunRow]]:
        of_cell: dict[UUID, list[RunRow]] = defaultdict(list)
        for run in self.runs:
            of_cell[run.cell_id].append(run)
        return of_cell

    @cached_property
    def _skipped(self) -> frozenset[UUID]:
        return frozenset(cell.id for cell in self.cells if cell.state == CellState.SKIPPED)

    def info(self, y_scale: YScale) -> LrLossInfo:
        """Return what the figure of LR against final loss shows."""
        curves, num_hidden = [], 0
        for arm in self.arms:
            sweep = self._analysed(arm)
            for index, width in enumerate(sweep.widths):
                points = _points(sweep, self.metric, index)
                if y_scale is YScale.LOG:
                    num_hidden += sum(point.low <= 0 for point in points)
                    points = [_above_zero(point) for point in points]
                if points:
                    curves.append(
                        LrCurve(
                            arm, width, tuple(points), _optimum(sweep, self.metric, index, points, y_scale)
                        )
                    )
        lrs = sorted({lr for arm in self.arms for lr in self.spec.arm(arm).lrs})
        return LrLossInfo(
            self.arms, tuple(sorted(self.spec.widths)), tuple(lrs), len(self.spec.seeds), self.metric,
            self.spec.loss, tuple(curves), num_hidden,
        )  # fmt: skip

    def _analysed(self, parametrization: Parametrization) -> analysis.Sweep:
        """Return one arm as `analysis` wants it, without what only the verdict needs."""
        spec, lrs = self.spec, self.spec.arm(parametrization).lrs
        widths, order = tuple(sorted(spec.widths)), sorted(range(len(lrs)), key=lrs.__getitem__)
        shape = len(widths), len(lrs), len(spec.seeds)
        final, initial = np.full(shape, np.nan), np.full(shape, np.nan)
        diverged_at = np.full(shape, -1)
        # Of a staged protocol what it has planned so far; of the full grid everything.
        is_planned = np.full(shape, spec.protocol is Protocol.FULL)
        for run in self.runs:
            if run.parametrization == parametrization:
                at = widths.index(run.width), order.index(run.lr_index), spec.seeds.index(run.seed)
                is_planned[at] = run.cell_id not in self._skipped
                final[at] = self.finals.get(run.id, np.nan)
                initial[at] = self.initials.get(run.id, np.nan)
                diverged_at[at] = -1 if run.diverged_at is None else run.diverged_at
        base = spec.base_width if spec.base_width in widths else widths[0]
        return analysis.Sweep(
            sizes=tuple(Size(width, self.depth) for width in widths),
            lrs=tuple(lrs[i] for i in order), lr_indices=tuple(order),
            base_index=widths.index(base), num_seeds=len(spec.seeds), num_steps=spec.num_steps,
            tail_steps=spec.tail_steps(), losses={self.metric: analysis.Losses(final, initial)},
            diverged_at=diverged_at, is_measured=np.isfinite(final) | (diverged_at >= 0),
            sharpness=np.empty((*shape, 0)), measurement_steps=np.empty(0, np.int64), is_planned=is_planned,
        )  # fmt: skip


def read_sweep(session: Session, experiment_id: UUID, spec: ExperimentSpec, options: FigureOptions) -> Sweep:
    """Read the runs and their final losses: the mean over the last steps, as the recorder summed it."""
    scenario = options.scenario or spec.judged_scenarios[0]
    spec = spec.under(scenario)
    depth = options.depth if options.depth is not None else spec.depths[0]
    metric = LOSS_METRICS[options.loss]
    wanted = options.parametrization or tuple(arm.parametrization for arm in spec.arms)
    cells = [
        cell
        for cell in cell_rows.of_experiment(session, experiment_id)
        if (cell.scenario, cell.depth) == (scenario, depth)
    ]
    runs = [
        run
        for run in cell_rows.runs_of_experiment(session, experiment_id)
        if (run.scenario, run.depth) == (scenario, depth)
    ]
    return Sweep(
        spec, scenario, depth,
        tuple(arm.parametrization for arm in spec.arms if arm.parametrization in wanted),
        metric, tuple(cells), tuple(runs),
        _finals(session, experiment_id, runs, metric), _initials(session, cells, runs, metric),
        options.lr_index,
    )  # fmt: skip


def _finals(
    session: Session, experiment_id: UUID, runs: Sequence[RunRow], metric: Metric
) -> dict[UUID, float]:
    run_at = {(run.cell_id, run.position): run for run in runs if run.diverged_at is None}
    return {
        run_at[row.cell_id, row.position].id: row.tail_sum / row.tail_count
        for row in metric_rows.summaries_of_experiment(session, experiment_id)
        if row.metric == metric and row.tail_count and (row.cell_id, row.position) in run_at
    }


def _initials(
    session: Session, cells: Sequence[CellRow], runs: Sequence[RunRow], metric: Metric
) -> dict[UUID, float]:
    """Return the loss at step 0 of every run: what a diverged one is judged by."""
    first: dict[UUID, metric_rows.Values] = {}
    for cell in cells:
        row = session.get(MetricChunkRow, (cell.id, metric.value, 0))
        if row is not None:
            first[cell.id] = metric_rows.from_row(row)[0]
    return {run.id: float(first[run.cell_id][run.position]) for run in runs if run.cell_id in first}


def _points(sweep: analysis.Sweep, metric: Metric, index: int) -> list[LrPoint]:
    """Return the LRs of one width that have a final loss or a diverged run, in order."""
    points = []
    for lr, finals, diverged_at in zip(
        sweep.lrs, sweep.losses[metric].final[index], sweep.diverged_at[index], strict=True
    ):
        alive = finals[np.isfinite(finals)]
        num_diverged = int((diverged_at >= 0).sum())
        if alive.size:
            mean, low, high = float(alive.mean()), float(alive.min()), float(alive.max())
            points.append(LrPoint(lr, mean, low, high, alive.size, num_diverged))
        elif num_diverged:
            points.append(LrPoint(lr, math.nan, math.nan, math.nan, 0, num_diverged))
    return points


def _optimum(
    sweep: analysis.Sweep, metric: Metric, index: int, points: Sequence[LrPoint], y_scale: YScale
) -> Optimum | None:
    """Return where a width's loss is smallest, once every run of it has a result; drawn on the mean line."""
    judged = sweep.shared(sweep.judged(metric), index)
    best = find_optimum(sweep.log2_lrs, sweep.seed_mean(metric, index))
    known = [point for point in points if math.isfinite(point.mean)]
    if best is None or not known or sweep.num_missing(index):
        return None
    level = Thresholds().level
    interval = student_interval(seed_optima(sweep.log2_lrs, judged), level, centre=best.log2_lr)
    loss = _on_line(best.log2_lr, known, y_scale)
    low, high = (None, None) if interval is None else (2.0**interval.low, 2.0**interval.high)
    return Optimum(2.0**best.log2_lr, loss, low, high, None if interval is None else level, best.is_edge)


def _on_line(log2_lr: float, points: Sequence[LrPoint], y_scale: YScale) -> float:
    """Return the loss at which the drawn line through the means passes an LR."""
    lrs, means = np.log2([point.lr for point in points]), np.array([point.mean for point in points])
    if y_scale is YScale.LOG:
        return float(np.exp(np.interp(log2_lr, lrs, np.log(means))))
    return float(np.interp(log2_lr, lrs, means))


def _above_zero(point: LrPoint) -> LrPoint:
    """Leave out what a logarithmic axis cannot show."""
    if point.mean <= 0:
        return point._replace(mean=math.nan, low=math.nan, high=math.nan)
    return point._replace(low=math.nan, high=math.nan) if point.low <= 0 else point
