"""Outcome of one pair of curves, and of several that differ only in what is held fixed.

The rules are those of the verdict (`analysis.verdict.rules`), applied to what a foreign sweep has. Three
things differ and are said with every answer: a table has no loss at init, so the cost is counted in compute
by an assumed law, or as a share of the benefit; with fewer than three seeds the estimate decides where the
noise is smaller than the limit, and the answer is provisional; optima without losses can only show a failure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from muscope.backend.analysis.measures.cliff import margin_beyond
from muscope.backend.analysis.reasons import reason
from muscope.backend.analysis.statistics.intervals import estimate, finite_or_none
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.rules import Ends, Facts
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Outcome, Reason
from muscope.backend.sweeps.answers.answer import SweepMeasures, SweepPair, SweepUnit
from muscope.backend.sweeps.answers.costing import Costing, Yardstick, costing_of, measures_of
from muscope.backend.sweeps.measures.pair import UNKNOWN, Measured
from muscope.backend.sweeps.reading.runs import Level


def facts_of(found: Measured, costing: Costing, by: Yardstick, *, is_target: bool) -> Facts:
    """Return the facts the rules of the verdict read."""
    of_base, of_target = found.of_base, found.of_target
    return Facts(
        is_base_learned=of_base is not None,
        is_base_edge=of_base is not None and of_base.is_edge,
        has_interpolated=False,
        rate=found.rate,
        margin=found.margin,
        regret=_regret(found, costing, by.limits),
        cost=decisive(costing.cost, costing.limit, found.num_runs, by.limits),
        cost_limit=costing.limit,
        gain_loss=_or_value(found.lost),
        lost_margin=found.lost_margin,
        shift=_octaves(found),
        has_target=of_target is not None,
        has_reused=math.isfinite(found.reading.loss),
        is_target_learned=of_target is not None,
        is_target_edge=of_target is not None and of_target.is_edge,
        is_largest=is_target,
    )


def decisive(cost: Ends, limit: float, num_runs: int, limits: Thresholds) -> Ends:
    """Return what is compared with the limit: the interval, with few seeds the estimate where it is precise.

    Without a known noise the estimate is all there is; a noise above the limit leaves the answer open.
    """
    if num_runs >= limits.min_seeds or math.isnan(cost.value):
        return cost
    half = (cost.high - cost.low) / 2.0
    is_precise = math.isnan(half) or half <= max(limit, 0.0) or cost.low > limit
    return Ends(cost.value, cost.value, cost.value) if is_precise else cost


def _regret(found: Measured, costing: Costing, limits: Thresholds) -> Ends:
    """Return M2; without one, and where no benefit can be lost, compute on the scale of M2's limits."""
    if math.isfinite(costing.improvement.value):
        return _or_value(costing.improvement)
    if found.has_benefit or costing.unit is not SweepUnit.COMPUTE:
        return UNKNOWN
    scale = limits.transfers_regret / limits.extra_training
    return Ends(*(scale * each for each in _or_value(costing.compute)))


def _or_value(ends: Ends) -> Ends:
    """Return ends that are the estimate itself where no interval is known."""
    return ends if math.isfinite(ends.low) else Ends(ends.value, ends.value, ends.value)


def _octaves(found: Measured) -> Ends:
    """Return the shift on the grid, known to a step of the target's grid to either side."""
    if math.isnan(found.shift):
        return UNKNOWN
    step = found.target.step
    return Ends(found.shift, found.shift - step, found.shift + step)


