"""Findings of one larger size: the rule that decides, and its reasons as catalogue keys.

The rules are in `rules`; this module turns one case into the facts they read, and each rule into its reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from muscope.backend.analysis.measures.transfer import Comparison
from muscope.backend.analysis.reasons import (
    multiple,
    multiple_range,
    named,
    percent,
    reason,
    rounded,
    share_range,
)
from muscope.backend.analysis.statistics.optimum import Optimum
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.rules import Ends, Facts
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS, CostUnit
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Estimate, Outcome, Reason, SharpnessSpread


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
    unit: CostUnit = CostUnit.SHARE
    lr_factor: float = 1.0

    def lr_at_size(self, lr_index: int) -> float:
        """Return what the size trains with at an index of the base's grid, rounded."""
        return rounded(self.lrs[lr_index] * self.lr_factor)

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

    def cost(self) -> Estimate:
        """Return what decides, in the unit that was declared."""
        return self.comparison.statistics.cost_in(self.unit)

    def cost_limit(self, thresholds: Thresholds) -> float:
        """Return the limit of what decides."""
        return self.comparison.statistics.limit_in(self.unit, thresholds)


def facts_of(case: Case, thresholds: Thresholds) -> Facts:
    """Return the facts the rules read, as scalars; NaN stands for an unknown value."""
    found, statistics = case.comparison, case.comparison.statistics
    benefit = found.costs.benefit
    return Facts(
        is_base_learned=found.base is not None and found.has_base_learned,
        is_base_edge=found.base is not None and found.base.is_edge,
        has_interpolated=found.has_base_interpolated,
        rate=case.rate,
        margin=math.inf if found.margin is None else found.margin,
        regret=_ends(case.regret),
        cost=_ends(case.cost()),
        cost_limit=case.cost_limit(thresholds),
        gain_loss=_ends(case.gain_loss),
        lost_margin=math.nan
        if benefit is None
        else benefit.lost_margin(thresholds.fine_tune_gain_loss, thresholds.level),
        shift=_ends(case.shift),
        has_target=found.target is not None,
        has_reused=statistics.reused_loss is not None,
        is_target_learned=found.target is not None and found.has_target_learned,
        is_target_edge=found.target is not None and found.target.is_edge,
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
    rule = rules.RULES[_rule_index(case, thresholds)]
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
    lr = rounded(case.lrs[best.index]) if best is case.comparison.base else case.lr_at_size(best.index)
    if best.is_lower:
        return (reason("optimum_at_lower_edge", loss=case.loss, lr=lr, **named(size)),)
    return (reason("optimum_at_upper_edge", loss=case.loss, lr=lr, **named(size)),)


# Reasons of each rule of `rules.RULES`, in the order of the rules.
_REASONS: dict[str, Callable[[Case, Thresholds], tuple[Reason, ...]]] = {
    "nothing_learned": lambda case, _: _nothing_learned(case, case.base),
    "base_at_edge": lambda case, _: _at_edge(case, case.base, case.comparison.base),
    "train_interpolates": lambda case, _: (reason("train_interpolates", **named(case.base)),),
    "diverges": lambda case, _: (_divergence_reason(case),),
    "regret_too_large": lambda case, t: (_regret_reason(case, t.fine_tune_regret),),
    "benefit_lost": lambda case, t: (_gain_reason(case, t.fine_tune_gain_loss),),
    "shift_too_large": lambda case, t: (_cost_reason(case, t), _shift_reason(case)),
    "reused_not_run": lambda case, _: (
        reason("reused_not_run", loss=case.loss, lr=case.lr_at_size(case.reused_index), **named(case.size)),
    ),
    "target_learned_nothing": lambda case, _: _nothing_learned(case, case.size),
    "target_at_edge": lambda case, _: _at_edge(case, case.size, case.comparison.target),
    "unstable": lambda case, t: (_instability_reason(case), _cost_reason(case, t)),
    "transfers": lambda case, t: (_cost_reason(case, t),),
    "fine_tune": lambda case, t: (_cost_reason(case, t), *_search_reasons(case)),
    "unresolved": lambda case, t: (_cost_reason(case, t), _seeds_reason(case, t)),
}


def _seeds_reason(case: Case, thresholds: Thresholds) -> Reason:
    """Return the reason with the number of further seeds that would settle the cost.

    Intervals shrink with the root of the number of seeds.
    """
    given = case.comparison.statistics.num_seeds or case.comparison.num_seeds
    needed = seeds_needed(case.cost(), case.cost_limit(thresholds), given)
    if given < needed <= MOST_SEEDS:
        return reason("add_seeds_about", add=math.ceil(needed) - given, **named(case.size))
    if needed > given:
        return reason("add_seeds_many", **named(case.size))
    return reason("add_seeds", **named(case.size))


def seeds_needed(estimate: Estimate, limit: float, given: int) -> float:
    """Return the seeds with which the interval would lie on one side of the limit, at an unchanged centre."""
    if estimate.interval is None or estimate.value is None:
        return 0.0
    low, high, value = estimate.interval.low, estimate.interval.high, estimate.value
    if high <= limit or low > limit:
        return 0.0
    half = high - value if value <= limit else value - low
    gap = abs(limit - value)
    return math.inf if gap == 0 else given * (half / gap) ** 2


def _cost_reason(case: Case, thresholds: Thresholds) -> Reason:
    """Return what decides with its interval and its limit."""
    interval, limit = case.cost().interval, percent(case.cost_limit(thresholds))
    if interval is None:
        return reason("not_computed", **named(case.size), loss=case.loss)
    if case.unit is CostUnit.EXTRA_TRAINING:
        return reason("extra_training", **named(case.size), limit=limit, **share_range(interval))
    return reason("regret", **named(case.size), loss=case.loss, limit=limit, **share_range(interval))


def _regret_reason(case: Case, limit: float) -> Reason:
    interval = case.regret.interval
    assert interval is not None, "an interval that lies above its limit is there"
    return reason("regret", **named(case.size), loss=case.loss, limit=percent(limit), **share_range(interval))


def _gain_reason(case: Case, limit: float) -> Reason:
    interval = case.gain_loss.interval
    assert interval is not None, "an interval that lies above its limit is there"
    return reason(
        "gain_loss", **named(case.size), loss=case.loss, limit=percent(limit), **share_range(interval)
    )


def _search_reasons(case: Case) -> tuple[Reason, ...]:
    """Return what a narrow search leaves of the cost; empty where it is unknown."""
    interval = case.comparison.statistics.after_search.interval
    if interval is None:
        return ()
    return (reason("search_leaves", **named(case.size), loss=case.loss, **share_range(interval)),)


def _shift_reason(case: Case) -> Reason:
    interval = case.shift.interval
    assert interval is not None, "an interval that lies beyond its limit is there"
    return reason("shift", **named(case.size), loss=case.loss, **multiple_range(interval))


def _instability_reason(case: Case) -> Reason:
    margin = case.comparison.margin
    if case.rate > 0 or margin is None:
        return _divergence_reason(case)
    return reason("near_divergence", **named(case.size), room=multiple(margin))


def _divergence_reason(case: Case) -> Reason:
    return reason(
        "diverges", **named(case.size), percent=percent(case.rate), lr=case.lr_at_size(case.reused_index)
    )


def with_other_loss(finding: Finding, case: Case, other: Case, thresholds: Thresholds) -> Finding:
    """Add a reason where the loss that does not decide leads to another answer about reuse."""
    decided, shown = (rules.RULES[_rule_index(each, thresholds)] for each in (case, other))
    answers = {decided.outcome, shown.outcome}
    if Outcome.TRANSFERS not in answers or len(answers - {Outcome.INCONCLUSIVE}) < 2:
        return finding
    code = "losses_differ_train" if case.loss is Metric.TRAIN_LOSS else "losses_differ_val"
    why = reason(code, **named(case.size), outcome=shown.outcome)
    return finding._replace(reasons=(*finding.reasons, why))


def _rule_index(case: Case, thresholds: Thresholds) -> int:
    return int(rules.first_rule(facts_of(case, thresholds), thresholds))


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


def with_cliff(finding: Finding, size: Size, margin_next: float | None, thresholds: Thresholds) -> Finding:
    """Turn a transfer into a "watch" where the distance to divergence shrinks with the size.

    Args:
        margin_next: octaves to the first diverging LR expected one doubling beyond this size; None: unknown
            or not shrinking.
    """
    is_near = margin_next is not None and margin_next < thresholds.min_margin
    if finding.outcome is not Outcome.TRANSFERS or not is_near or margin_next is None:
        return finding
    why = reason("cliff_nears", **named(size), room=multiple(margin_next))
    return Finding(Outcome.SHARPNESS_DRIFTS, "cliff_nears", (why, *finding.reasons))
