"""Judgement of one larger size against the base: its statistics, and the outcome of the rules."""

from __future__ import annotations

from dataclasses import dataclass

from muscope.backend.analysis.measures.cliff import cliff_of, nearing
from muscope.backend.analysis.measures.larger_is_better import field_statistics
from muscope.backend.analysis.measures.sharpness_spread import MOST_AT_EDGE, late_edge_share, sharpness_spread
from muscope.backend.analysis.measures.transfer import compare, lr_margin, speed
from muscope.backend.analysis.reasons import named, reason
from muscope.backend.analysis.statistics.intervals import finite_or_none
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.findings import (
    Case,
    Finding,
    judge_base,
    judge_loss,
    with_cliff,
    with_other_loss,
    with_sharpness,
)
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Estimate, Outcome, SharpnessSpread, SizeStatistics

# M5 is also shown at η/2 and η/4, in octaves from the reused η, if the grid has them within the tolerance.
LOWER_OCTAVES = (0.0, -1.0, -2.0)
GRID_TOLERANCE = 0.1


@dataclass(frozen=True)
class JudgedSize:
    """One larger size with its statistics and finding."""

    finding: Finding
    statistics: SizeStatistics

    @property
    def size(self) -> Size:
        """Return the width and depth of the size."""
        return Size(self.statistics.width, self.statistics.depth)


def judge_size(
    sweep: Sweep,
    size_index: int,
    lr_index: int | None,
    thresholds: Thresholds,
    *,
    is_target: bool | None = None,
) -> JudgedSize:
    """Measure and judge the size at `size_index`; `lr_index` is the LR a user takes along from the base.

    Args:
        is_target: the size is the largest of its axis; None: it is if it is the largest of the sweep.
    """
    size = sweep.sizes[size_index]
    cases = [
        case_of(sweep, size_index, loss, thresholds, is_target=is_target) for loss in sweep.judged_losses
    ]
    spreads = _spreads(sweep, size_index, lr_index, thresholds)
    spread = next((each for each in spreads if each.is_judged), None)
    at_reused = spreads[0] if spreads else None
    num_seeds = len(sweep.shared_seeds(size_index))
    margin = None if lr_index is None else lr_margin(sweep, size_index, lr_index)
    statistics = SizeStatistics(
        width=size.width,
        depth=size.depth,
        axis=sweep.axis,
        num_seeds=num_seeds,
        losses=tuple(case.comparison.statistics for case in cases),
        divergence_rate=None if lr_index is None else sweep.divergence_rate(size_index, lr_index),
        lr_margin=margin,
        cliff=None if lr_index is None else cliff_of(sweep, size_index, lr_index),
        spread_level=None if spread is None else spread.level,
        spread_growth=Estimate() if spread is None else spread.growth,
        seed_spread=None if spread is None else spread.seed_spread,
        edge_share=None if at_reused is None else at_reused.edge_share,
        spreads=tuple(spreads),
        field=field_statistics(sweep, size_index, cases[0].comparison if cases else None, thresholds.level),
        speed=None if lr_index is None else finite_or_none(speed(sweep, size_index, lr_index)),
    )
    finding = _judged(cases, num_seeds, thresholds)
    finding = with_sharpness(finding, spread, size, thresholds)
    nears = None if lr_index is None else nearing(sweep, size_index, lr_index)
    return JudgedSize(with_cliff(finding, size, nears, thresholds), statistics)


def _judged(cases: list[Case], num_seeds: int, thresholds: Thresholds) -> Finding:
    """Return the finding of the loss that decides, with a reason where the other one disagrees."""
    deciding, *others = cases
    if num_seeds < thresholds.min_seeds:
        return _too_few_seeds(deciding.size, num_seeds, thresholds.min_seeds)
    finding = judge_loss(deciding, thresholds)
    for other in others:
        finding = with_other_loss(finding, deciding, other, thresholds)
    return finding


def judge_base_alone(sweep: Sweep, thresholds: Thresholds) -> Finding | None:
    """Return the finding where the base itself rules out a judgement, else None."""
    loss = sweep.deciding_loss
    if loss is None:
        return None
    return judge_base(case_of(sweep, sweep.base_index, loss, thresholds, is_target=True), thresholds)


def _too_few_seeds(size: Size, given: int, needed: int) -> Finding:
    why = reason("too_few_seeds_at", given=given, needed=needed, add=needed - given, **named(size))
    return Finding(Outcome.INCONCLUSIVE, "too_few_seeds", (why,))


def case_of(
    sweep: Sweep, size_index: int, loss: Metric, thresholds: Thresholds, *, is_target: bool | None = None
) -> Case:
    """Return the case of one size on one loss, as input of the rules.

    Args:
        is_target: the size is the largest of its axis; None: it is if it is the largest of the sweep.
    """
    comparison = compare(sweep, loss, size_index, thresholds)
    reused = 0 if comparison.carried is None else comparison.carried
    if is_target is None:
        is_target = size_index == max(sweep.larger, default=size_index)
    return Case(
        comparison=comparison,
        base=sweep.base,
        size=sweep.sizes[size_index],
        lrs=sweep.lrs,
        reused_index=reused,
        rate=sweep.divergence_rate(size_index, reused) or 0.0,
        is_target=is_target,
        unit=sweep.cost_unit,
        lr_factor=sweep.lr_factor,
    )


def _spreads(
    sweep: Sweep, size_index: int, lr_index: int | None, thresholds: Thresholds
) -> list[SharpnessSpread]:
    """Return M5 at the reused LR and below: against the largest size, and of the largest against the base.

    None after a step up: sharpness depends on batch and horizon at any LR.
    """
    if lr_index is None or sweep.is_step_up:
        return []
    widest = max(sweep.planned, default=sweep.base_index)
    other = sweep.base_index if size_index == widest else widest
    distances = [abs(sweep.log2_lrs - sweep.log2_lrs[lr_index] - octaves) for octaves in LOWER_OCTAVES]
    indices = [int(each.argmin()) for each in distances if each.min() <= GRID_TOLERANCE]
    spreads = [sharpness_spread(sweep, size_index, other, index, thresholds) for index in indices]
    shares = [late_edge_share(sweep, (size_index, other), index, thresholds) for index in indices]
    judged = _judged_place(spreads, shares)
    return [each.model_copy(update={"is_judged": index == judged}) for index, each in enumerate(spreads)]


def _judged_place(spreads: list[SharpnessSpread], shares: list[float]) -> int | None:
    """Return the index of the highest LR away from the edge of stability, else of the one least at it."""
    usable = [index for index, each in enumerate(spreads) if each.level is not None]
    away = [index for index in usable if shares[index] <= MOST_AT_EDGE]
    return next(iter(away), min(usable, key=shares.__getitem__, default=None))
