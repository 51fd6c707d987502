"""The LR sweep of an experiment as figures need it: final losses per LR, and the LR whose curves are shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import RunRow
from backend.domain.experiment import ExperimentSpec
from backend.domain.metrics import Metric
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, Optimum
from backend.figures.theme import YScale
from backend.services.figures import LOSS_METRICS, FigureOptions, reference_arm


@dataclass(frozen=True)
class Sweep:
    """Runs and final losses of the chosen scenario and depth; `finals` lacks runs that are not done."""

    spec: ExperimentSpec
    scenario: Scenario
    depth: int
    arms: tuple[Parametrization, ...]
    metric: Metric
    runs: tuple[RunRow, ...]
    finals: dict[UUID, float]
    wanted_lr_index: int | None

    @cached_property
    def lr_index(self) -> int:
        """The number of the shown LR: the chosen one, else the best at the base width, else the middle."""
        if self.wanted_lr_index is not None:
            return self.wanted_lr_index
        arm = reference_arm(self.spec)
        points = self.points(arm.parametrization, self.spec.base_width)
        safe = [point for point in points if point.num_seeds and not point.num_diverged]
        if not safe:
            return arm.lrs.index(sorted(arm.lrs)[len(arm.lrs) // 2])
        return arm.lrs.index(min(safe, key=lambda point: point.mean).lr)

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

    def points(self, parametrization: Parametrization, width: int) -> list[LrPoint]:
        """Return the LRs of one width that have a final loss or a diverged run, in order."""
        of_lr: dict[float, list[RunRow]] = defaultdict(list)
        for run in self.runs:
            if (run.parametrization, run.width) == (parametrization, width):
                of_lr[run.lr].append(run)
        made = [self._point(lr, runs) for lr, runs in sorted(of_lr.items())]
        return [point for point in made if point.num_seeds or point.num_diverged]

    def _point(self, lr: float, runs: Sequence[RunRow]) -> LrPoint:
        finals = [self.finals[run.id] for run in runs if run.id in self.finals]
        num_diverged = sum(run.diverged_at is not None for run in runs)
        if not finals:
            return LrPoint(lr, math.nan, math.nan, math.nan, 0, num_diverged)
        mean = math.fsum(finals) / len(finals)
        return LrPoint(lr, mean, min(finals), max(finals), len(finals), num_diverged)

    def info(self, y_scale: YScale) -> LrLossInfo:
        """Return what the figure of LR against final loss shows."""
        widths = tuple(sorted(self.spec.widths))
        curves = []
        num_hidden = 0
        for arm in self.arms:
            for width in widths:
                points = self.points(arm, width)
                if y_scale is YScale.LOG:
                    num_hidden += sum(point.low <= 0 for point in points)
                    points = [_above_zero(point) for point in points]
                if points:
                    curves.append(LrCurve(arm, width, tuple(points), self._optimum(arm, points)))
        lrs = sorted({lr for arm in self.arms for lr in self.spec.arm(arm).lrs})
        return LrLossInfo(
            self.arms, widths, tuple(lrs), len(self.spec.seeds), self.metric, self.spec.loss, tuple(curves), num_hidden
        )  # fmt: skip

    def _optimum(self, arm: Parametrization, points: Sequence[LrPoint]) -> Optimum | None:
        """Return the best LR once every LR of the grid has a result."""
        lrs = sorted(self.spec.arm(arm).lrs)
        known = [point for point in points if math.isfinite(point.mean) and not point.num_diverged]
        if len(points) < len(lrs) or not known:
            return None
        best = min(known, key=lambda point: point.mean)
        return Optimum(best.lr, best.mean, None, None, None, is_edge=best.lr in (lrs[0], lrs[-1]))


def read_sweep(session: Session, experiment_id: UUID, spec: ExperimentSpec, options: FigureOptions) -> Sweep:
    """Read the runs and their final losses: the mean over the last steps, as the recorder summed it."""
    scenario = spec.scenarios[0]
    depth = options.depth if options.depth is not None else spec.depths[0]
    metric = LOSS_METRICS[options.loss]
    arms = tuple(
        arm.parametrization
        for arm in spec.arms
        if not options.parametrization or arm.parametrization in options.parametrization
    )
    runs = [
        run
        for run in cell_rows.runs_of_experiment(session, experiment_id)
        if (run.scenario, run.depth) == (scenario, depth)
    ]
    run_at = {(run.cell_id, run.position): run for run in runs if run.diverged_at is None}
    finals = {
        run_at[row.cell_id, row.position].id: row.tail_sum / row.tail_count
        for row in metric_rows.summaries_of_experiment(session, experiment_id)
        if row.metric == metric and row.tail_count and (row.cell_id, row.position) in run_at
    }
    return Sweep(spec, scenario, depth, arms, metric, tuple(runs), finals, options.lr_index)


def _above_zero(point: LrPoint) -> LrPoint:
    """Leave out what a logarithmic axis cannot show."""
    if point.mean <= 0:
        return point._replace(mean=math.nan, low=math.nan, high=math.nan)
    return point._replace(low=math.nan, high=math.nan) if point.low <= 0 else point
