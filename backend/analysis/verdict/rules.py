"""Rules of the verdict for one larger size on one loss, as predicates over scalars or arrays.

The first rule that applies decides (docs/science.md §6.3). The order: the base cannot be trusted; reuse is
proven to fail; the target's optimum is unknown; flat optimum or no benefit of size; transfers; fine-tune;
unresolved. A proven failure stands before the target's edge, since a grid that is too short only understates
regret, lost benefit and shift.

The verdict applies them to one size (`findings`), early answers to many resamples of its seeds at once
(`resampled_rules`): facts are scalars there and arrays [B] here, the rules are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Outcome

Flags = NDArray[np.bool_]
# Share of seeds that diverge at the reused LR beyond which it does not transfer.
MAJORITY = 0.5
TRAIN_INTERPOLATES = "train_interpolates"

# The worst size and the worst loss decide. A proven failure outweighs an unknown.
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

    def is_below(self, limit: float) -> Flags:
        """Return whether the whole interval lies at or below a limit."""
        return np.asarray(self.high) <= limit

    def is_above(self, limit: float) -> Flags:
        """Return whether the whole interval lies above a limit."""
        return np.asarray(self.low) > limit


class Facts(NamedTuple):
    """Inputs of the rules, each a scalar or an array [B].

    Attributes:
        is_base_learned: the base has an optimum that is better than its loss at init.
        is_base_edge: the base's optimum lies at the edge of the LRs tried.
        has_interpolated: the loss is the training loss, and the base's is below the limit of interpolation.
        rate: share of the size's seeds that diverge at the reused LR (M4).
        regret: M2. gain_loss: M2s. search_gain_loss: M2s after a narrow search. shift: M1, in octaves.
        lost_margin: lower end of excess loss − allowed share of the benefit; above 0 the benefit is lost.
        median_shift: median over seeds of the distance between the optima, in octaves.
        has_target: the size has an optimum. has_reused: the reused LR was run there.
        is_target_learned, is_target_edge: as for the base.
        lacks_gain: the size is shown to be no better than the base.
        is_largest: the benefit of size is judged at this size (ADR 0019).
    """

    is_base_learned: Any
    is_base_edge: Any
    has_interpolated: Any
    rate: Any
    regret: Ends
    gain_loss: Ends
    search_gain_loss: Ends
    lost_margin: Any
    shift: Ends
    median_shift: Any
    has_target: Any
    has_reused: Any
    is_target_learned: Any
    is_target_edge: Any
    lacks_gain: Any
    is_largest: bool


def is_far(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether the optimum is shown to have moved further than a narrow search reaches."""
    low, high, limit = facts.shift.low, facts.shift.high, limits.fine_tune_shift
    return (np.asarray(low) > limit) | (np.asarray(high) < -limit)