def decide(
    found: Measured, costing: Costing, by: Yardstick, doublings: float, *, is_target: bool
) -> tuple[Outcome, str, tuple[Reason, ...], SweepMeasures]:
    """Return the outcome of one pair, the rule behind it, reasons and numbers.

    Args:
        doublings: of the axis from base to target.
    """
    measures = measures_of(found, costing)
    if not found.base.has_losses and not found.target.has_losses:
        outcome, rule = _by_optima(found, by.limits)
        shift = _optima_shift(found)
        measures = measures.model_copy(update={"shift": finite_or_none(round(shift, 2) + 0.0)})
        return outcome, rule, (reason("no_losses"), *_growth(found)), measures
    if not found.base.is_swept:
        return Outcome.INCONCLUSIVE, "base_not_swept", _growth(found), measures
    if not found.target.is_swept and math.isfinite(found.reading.loss) and not found.rate > rules.MAJORITY:
        return Outcome.INCONCLUSIVE, "single_rate", _growth(found), measures
    facts = facts_of(found, costing, by, is_target=is_target)
    first = rules.RULES[int(rules.first_rule(facts, by.limits))]
    outcome = first.outcome
    if outcome is Outcome.TRANSFERS and _is_nearing(found, doublings, by.limits):
        return Outcome.SHARPNESS_DRIFTS, "margin_shrinks", _growth(found), measures
    return outcome, first.text, _growth(found), measures


def _is_nearing(found: Measured, doublings: float, limits: Thresholds) -> bool:
    """Return whether one more doubling would leave less of the margin than an LR needs."""
    beyond = margin_beyond(finite_or_none(found.margin), finite_or_none(found.base_margin), doublings)
    return beyond is not None and beyond < limits.min_margin


def _by_optima(found: Measured, limits: Thresholds) -> tuple[Outcome, str]:
    """Return the outcome of optima without losses: a failure where they lie far apart, else open."""
    if abs(_optima_shift(found)) > limits.fine_tune_shift:
        return Outcome.DOES_NOT_TRANSFER, "optimum_moved"
    return Outcome.INCONCLUSIVE, "no_losses"


def _optima_shift(found: Measured) -> float:
    if len(found.base.log2_lrs) != 1 or len(found.target.log2_lrs) != 1:
        return math.nan
    return float(found.target.log2_lrs[0] - found.base.log2_lrs[0])


def _growth(found: Measured) -> tuple[Reason, ...]:
    """Return the reasons that a larger value is worse: at the reused LR, and at each one's best."""
    reasons = []
    at_base, noise = found.base_loss, found.gain.value - found.gain.low
    least = noise if math.isfinite(noise) else 0.0
    if found.target.is_swept and found.best_loss > at_base + least:
        reasons.append(reason("worse_at_best", base=four_digits(at_base), loss=four_digits(found.best_loss)))
    return tuple(reasons)


def four_digits(value: float) -> float:
    """Return a loss or an LR as it is said in a sentence."""
    return float(f"{value:.4g}")


@dataclass(frozen=True)
class Judged:
    """One pair of curves with its outcome."""

    found: Measured
    costing: Costing
    said: SweepPair
    is_target: bool


def judged(
    found: Measured,
    by: Yardstick,
    ends: tuple[Level, Level],
    held: dict[str, Level],
    loose: tuple[str, ...],
    *,
    is_target: bool,
) -> Judged:
    """Return one pair with its outcome as it is said."""
    costing = costing_of(found, by)
    outcome, rule, reasons, measures = decide(found, costing, by, _doublings(*ends), is_target=is_target)
    said = SweepPair(
        base=ends[0],
        target=ends[1],
        held=held,
        loose=loose,
        outcome=outcome,
        rule=rule,
        is_provisional=found.num_runs < by.limits.full_seeds,
        measures=measures,
        # A condition has no larger level.
        reasons=tuple(each for each in reasons if each.code != "worse_at_best" or isinstance(ends[1], float)),
    )
    return Judged(found, costing, said, is_target)


def _doublings(base: Level, target: Level) -> float:
    """Return the doublings between two values of an axis; one between conditions, which have no order."""
    return math.log2(target / base) if isinstance(base, float) and isinstance(target, float) else 1.0


def mean_ends(each: Sequence[Ends], level: float) -> Ends:
    """Return the mean over strata with its Student-t interval; infinite where one of them is."""
    values = np.array([ends.value for ends in each], dtype=float)
    if np.isinf(values).any():
        return Ends(math.inf, math.inf, math.inf)
    found = estimate(values, level)
    if found.value is None or found.interval is None:
        return UNKNOWN if found.value is None else Ends(found.value, math.nan, math.nan)
    return Ends(found.value, found.interval.low, found.interval.high)
