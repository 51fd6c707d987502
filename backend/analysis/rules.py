"""The rules of science.md §6.3-6.4 for one larger size, in their order.

Per loss, the first that applies decides: the base cannot be trusted → inconclusive; does not transfer; the
target's optimum is unknown → inconclusive; flat optimum or no benefit of size → inconclusive; transfers;
fine-tune; what is left is inconclusive. Does-not-transfer stands before the target's edge, since a grid that
is too short only understates regret, lost benefit and shift.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from backend.analysis.optimal_lr import Optimum
from backend.analysis.reasons import (
    multiple,
    multiple_range,
    named,
    named_base,
    percent,
    reason,
    rounded,
    share_range,
)
from backend.analysis.transfer import Comparison
from backend.domain.metrics import Metric
from backend.domain.size import Size
from backend.domain.thresholds import Thresholds
from backend.domain.verdict import Estimate, Interval, Outcome, Reason, SharpnessSpread

TRAIN_INTERPOLATES = "train_interpolates"
MAJORITY = 0.5
# More than so many times the seeds are not asked for: what lies that close to a limit stays undecided.
MOST_SEEDS = 4

# The worst size and the worst loss decide. A proven failure outweighs what is not known.
SEVERITY = {
    outcome: rank
    for rank, outcome in enumerate(
        (
            Outcome.TRANSFERS,
            Outcome.SHARPNESS_DRIFTS,
            Outcome.FINE_TUNE,
            Outcome.INCONCLUSIVE,
            Outcome.DOES_NOT_TRANSFER,
        )
    )
}


class Finding(NamedTuple):
    """An outcome, the rule that gave it (`rule.<rule>`), and why."""

    outcome: Outcome
    rule: str
    reasons: tuple[Reason, ...] = ()


class Case(NamedTuple):
    """What is judged: one size on one loss.

    `rate` is the divergence rate at this loss's reused LR. `is_target`: it is the largest size of its axis,
    whose benefit is what going larger is for. The share of the benefit that is lost (M2s) is judged there
    only: over one doubling the benefit is too small to tell a share of it from noise (ADR 0019).
    """

    comparison: Comparison
    base: Size
    size: Size
    lrs: tuple[float, ...]
    reused_index: int
    rate: float
    is_target: bool = True

    @property
    def loss(self) -> Metric:
        return self.comparison.statistics.loss

    @property
    def regret(self) -> Estimate:
        return self.comparison.statistics.transfer_regret

    @property
    def gain_loss(self) -> Estimate:
        return self.comparison.statistics.gain_loss

    @property
    def shift(self) -> Estimate:
        return self.comparison.statistics.lr_shift


def judge_loss(case: Case, thresholds: Thresholds) -> Finding:
    """Judge one size on one loss."""
    for rule in (judge_base, _judge_failure, _judge_target, _judge_benefit, _judge_success):
        finding = rule(case, thresholds)
        if finding is not None:
            return finding
    unmet = fine_tune_unmet(case, thresholds)
    return Finding(Outcome.INCONCLUSIVE, "unresolved", (*unmet, _seeds_reason(case, thresholds)))


def judge_base(case: Case, _thresholds: Thresholds) -> Finding | None:
    """Say why nothing can be judged from this base; None where it gives an LR to reuse."""
    comparison = case.comparison
    if comparison.base is None or not comparison.has_base_learned:
        why = reason("nothing_learned", **named(case.base), loss=case.loss)
        return Finding(Outcome.INCONCLUSIVE, "nothing_learned", (why,))
    if comparison.base.is_edge:
        why = _edge_reason(case, case.base, comparison.base)
        return Finding(Outcome.INCONCLUSIVE, "base_at_edge", (why,))
    if comparison.has_base_interpolated and case.loss is Metric.TRAIN_LOSS:
        why = reason("train_interpolates", **named(case.base))
        return Finding(Outcome.INCONCLUSIVE, TRAIN_INTERPOLATES, (why,))
    return None


def _edge_reason(case: Case, size: Size, best: Optimum) -> Reason:
    lr = rounded(case.lrs[best.index])
    if best.is_lower:
        return reason("optimum_at_lower_edge", loss=case.loss, lr=lr, **named(size))
    return reason("optimum_at_upper_edge", loss=case.loss, lr=lr, **named(size))


def _judge_failure(case: Case, thresholds: Thresholds) -> Finding | None:
    if case.rate > MAJORITY:
        return Finding(Outcome.DOES_NOT_TRANSFER, "diverges", (_divergence_reason(case),))
    regret, shift = case.regret.interval, case.shift.interval
    if regret is not None and regret.low > thresholds.fine_tune_regret:
        why = _regret_reason(case, regret, thresholds.fine_tune_regret)
        return Finding(Outcome.DOES_NOT_TRANSFER, "regret_too_large", (why,))
    lost, limit = case.gain_loss.interval, thresholds.fine_tune_gain_loss
    benefit = case.comparison.benefit
    is_sure = benefit is not None and benefit.is_lost(limit, thresholds.level)
    if case.is_target and is_sure and lost is not None and lost.low > limit:
        return Finding(Outcome.DOES_NOT_TRANSFER, "benefit_lost", (_gain_reason(case, lost, limit),))
    limit = thresholds.fine_tune_shift
    is_far = shift is not None and (shift.low > limit or shift.high < -limit)
    if shift is not None and is_far and not _is_cheap(case, thresholds):
        why = _shift_reason(case, shift, limit)
        return Finding(Outcome.DOES_NOT_TRANSFER, "shift_too_large", (why,))
    return None


def _judge_target(case: Case, _thresholds: Thresholds) -> Finding | None:
    target = case.comparison.target
    if target is not None and case.comparison.statistics.reused_loss is None:
        lr = rounded(case.lrs[case.reused_index])
        why = reason("reused_not_run", loss=case.loss, lr=lr, **named(case.size))
        return Finding(Outcome.INCONCLUSIVE, "reused_not_run", (why,))
    if target is None or not case.comparison.has_target_learned:
        why = reason("nothing_learned", **named(case.size), loss=case.loss)
        return Finding(Outcome.INCONCLUSIVE, "nothing_learned", (why,))
    if target.is_edge:
        return Finding(Outcome.INCONCLUSIVE, "target_at_edge", (_edge_reason(case, case.size, target),))
    return None


def _judge_benefit(case: Case, thresholds: Thresholds) -> Finding | None:
    value = case.shift.value
    if value is not None and abs(value) > thresholds.fine_tune_shift and _is_cheap(case, thresholds):
        why = reason("flat_optimum", **named(case.size), loss=case.loss, shift=multiple(value))
        return Finding(Outcome.INCONCLUSIVE, "flat_optimum", (why,))
    if case.is_target and case.comparison.statistics.has_gain is False:
        why = reason("no_gain", loss=case.loss, **named(case.size), **named_base(case.base))
        return Finding(Outcome.INCONCLUSIVE, "no_gain", (why,))
    return None


def _judge_success(case: Case, thresholds: Thresholds) -> Finding | None:
    unmet = transfers_unmet(case, thresholds)
    if not unmet:
        return Finding(Outcome.TRANSFERS, "transfers", _met(case, thresholds))
    if not fine_tune_unmet(case, thresholds):
        is_kept = not case.is_target or _is_below(case.gain_loss, thresholds.fine_tune_gain_loss)
        mended = () if is_kept else (_search_reason(case, thresholds.transfers_gain_loss),)
        return Finding(Outcome.FINE_TUNE, "fine_tune", (*unmet, *mended))
    return None


def _seeds_reason(case: Case, thresholds: Thresholds) -> Reason:
    """Say how many more seeds would settle the costs, as intervals shrink with their root."""
    given = case.comparison.num_seeds
    needed = max(
        _seeds_needed(case.regret, thresholds.fine_tune_regret, given),
        _seeds_needed(case.gain_loss, thresholds.fine_tune_gain_loss, given),
    )
    if given < needed <= MOST_SEEDS * given:
        return reason("add_seeds_about", add=math.ceil(needed) - given, **named(case.size))
    if needed > given:
        return reason("add_seeds_many", **named(case.size))
    return reason("add_seeds", **named(case.size))


def _seeds_needed(estimate: Estimate, limit: float, given: int) -> float:
    """Return with how many seeds the interval would lie on one side of the limit, were its middle right."""
    if estimate.interval is None or estimate.value is None:
        return 0.0
    low, high, value = estimate.interval.low, estimate.interval.high, estimate.value
    if high <= limit or low > limit:
        return 0.0
    half = high - value if value <= limit else value - low
    gap = abs(limit - value)
    return math.inf if gap == 0 else given * (half / gap) ** 2


def _is_cheap(case: Case, thresholds: Thresholds) -> bool:
    """Tell whether reuse costs next to nothing, whatever the distance between the optima."""
    has_none = not case.is_target or case.comparison.statistics.has_gain is False
    is_gain_kept = has_none or _is_below(case.gain_loss, thresholds.transfers_gain_loss)
    return _is_below(case.regret, thresholds.transfers_regret) and is_gain_kept


def _is_below(estimate: Estimate, limit: float) -> bool:
    return estimate.interval is not None and estimate.interval.high <= limit


def transfers_unmet(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    """Name what keeps a loss from transferring; empty when it does."""
    limit, shift = thresholds.transfers_shift, case.shift.interval
    is_near = shift is not None and -limit <= shift.low and shift.high <= limit
    is_kept = _is_below(case.gain_loss, thresholds.transfers_gain_loss)
    costs = _costs_unmet(case, thresholds.transfers_regret, thresholds.transfers_gain_loss, is_kept)
    return costs if is_near else (*costs, _shift_reason(case, shift, limit))


def fine_tune_unmet(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    """Name what keeps a loss from being fixed by a narrow search; empty when that is enough.

    Of the benefit either reuse itself loses less than a third, or the search is shown to keep it (ADR 0026).
    """
    limit, median = thresholds.fine_tune_shift, case.comparison.median_shift
    is_kept = _is_below(case.gain_loss, thresholds.fine_tune_gain_loss) or _is_below(
        case.comparison.search_gain_loss, thresholds.transfers_gain_loss
    )
    costs = _costs_unmet(case, thresholds.fine_tune_regret, thresholds.fine_tune_gain_loss, is_kept)
    is_near = median is not None and median <= limit
    return costs if is_near else (*costs, _shift_reason(case, case.shift.interval, limit))


def _costs_unmet(
    case: Case, regret_limit: float, gain_limit: float, is_benefit_kept: bool
) -> tuple[Reason, ...]:
    unmet = []
    if not _is_below(case.regret, regret_limit):
        unmet.append(_regret_reason(case, case.regret.interval, regret_limit))
    if case.is_target and not is_benefit_kept:
        unmet.append(_gain_reason(case, case.gain_loss.interval, gain_limit))
    if case.rate > 0:
        unmet.append(_divergence_reason(case))
    return tuple(unmet)


def _met(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    kept = (_gain_reason(case, case.gain_loss.interval, thresholds.transfers_gain_loss),)
    return (
        _regret_reason(case, case.regret.interval, thresholds.transfers_regret),
        *(kept if case.is_target else ()),
        _shift_reason(case, case.shift.interval, thresholds.transfers_shift),
    )


def _regret_reason(case: Case, interval: Interval | None, limit: float) -> Reason:
    if interval is None:
        return reason("not_computed", **named(case.size), loss=case.loss)
    ends = share_range(interval)
    return reason("regret", **named(case.size), loss=case.loss, limit=percent(limit), **ends)


def _gain_reason(case: Case, interval: Interval | None, limit: float) -> Reason:
    if interval is None:
        return reason("not_computed", **named(case.size), loss=case.loss)
    ends = share_range(interval)
    return reason("gain_loss", **named(case.size), loss=case.loss, limit=percent(limit), **ends)


def _search_reason(case: Case, limit: float) -> Reason:
    interval = case.comparison.search_gain_loss.interval
    assert interval is not None, "an interval that lies below its limit is there"
    ends = share_range(interval)
    return reason("search_keeps", **named(case.size), loss=case.loss, limit=percent(limit), **ends)


def _shift_reason(case: Case, interval: Interval | None, limit: float) -> Reason:
    if interval is None:
        return reason("not_computed", **named(case.size), loss=case.loss)
    limits = {"limit_low": multiple(-limit), "limit_high": multiple(limit)}
    return reason("shift", **named(case.size), loss=case.loss, **limits, **multiple_range(interval))


def _divergence_reason(case: Case) -> Reason:
    return reason(
        "diverges", **named(case.size), percent=percent(case.rate), lr=rounded(case.lrs[case.reused_index])
    )


def combine_losses(findings: list[Finding]) -> Finding:
    """Judge one size by all its losses: they must agree to transfer, and a training loss may abstain."""
    votes = [finding for finding in findings if finding.rule != TRAIN_INTERPOLATES] or findings
    abstained = tuple(why for finding in findings if finding not in votes for why in finding.reasons)
    outcomes = {finding.outcome for finding in votes}
    if {Outcome.TRANSFERS, Outcome.DOES_NOT_TRANSFER} <= outcomes:
        every = tuple(why for finding in votes for why in finding.reasons)
        why = (reason("losses_disagree"), *every, *abstained)
        return Finding(Outcome.INCONCLUSIVE, "losses_disagree", why)
    worst = max(votes, key=lambda finding: SEVERITY[finding.outcome])
    same = tuple(why for finding in votes if finding.outcome is worst.outcome for why in finding.reasons)
    return Finding(worst.outcome, worst.rule, same + abstained)


def with_sharpness(
    finding: Finding, spread: SharpnessSpread | None, size: Size, thresholds: Thresholds
) -> Finding:
    """Turn a transfer into a watch where the sharpness of the sizes drifts apart."""
    if finding.outcome is not Outcome.TRANSFERS:
        return finding
    if spread is None or spread.level is None:
        return finding._replace(reasons=(*finding.reasons, reason("sharpness_not_compared", **named(size))))
    ratio = rounded(math.exp(spread.level))
    if spread.level > math.log(thresholds.spread_level):
        why = reason("spread_level", **named(size), ratio=ratio, limit=thresholds.spread_level)
        return Finding(Outcome.SHARPNESS_DRIFTS, "spread_level", (why, *finding.reasons))
    growth, between_seeds = spread.growth.interval, spread.seed_spread
    grows = growth is not None and growth.low > 0
    if grows and between_seeds is not None and spread.level > 2 * between_seeds:
        why = reason("spread_growth", **named(size), ratio=ratio)
        return Finding(Outcome.SHARPNESS_DRIFTS, "spread_growth", (why, *finding.reasons))
    return finding
