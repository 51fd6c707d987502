"""Findings of one larger size: the rule that decides, and its reasons as catalogue keys.

The rules are in `rules`; this module turns one case into the facts they read, and each rule into its reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.measures.transfer import Comparison
from muscope.backend.analysis.reasons import (
    multiple,
    multiple_range,
    named,
    named_base,
    percent,
    reason,
    rounded,
    share_range,
)
from muscope.backend.analysis.statistics.optimum import Optimum
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.rules import SEVERITY, TRAIN_INTERPOLATES, Ends, Facts
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.spec.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Estimate, Interval, Outcome, Reason, SharpnessSpread

# Upper limit on the seeds a reason asks for, as a multiple of those run; beyond it no number is given.
MOST_SEEDS = 4


class Finding(NamedTuple):
    """Outcome, the rule that gave it (`rule.<rule>`), and the reasons."""

    outcome: Outcome
    rule: str
    reasons: tuple[Reason, ...] = ()


class Case(NamedTuple):
    """One size on one loss, as input of the rules.

    `rate` is the divergence rate at this loss's reused LR. `is_target`: the size is the largest of its axis,
    whose benefit is the aim of going larger. The share of the benefit that is lost (M2s) is judged at that
    size only: over one doubling the benefit is too small to distinguish a share of it from noise (ADR 0019).
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


def facts_of(case: Case, thresholds: Thresholds) -> Facts:
    """Return the facts the rules read, as scalars; NaN stands for an unknown value."""
    found, statistics = case.comparison, case.comparison.statistics
    return Facts(
        is_base_learned=found.base is not None and found.has_base_learned,
        is_base_edge=found.base is not None and found.base.is_edge,
        has_interpolated=found.has_base_interpolated and case.loss is Metric.TRAIN_LOSS,
        rate=case.rate,
        regret=_ends(case.regret),
        gain_loss=_ends(case.gain_loss),
        search_gain_loss=_ends(found.search_gain_loss),
        lost_margin=math.nan
        if found.benefit is None
        else found.benefit.lost_margin(thresholds.fine_tune_gain_loss, thresholds.level),
        shift=_ends(case.shift),
        median_shift=_number(found.median_shift),
        has_target=found.target is not None,
        has_reused=statistics.reused_loss is not None,
        is_target_learned=found.target is not None and found.has_target_learned,
        is_target_edge=found.target is not None and found.target.is_edge,
        lacks_gain=statistics.has_gain is False,
        is_largest=case.is_target,
    )


def _ends(estimate: Estimate) -> Ends:
    interval = estimate.interval
    low, high = (math.nan, math.nan) if interval is None else (interval.low, interval.high)
    return Ends(_number(estimate.value), low, high)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def judge_loss(case: Case, thresholds: Thresholds) -> Finding:
    """Judge one size on one loss: the first rule that applies, and its reasons."""
    rule = rules.RULES[int(rules.first_rule(facts_of(case, thresholds), thresholds))]
    return Finding(rule.outcome, rule.text, _REASONS[rule.name](case, thresholds))


def judge_base(case: Case, thresholds: Thresholds) -> Finding | None:
    """Return the finding that forbids judging from this base; None where the base gives an LR to reuse."""
    facts = facts_of(case, thresholds)
    for rule in rules.BASE_RULES:
        if rule.applies(facts, thresholds):
            return Finding(rule.outcome, rule.text, _REASONS[rule.name](case, thresholds))
    return None


def _nothing_learned(case: Case, size: Size) -> tuple[Reason, ...]:
    return (reason("nothing_learned", **named(size), loss=case.loss),)


def _at_edge(case: Case, size: Size, best: Optimum | None) -> tuple[Reason, ...]:
    assert best is not None, "an optimum at an edge is there"
    lr = rounded(case.lrs[best.index])
    if best.is_lower:
        return (reason("optimum_at_lower_edge", loss=case.loss, lr=lr, **named(size)),)
    return (reason("optimum_at_upper_edge", loss=case.loss, lr=lr, **named(size)),)


def _flat(case: Case) -> tuple[Reason, ...]:
    shift = multiple(_number(case.shift.value))
    return (reason("flat_optimum", **named(case.size), loss=case.loss, shift=shift),)


