"""Cost of reuse in every unit that is known, the one that decides, and the numbers of an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from muscope.backend.analysis.statistics.intervals import finite_or_none
from muscope.backend.analysis.verdict.rules import Ends
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Estimate, Interval
from muscope.backend.sweeps.answers.answer import SweepMeasures, SweepUnit
from muscope.backend.sweeps.measures.law import ScalingLaw
from muscope.backend.sweeps.measures.pair import UNKNOWN, Measured

METHOD = "one_run_noise"
# Share of the limit below which a cost without known noise is no difference between two LRs.
FLAT = 0.1


@dataclass(frozen=True)
class Yardstick:
    """Limits, assumed law and loss at init, by which costs are measured."""

    limits: Thresholds
    law: ScalingLaw | None
    initial: float | None
    metric: str = "loss"


@dataclass(frozen=True)
class Costing:
    """Cost of reuse in every unit that is known, and the one that decides with its limit."""

    unit: SweepUnit
    cost: Ends
    limit: float
    compute: Ends
    improvement: Ends


def costing_of(found: Measured, by: Yardstick) -> Costing:
    """Return the cost in all units; compute decides where known, else M2, else the share of the benefit."""
    compute = improvement = UNKNOWN
    best = found.best_loss
    if by.law is not None and by.metric == "loss" and not math.isnan(by.law.extra_compute(best, 0.0)):
        compute = Ends(*(by.law.extra_compute(best, each) for each in found.excess))
    if by.initial is not None and by.initial > best:
        improvement = Ends(*(each / (by.initial - best) for each in found.excess))
    if math.isfinite(compute.value) or compute.value == math.inf:
        return Costing(SweepUnit.COMPUTE, compute, by.limits.extra_training, compute, improvement)
    if math.isfinite(improvement.value) and by.initial is not None:
        benefit = max(0.0, found.gain.low if math.isfinite(found.gain.low) else found.gain.value)
        limit = by.limits.cost_limit(benefit / (by.initial - best))
        return Costing(SweepUnit.IMPROVEMENT, improvement, limit, compute, improvement)
    if found.has_benefit:
        return Costing(SweepUnit.BENEFIT, found.lost, by.limits.transfers_gain_loss, compute, improvement)
    return Costing(SweepUnit.LOSS, found.excess, 0.0, compute, improvement)


def measures_of(found: Measured, costing: Costing) -> SweepMeasures:
    """Return the numbers of a pair for the answer."""
    base_lr = None if found.of_base is None else found.base.lrs[found.of_base.index]
    has_best = found.of_target is not None and found.target.is_swept
    best_lr = found.target.lrs[found.of_target.index] if has_best and found.of_target else None
    is_known = costing.unit is not SweepUnit.LOSS and math.isfinite(costing.cost.value)
    return SweepMeasures(
        base_lr=base_lr,
        best_lr=best_lr,
        shift=0.0 if _is_flat(found, costing) else finite_or_none(found.shift),
        fitted_shift=_estimate(found.fitted),
        base_loss=finite_or_none(found.base_loss),
        best_loss=finite_or_none(found.best_loss),
        reused_loss=finite_or_none(found.reading.loss),
        cost=_estimate(found.excess),
        is_lower_bound=found.of_target is not None and found.of_target.is_edge,
        is_interpolated=found.reading.is_interpolated,
        benefit=_estimate(found.gain),
        benefit_lost=_estimate(found.lost),
        extra_compute=_estimate(costing.compute),
        improvement_lost=_estimate(costing.improvement),
        unit=costing.unit,
        limit=costing.limit if is_known else None,
        divergence_rate=finite_or_none(found.rate),
        margin=finite_or_none(found.margin),
        base_margin=finite_or_none(found.base_margin),
        num_runs=found.num_runs,
    )


def _is_flat(found: Measured, costing: Costing) -> bool:
    """Return whether the best LR is no better than the reused one, where no noise says so."""
    if math.isfinite(found.excess.low) or costing.unit is SweepUnit.LOSS:
        return False
    return bool(costing.cost.value <= FLAT * costing.limit)


def _estimate(ends: Ends, method: str = METHOD) -> Estimate:
    interval = None
    if math.isfinite(ends.low) and math.isfinite(ends.high):
        interval = Interval(low=ends.low, high=ends.high, level=0.9, method=method)
    return Estimate(value=finite_or_none(ends.value), interval=interval)
