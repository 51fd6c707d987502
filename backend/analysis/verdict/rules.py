"""Rules of the verdict for one size on the loss that decides, as predicates over scalars or arrays.

The first rule that applies decides (docs/science.md §6.3). The order: the base cannot be trusted; reuse is
proven to fail; the target's optimum is unknown; unstable at the reused LR; cost shown to be within its limit;
cost shown to exceed it; unresolved. A proven failure stands before the target's edge, since a grid that is
too short only understates cost, lost benefit and shift.

The verdict applies them to one size (`findings`), early answers to many resamples of its seeds at once
(`resampled_rules`): facts are scalars there and arrays [B] here, the rules are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Outcome

Flags = NDArray[np.bool_]
# Share of seeds that diverge at the reused LR beyond which it does not transfer.
MAJORITY = 0.5
# In octaves: LRs are given as rounded decimals.
MARGIN_TOLERANCE = 0.1

# The worst size decides. A proven failure outweighs an unknown.
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


class Ends(NamedTuple):
    """Estimate with the ends of its interval; NaN where it is unknown, which satisfies no limit."""

    value: Any
    low: Any
    high: Any

    def is_below(self, limit: Any) -> Flags:
        """Return whether the whole interval lies at or below a limit."""
        below: Flags = np.asarray(self.high) <= limit
        return below

    def is_above(self, limit: Any) -> Flags:
        """Return whether the whole interval lies above a limit."""
        above: Flags = np.asarray(self.low) > limit
        return above


class Facts(NamedTuple):
    """Inputs of the rules, each a scalar or an array [B].

    Attributes:
        is_base_learned: the base has an optimum that is better than its loss at init.
        is_base_edge: the base's optimum lies at the edge of the LRs tried.
        has_interpolated: the loss is the training loss, of examples seen repeatedly, and the base's is below
            the limit of interpolation.
        rate: share of the size's seeds that diverge at the reused LR (M4).
        margin: octaves from the reused LR to the first one that diverges; infinite where none does.
        regret: M2. cost, cost_limit: what decides and its limit, M2 or the extra training (`CostUnit`).
        gain_loss: M2s. shift: M1, in octaves.
        lost_margin: lower end of excess loss − allowed share of the benefit; above 0 the benefit is lost.
        has_target: the size has an optimum. has_reused: the reused LR was run there.
        is_target_learned, is_target_edge: as for the base.
        is_largest: the benefit of size is judged at this size (ADR 0019).
    """

    is_base_learned: Any
    is_base_edge: Any
    has_interpolated: Any
    rate: Any
    margin: Any
    regret: Ends
    cost: Ends
    cost_limit: Any
    gain_loss: Ends
    lost_margin: Any
    shift: Ends
    has_target: Any
    has_reused: Any
    is_target_learned: Any
    is_target_edge: Any
    is_largest: bool


def is_cheap(facts: Facts) -> Flags:
    """Return whether the cost of reuse is shown to be within its limit."""
    return facts.cost.is_below(facts.cost_limit)


def is_dear(facts: Facts) -> Flags:
    """Return whether the cost of reuse is shown to exceed its limit."""
    return facts.cost.is_above(facts.cost_limit)


def is_far(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether the optimum is shown to have moved further than a narrow search reaches."""
    low, high, limit = facts.shift.low, facts.shift.high, limits.fine_tune_shift
    return (np.asarray(low) > limit) | (np.asarray(high) < -limit)


def is_unstable(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether a seed diverges at the reused LR, or at one closer than the margin it needs."""
    diverges: Flags = np.asarray(facts.rate) > 0
    return diverges | (np.asarray(facts.margin) < limits.min_margin - MARGIN_TOLERANCE)


def _costs_too_much(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether reuse loses more than a search should have to bring back, in the declared unit too."""
    too_much: Flags = facts.regret.is_above(limits.fine_tune_regret) & ~is_cheap(facts)
    return too_much


def _loses_benefit(facts: Facts, limits: Thresholds) -> Flags:
    is_sure: Flags = np.asarray(facts.lost_margin) > 0
    is_lost = is_sure & facts.gain_loss.is_above(limits.fine_tune_gain_loss) & facts.is_largest
    return is_lost & is_dear(facts)


class Rule(NamedTuple):
    """Named predicate and the outcome it gives; `rule.<text>` is its text in the catalogue."""

    name: str
    outcome: Outcome
    applies: Callable[[Facts, Thresholds], Any]
    of_base: str = ""

    @property
    def text(self) -> str:
        """Return the key of its text: its own name, or that of the same rule about the base."""
        return self.of_base or self.name


OPEN, FAILS = Outcome.INCONCLUSIVE, Outcome.DOES_NOT_TRANSFER
BASE_RULES = (
    Rule("nothing_learned", OPEN, lambda facts, _: ~np.asarray(facts.is_base_learned)),
    Rule("train_interpolates", OPEN, lambda facts, _: facts.has_interpolated),
    Rule("base_at_edge", OPEN, lambda facts, _: facts.is_base_edge),
)
RULES = (
    *BASE_RULES,
    Rule("diverges", FAILS, lambda facts, _: np.asarray(facts.rate) > MAJORITY),
    Rule("regret_too_large", FAILS, _costs_too_much),
    Rule("benefit_lost", FAILS, _loses_benefit),
    Rule("shift_too_large", FAILS, lambda facts, t: is_far(facts, t) & is_dear(facts)),
    Rule("reused_not_run", OPEN, lambda facts, _: facts.has_target & ~np.asarray(facts.has_reused)),
    Rule(
        "target_learned_nothing",
        OPEN,
        lambda facts, _: ~np.asarray(facts.is_target_learned),
        of_base="nothing_learned",
    ),
    Rule("target_at_edge", OPEN, lambda facts, _: facts.is_target_edge),
    Rule("unstable", Outcome.FINE_TUNE, is_unstable),
    Rule("transfers", Outcome.TRANSFERS, lambda facts, _: is_cheap(facts)),
    Rule("fine_tune", Outcome.FINE_TUNE, lambda facts, _: is_dear(facts)),
    Rule("unresolved", OPEN, lambda _facts, _limits: np.asarray(True)),
)
# Rules that leave the answer open and that further seeds at the target can settle.
SETTLED_BY_SEEDS = frozenset({"unresolved"})
SEVERITIES = np.array([SEVERITY[rule.outcome] for rule in RULES])


def first_rule(facts: Facts, limits: Thresholds) -> NDArray[np.intp]:
    """Return the index in `RULES` of the first rule that applies, of the shape of the facts."""
    applies = np.broadcast_arrays(*(np.asarray(rule.applies(facts, limits), bool) for rule in RULES))
    first: NDArray[np.intp] = np.argmax(np.stack(applies), axis=0)
    return first