def is_near(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether the whole interval of the shift lies within the limits of reuse."""
    limit = limits.transfers_shift
    return (np.asarray(facts.shift.low) >= -limit) & (np.asarray(facts.shift.high) <= limit)


def is_near_median(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether the optima of most seeds lie within reach of a narrow search."""
    return np.asarray(facts.median_shift) <= limits.fine_tune_shift


def is_cheap(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether the regret of reuse is within its limit, whatever the distance between the optima."""
    is_kept = facts.gain_loss.is_below(limits.transfers_gain_loss)
    has_none = np.asarray(facts.lacks_gain) | (not facts.is_largest)
    return facts.regret.is_below(limits.transfers_regret) & (has_none | is_kept)


def keeps_benefit(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether reuse keeps the benefit of size; True where that is not judged."""
    return facts.gain_loss.is_below(limits.transfers_gain_loss) | (not facts.is_largest)


def search_keeps_benefit(facts: Facts, limits: Thresholds) -> Flags:
    """Return whether reuse loses less than a third of the benefit, or a narrow search keeps it (ADR 0026)."""
    by_reuse = facts.gain_loss.is_below(limits.fine_tune_gain_loss)
    by_search = facts.search_gain_loss.is_below(limits.transfers_gain_loss)
    is_kept: Flags = by_reuse | by_search | (not facts.is_largest)
    return is_kept


def is_stable(facts: Facts) -> Flags:
    """Return whether no seed diverges at the reused LR."""
    never_diverges: Flags = np.asarray(facts.rate) == 0
    return never_diverges


def _loses_benefit(facts: Facts, limits: Thresholds) -> Flags:
    is_sure: Flags = np.asarray(facts.lost_margin) > 0
    return is_sure & facts.gain_loss.is_above(limits.fine_tune_gain_loss) & facts.is_largest


def _is_flat(facts: Facts, limits: Thresholds) -> Flags:
    has_moved: Flags = np.abs(facts.shift.value) > limits.fine_tune_shift
    return has_moved & is_cheap(facts, limits)


def _transfers(facts: Facts, limits: Thresholds) -> Flags:
    is_cheap_enough = facts.regret.is_below(limits.transfers_regret) & keeps_benefit(facts, limits)
    return is_near(facts, limits) & is_cheap_enough & is_stable(facts)


def _fine_tunes(facts: Facts, limits: Thresholds) -> Flags:
    is_cheap_enough = facts.regret.is_below(limits.fine_tune_regret) & search_keeps_benefit(facts, limits)
    return is_near_median(facts, limits) & is_cheap_enough & is_stable(facts)


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
    Rule("base_at_edge", OPEN, lambda facts, _: facts.is_base_edge),
    Rule(TRAIN_INTERPOLATES, OPEN, lambda facts, _: facts.has_interpolated),
)
RULES = (
    *BASE_RULES,
    Rule("diverges", FAILS, lambda facts, _: np.asarray(facts.rate) > MAJORITY),
    Rule("regret_too_large", FAILS, lambda facts, t: facts.regret.is_above(t.fine_tune_regret)),
    Rule("benefit_lost", FAILS, _loses_benefit),
    Rule("shift_too_large", FAILS, lambda facts, t: is_far(facts, t) & ~is_cheap(facts, t)),
    Rule("reused_not_run", OPEN, lambda facts, _: facts.has_target & ~np.asarray(facts.has_reused)),
    Rule(
        "target_learned_nothing",
        OPEN,
        lambda facts, _: ~np.asarray(facts.is_target_learned),
        of_base="nothing_learned",
    ),
    Rule("target_at_edge", OPEN, lambda facts, _: facts.is_target_edge),
    Rule("flat_optimum", OPEN, _is_flat),
    Rule("no_gain", OPEN, lambda facts, _: np.asarray(facts.lacks_gain) & np.asarray(facts.is_largest)),
    Rule("transfers", Outcome.TRANSFERS, _transfers),
    Rule("fine_tune", Outcome.FINE_TUNE, _fine_tunes),
    Rule("unresolved", OPEN, lambda _facts, _limits: np.asarray(True)),
)
SEVERITIES = np.array([SEVERITY[rule.outcome] for rule in RULES])
ABSTENTION = [rule.name for rule in RULES].index(TRAIN_INTERPOLATES)


def first_rule(facts: Facts, limits: Thresholds) -> NDArray[np.intp]:
    """Return the index in `RULES` of the first rule that applies, of the shape of the facts."""
    applies = np.broadcast_arrays(*(np.asarray(rule.applies(facts, limits), bool) for rule in RULES))
    first: NDArray[np.intp] = np.argmax(np.stack(applies), axis=0)
    return first


def combined(severities: NDArray[np.intp], abstains: Flags) -> tuple[NDArray[np.intp], Flags]:
    """Return the severity of one size over its losses, and whether the losses contradict one another.

    Losses must agree to transfer, and a loss that abstains is ignored unless all do.

    Args:
        severities, abstains: [L, B] over losses.
    """
    votes = ~abstains | abstains.all(axis=0)
    worst = np.where(votes, severities, -1).max(axis=0)
    has_transfer = (votes & (severities == SEVERITY[Outcome.TRANSFERS])).any(axis=0)
    disagrees = (worst == SEVERITY[FAILS]) & has_transfer
    return np.where(disagrees, SEVERITY[OPEN], worst), disagrees
