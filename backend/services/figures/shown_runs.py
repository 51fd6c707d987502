"""Runs of a figure, and the LR whose curves it draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from muscope.backend.analysis.display.by_size import reused_lr_index
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.statistics.optimum import find_optimum, seed_optima
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, Optimum
from muscope.backend.figures.run_lines import RunLine, RunLines
from muscope.backend.figures.theme import YScale
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweeps import load_losses
from muscope.backend.services.figures.options import (
    FigureOptions,
    OneRun,
    SeedView,
    chosen_run,
    deciding_metric,
    reference_arm,
    shown_loss,
)


@dataclass(frozen=True)
class ShownRuns:
    """Runs of a figure: those of one scenario and depth.

    Attributes:
        spec: the one the scenario's cells train with.
        arms: the parametrizations shown, in the order of the spec.
        metric: the loss shown.
        wanted_lr_index: the LR chosen by the viewer, as an index into the reference arm's grid.
        widths: the widths shown, small to large.
        seeds: the seeds shown, in the order of the spec.
        shows_each: every seed has a line of its own, instead of the range of all.
        run: the run that is drawn in front of the others.
    """

    evidence: ExperimentEvidence
    spec: ExperimentSpec
    scenario: Scenario
    depth: int
    arms: tuple[Parametrization, ...]
    metric: Metric
    cells: tuple[CellRow, ...]
    wanted_lr_index: int | None
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    shows_each: bool = False
    run: OneRun | None = None

    @property
    def has_chosen_seeds(self) -> bool:
        """Return whether some seeds of the plan are left out."""
        return len(self.seeds) < len(self.spec.seeds)

    @cached_property
    def lr_index(self) -> int:
        """Return the index of the shown LR: the chosen one, else the reused one, else the middle."""
        if self.wanted_lr_index is not None:
            return self.wanted_lr_index
        name, loss = reference_arm(self.spec).parametrization, deciding_metric(self.spec)
        sweep = load_losses(self.evidence, self.scenario, name, self.depth, loss)
        reused = reused_lr_index(sweep, self.spec.thresholds)
        return sweep.lr_indices[len(sweep.lrs) // 2 if reused is None else reused]

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
        return [
            run
            for run in self.evidence.runs_of(cell_id)
            if run.lr_index == lr_index and (run.seed in self.seeds or not self.has_chosen_seeds)
        ]

    def info(self, y_scale: YScale) -> LrLossInfo:
        """Return the content of the figure of LR against final loss."""
        curves, num_hidden = [], 0
        for arm in self.arms:
            sweep = self.sweep_of(arm)
            seeds = [position for position, seed in enumerate(self.spec.seeds) if seed in self.seeds]
            for index, width in enumerate(sweep.widths):
                if width not in self.widths:
                    continue
                points = _points(sweep, self.metric, index, seeds)
                if y_scale is YScale.LOG:
                    num_hidden += sum(point.low <= 0 for point in points)
                    points = [_above_zero(point) for point in points]
                if points:
                    found = None
                    if not self.has_chosen_seeds:
                        found = _optimum(sweep, self.metric, index, points, y_scale)
                    runs = self._lines(sweep, arm, index, y_scale)
                    curves.append(LrCurve(arm, width, tuple(points), found, runs))
        lrs = sorted({lr for arm in self.arms for lr in self.spec.arm(arm).lrs})
        return LrLossInfo(
            self.arms, tuple(sorted(self.spec.widths)), tuple(lrs), len(self.seeds), self.metric,
            self.spec.loss, tuple(curves), num_hidden, self.widths,
        )  # fmt: skip

    def _lines(self, sweep: Sweep, arm: Parametrization, index: int, y_scale: YScale) -> RunLines:
        """Return the line of every seed if each is wanted, and that of the run in front."""
        front = self.front_seed(arm, sweep.widths[index])
        wanted = self.seeds if self.shows_each else () if front is None else (front,)
        found = {
            seed: _seed_line(sweep, self.metric, index, seed, self.spec.seeds.index(seed), y_scale)
            for seed in wanted
        }
        return RunLines(
            tuple(found.values()) if self.shows_each else (), None if front is None else found.get(front)
        )

    def front_seed(self, arm: Parametrization, width: int) -> int | None:
        """Return the seed that the viewer follows at this size, if any."""
        is_here = self.run is not None and self.run[:2] == (arm, width) and self.run.seed in self.seeds
        return self.run.seed if self.run is not None and is_here else None

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
        shown_loss(spec, options),
        tuple(cell for cell in evidence.cells if (cell.scenario, cell.depth) == (scenario, depth)),
        options.lr_index,
        tuple(width for width in sorted(spec.widths) if width in (options.width or spec.widths)),
        tuple(seed for seed in spec.seeds if seed in (options.seed or spec.seeds)),
        options.seeds is SeedView.EACH, chosen_run(options),
    )  # fmt: skip


def _points(sweep: Sweep, metric: Metric, index: int, seeds: Sequence[int]) -> list[LrPoint]:
    """Return the LRs of one width that have a final loss or a diverged run, in order."""
    points = []
    for lr, finals, diverged_at in zip(
        sweep.lrs,
        sweep.losses[metric].final[index][:, seeds],
        sweep.diverged_at[index][:, seeds],
        strict=True,
    ):
        alive = finals[np.isfinite(finals) & (diverged_at < 0)]
        num_diverged = int((diverged_at >= 0).sum())
        if alive.size:
            mean, low, high = float(alive.mean()), float(alive.min()), float(alive.max())
            points.append(LrPoint(lr, mean, low, high, alive.size, num_diverged))
        elif num_diverged:
            points.append(LrPoint(lr, math.nan, math.nan, math.nan, 0, num_diverged))
    return points


def _seed_line(
    sweep: Sweep, metric: Metric, index: int, seed: int, position: int, y_scale: YScale
) -> RunLine:
    """Return the final losses of one seed over the LRs; NaN where it diverged or has none."""
    losses = sweep.losses[metric].final[index][:, position]
    is_shown = np.isfinite(losses) & (sweep.diverged_at[index][:, position] < 0)
    if y_scale is YScale.LOG:
        is_shown &= losses > 0
    return RunLine(seed, sweep.lrs, tuple(np.where(is_shown, losses, np.nan).tolist()))


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
