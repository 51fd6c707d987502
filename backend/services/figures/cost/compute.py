"""Contents of the figure of loss against compute: curves over steps, with flops in place of steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from muscope.backend.analysis.display.by_size import reused_lr_index
from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.effort import Sized
from muscope.backend.domain.spec.experiment import chosen_arm
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.cost.loss_compute import ComputeCurve, LossComputeInfo, Rate
from muscope.backend.figures.steps.step_curves import Line, StepCurve
from muscope.backend.services.evidence.sweeps import load_losses
from muscope.backend.services.figures.options import FigureOptions, deciding_metric
from muscope.backend.services.figures.shown_runs import ShownRuns
from muscope.backend.services.figures.steps import Count, Source, StepReader


def loss_compute_info(
    shown: ShownRuns, cells: Sequence[CellRow], options: FigureOptions
) -> tuple[LossComputeInfo, Count]:
    """Return every shown size at its best LR and at the reused one, of one arm, and the number of points."""
    judged = chosen_arm(shown.spec)
    arm = judged if judged in shown.arms else shown.arms[0]
    sweep = load_losses(shown.evidence, shown.scenario, arm, shown.depth, shown.metric)
    curves, counts = [], [Count(0, 0)]
    for rate, width, lr_index in _wanted(shown, arm, sweep):
        at_rate = _at(shown, arm, width, lr_index)
        reader = StepReader(at_rate, cells, options)
        found = reader.info(Source(shown.metric)).curves
        counts.append(reader.count)
        curves += [ComputeCurve(rate, at_rate.lr_of(arm), _over_flops(shown, each)) for each in found]
    reused = _reused(shown, arm)
    info = LossComputeInfo(
        arm, tuple(sorted(shown.spec.widths)), shown.metric, shown.spec.loss, len(shown.seeds),
        None if reused is None else shown.spec.arm(arm).lrs[reused], tuple(curves), shown.widths,
    )  # fmt: skip
    return info, Count(sum(each.raw for each in counts), sum(each.returned for each in counts))


def _wanted(shown: ShownRuns, arm: Parametrization, sweep: Sweep) -> Iterator[tuple[Rate, int, int]]:
    """Yield rate, width and LR index: the best of each size on the grid, then the one reused."""
    for index, width in enumerate(sweep.widths):
        best = find_optimum(sweep.log2_lrs, sweep.seed_mean(shown.metric, index))
        if best is not None and width in shown.widths:
            yield Rate.BEST, width, sweep.lr_indices[best.index]
    reused = _reused(shown, arm)
    if reused is not None:
        yield from ((Rate.REUSED, width, reused) for width in shown.widths)


def _reused(shown: ShownRuns, arm: Parametrization) -> int | None:
    """Return the index of the reused LR in the arm's grid, by the loss that decides."""
    loss = deciding_metric(shown.spec)
    sweep = load_losses(shown.evidence, shown.scenario, arm, shown.depth, loss)
    index = reused_lr_index(sweep, shown.spec.thresholds)
    return None if index is None else sweep.lr_indices[index]


def _at(shown: ShownRuns, arm: Parametrization, width: int, lr_index: int) -> ShownRuns:
    """Return one size of one arm; its grid alone, since it is the grid of a reference arm that counts LRs."""
    alone = shown.spec.model_copy(update={"arms": (shown.spec.arm(arm),)})
    return dataclasses.replace(
        shown, spec=alone, arms=(arm,), widths=(width,), wanted_lr_index=lr_index, run=None, shows_each=False
    )


def _over_flops(shown: ShownRuns, curve: StepCurve) -> StepCurve:
    """Return a curve over the flops of one run; the first step has none, and no place on the axis."""
    sized = Sized(shown.spec.model, shown.evidence.shape.dims, curve.width, shown.depth)
    per_step = sized.training_flops(shown.spec.batch_size)

    def moved(line: Line) -> Line:
        kept = [(round(per_step * s), v) for s, v in zip(line.steps, line.values, strict=True) if s > 0]
        return Line(tuple(at for at, _ in kept), tuple(value for _, value in kept))

    counts = [n for n, step in zip(curve.num_seeds, curve.mean.steps, strict=True) if step > 0]
    return curve._replace(
        mean=moved(curve.mean), low=moved(curve.low), high=moved(curve.high), num_seeds=tuple(counts),
        diverged_at=tuple(round(per_step * step) for step in curve.diverged_at if step > 0),
        raw=None if curve.raw is None else moved(curve.raw),
    )  # fmt: skip