def _fine_tune(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    facts, limit = facts_of(case, thresholds), thresholds.fine_tune_gain_loss
    is_kept = not case.is_target or bool(facts.gain_loss.is_below(limit))
    mended = () if is_kept else (_search_reason(case, thresholds.transfers_gain_loss),)
    return (*transfers_unmet(case, thresholds), *mended)


# Reasons of each rule of `rules.RULES`, in the order of the rules.
_REASONS: dict[str, Callable[[Case, Thresholds], tuple[Reason, ...]]] = {
    "nothing_learned": lambda case, _: _nothing_learned(case, case.base),
    "base_at_edge": lambda case, _: _at_edge(case, case.base, case.comparison.base),
    TRAIN_INTERPOLATES: lambda case, _: (reason("train_interpolates", **named(case.base)),),
    "diverges": lambda case, _: (_divergence_reason(case),),
    "regret_too_large": lambda case, t: (_regret_reason(case, case.regret.interval, t.fine_tune_regret),),
    "benefit_lost": lambda case, t: (_gain_reason(case, case.gain_loss.interval, t.fine_tune_gain_loss),),
    "shift_too_large": lambda case, t: (_shift_reason(case, case.shift.interval, t.fine_tune_shift),),
    "reused_not_run": lambda case, _: (
        reason("reused_not_run", loss=case.loss, lr=rounded(case.lrs[case.reused_index]), **named(case.size)),
    ),
    "target_learned_nothing": lambda case, _: _nothing_learned(case, case.size),
    "target_at_edge": lambda case, _: _at_edge(case, case.size, case.comparison.target),
    "flat_optimum": lambda case, _: _flat(case),
    "no_gain": lambda case, _: (
        reason("no_gain", loss=case.loss, **named(case.size), **named_base(case.base)),
    ),
    "transfers": lambda case, t: _met(case, t),
    "fine_tune": _fine_tune,
    "unresolved": lambda case, t: (*fine_tune_unmet(case, t), _seeds_reason(case, t)),
}


def _seeds_reason(case: Case, thresholds: Thresholds) -> Reason:
    """Return the reason with the number of further seeds that would settle the costs.

    Intervals shrink with the root of the number of seeds.
    """
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
    """Return the seeds with which the interval would lie on one side of the limit, at an unchanged centre."""
    if estimate.interval is None or estimate.value is None:
        return 0.0
    low, high, value = estimate.interval.low, estimate.interval.high, estimate.value
    if high <= limit or low > limit:
        return 0.0
    half = high - value if value <= limit else value - low
    gap = abs(limit - value)
    return math.inf if gap == 0 else given * (half / gap) ** 2


def transfers_unmet(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    """Return the reasons that keep a loss from transferring; empty when it transfers."""
    facts = facts_of(case, thresholds)
    is_kept = bool(rules.keeps_benefit(facts, thresholds))
    costs = _costs_unmet(case, facts, thresholds.transfers_regret, thresholds.transfers_gain_loss, is_kept)
    if rules.is_near(facts, thresholds):
        return costs
    return (*costs, _shift_reason(case, case.shift.interval, thresholds.transfers_shift))


def fine_tune_unmet(case: Case, thresholds: Thresholds) -> tuple[Reason, ...]:
    """Return the reasons why a narrow search is not enough for a loss; empty when it is enough."""
    facts = facts_of(case, thresholds)
    is_kept = bool(rules.search_keeps_benefit(facts, thresholds))
    costs = _costs_unmet(case, facts, thresholds.fine_tune_regret, thresholds.fine_tune_gain_loss, is_kept)
    if rules.is_near_median(facts, thresholds):
        return costs
    return (*costs, _shift_reason(case, case.shift.interval, thresholds.fine_tune_shift))


def _costs_unmet(
    case: Case, facts: Facts, regret_limit: float, gain_limit: float, is_benefit_kept: bool
) -> tuple[Reason, ...]:
    unmet = []
    if not facts.regret.is_below(regret_limit):
        unmet.append(_regret_reason(case, case.regret.interval, regret_limit))
    if not is_benefit_kept:
        unmet.append(_gain_reason(case, case.gain_loss.interval, gain_limit))
    if not rules.is_stable(facts):
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
    """Combine one size's findings over its losses: all must agree to transfer; a train loss may abstain."""
    abstains = np.array([[finding.rule == TRAIN_INTERPOLATES] for finding in findings])
    severities = np.array([[SEVERITY[finding.outcome]] for finding in findings])
    (severity,), (disagrees,) = rules.combined(severities, abstains)
    votes = [finding for finding in findings if finding.rule != TRAIN_INTERPOLATES] or findings
    abstained = tuple(why for finding in findings if finding not in votes for why in finding.reasons)
    if disagrees:
        every = tuple(why for finding in votes for why in finding.reasons)
        why = (reason("losses_disagree"), *every, *abstained)
        return Finding(Outcome.INCONCLUSIVE, "losses_disagree", why)
    worst = next(finding for finding in votes if SEVERITY[finding.outcome] == severity)
    same = tuple(why for finding in votes if finding.outcome is worst.outcome for why in finding.reasons)
    return Finding(worst.outcome, worst.rule, same + abstained)


def with_sharpness(
    finding: Finding, spread: SharpnessSpread | None, size: Size, thresholds: Thresholds
) -> Finding:
    """Turn a transfer into "sharpness drifts" where the sharpness of the sizes drifts apart (M5)."""
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
