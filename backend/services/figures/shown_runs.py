"""Runs of a figure, and the LR whose curves it draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.statistics.optimum import find_optimum, seed_optima
from muscope.backend.analysis.sweep import Sweep, complete_mean
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, Optimum
from muscope.backend.figures.theme import YScale
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweeps import load_losses
from muscope.backend.services.figures.options import LOSS_METRICS, FigureOptions, reference_arm


@dataclass(frozen=True)
class ShownRuns:
    """Runs of a figure: those of one scenario and depth.

    Attributes:
        spec: the one the scenario's cells train with.
        arms: the parametrizations shown, in the order of the spec.
        metric: the loss shown.
        wanted_lr_index: the LR chosen by the viewer, as an index into the reference arm's grid.
    """

    evidence: ExperimentEvidence
    spec: ExperimentSpec
    scenario: Scenario
    depth: int
    arms: tuple[Parametrization, ...]
    metric: Metric
    cells: tuple[CellRow, ...]
    wanted_lr_index: int | None

    @cached_property
    def lr_index(self) -> int:
        """Return the index of the shown LR: the chosen one, else the best at the base, else the middle."""
        if self.wanted_lr_index is not None:
            return self.wanted_lr_index
        arm = reference_arm(self.spec)
        sweep = self.sweep_of(arm.parametrization)
        losses = sweep.judged(self.metric)[sweep.base_index]
        best = find_optimum(sweep.log2_lrs, complete_mean(losses))
        return sweep.lr_indices[len(sweep.lrs) // 2 if best is None else best.index]

    def lr_index_of(self, parametrization: Parametrization) -> int:
        """Return the index of the shown LR in another arm's grid: that of the nearest LR it has."""
        wanted = reference_arm(self.spec).lrs[self.lr_index]
        lrs = self.spec.arm(parametrization).lrs
        return min(range(len(lrs)), key=lambda index: abs(math.log(lrs[index] / wanted)))

    def lr_of(self, parametrization: Parametrization) -> float:
        """Return the shown LR of an arm."""
        return self.spec.arm(parametrization).lrs[self.lr_index_of(parametrization)]

    def runs_at(self, cell_id: UUID, lr_index: int) -> list[RunRow]:
        """Return the runs of a cell at one LR."""
        return [run for run in self.evidence.runs_of(cell_id) if run.lr_index == lr_index]

    def info(self, y_scale: YScale) -> LrLossInfo:
        """Return the content of the figure of LR against final loss."""
        curves, num_hidden = [], 0
        for arm in self.arms:
            sweep = self.sweep_of(arm)
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

    def sweep_of(self, parametrization: Parametrization) -> Sweep:
        """Return one arm's sweep over the widths, with final losses as in the verdict."""
        return load_losses(self.evidence, self.scenario, parametrization, self.depth, self.metric)


def shown_runs(evidence: ExperimentEvidence, options: FigureOptions) -> ShownRuns:
    """Return the runs for a viewer's options; by default the first judged scenario and depth."""
    scenario = options.scenario or evidence.spec.judged_scenarios[0]
    spec = evidence.spec.under(scenario)
    depth = options.depth if options.depth is not None else spec.depths[0]
    wanted = options.parametrization or tuple(arm.parametrization for arm in spec.arms)
    return ShownRuns(
        evidence, spec, scenario, depth,
        tuple(arm.parametrization for arm in spec.arms if arm.parametrization in wanted),
        LOSS_METRICS[options.loss],
        tuple(cell for cell in evidence.cells if (cell.scenario, cell.depth) == (scenario, depth)),
        options.lr_index,
    )  # fmt: skip


def _points(sweep: Sweep, metric: Metric, index: int) -> list[LrPoint]:
    """Return the LRs of one width that have a final loss or a diverged run, in order."""
    points = []
    for lr, finals, diverged_at in zip(
        sweep.lrs, sweep.losses[metric].final[index], sweep.diverged_at[index], strict=True
    ):
        alive = finals[np.isfinite(finals) & (diverged_at < 0)]
        num_diverged = int((diverged_at >= 0).sum())
        if alive.size:
            mean, low, high = float(alive.mean()), float(alive.min()), float(alive.max())
            points.append(LrPoint(lr, mean, low, high, alive.size, num_diverged))
        elif num_diverged:
            points.append(LrPoint(lr, math.nan, math.nan, math.nan, 0, num_diverged))
    return points


def _optimum(
    sweep: Sweep, metric: Metric, index: int, points: Sequence[LrPoint], y_scale: YScale
) -> Optimum | None:
    """Return a width's optimum once every run of it has a result; drawn on the mean line."""
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
    """Return the loss of the drawn line through the means at an LR."""
    lrs, means = np.log2([point.lr for point in points]), np.array([point.mean for point in points])
    if y_scale is YScale.LOG:
        return float(np.exp(np.interp(log2_lr, lrs, np.log(means))))
    return float(np.interp(log2_lr, lrs, means))


def _above_zero(point: LrPoint) -> LrPoint:
    """Remove values that a logarithmic axis cannot show."""
    if point.mean <= 0:
        return point._replace(mean=math.nan, low=math.nan, high=math.nan)
    return point._replace(low=math.nan, high=math.nan) if point.low <= 0 else point
