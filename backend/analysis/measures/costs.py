"""Cost of reusing an LR at a larger size: M2, M2s and M3, with intervals that allow for the chosen best LR.

    M2   ρ = mean[ℓ_N(η) − ℓ_N(η*_N)] / mean[ℓ_N(0) − ℓ_N(η*_N)]
    M2s      mean[ℓ_N(η) − ℓ_N(η*_N)] / mean[ℓ_B(η*_B) − ℓ_N(η*_N)]
    M3       mean[ℓ_N(η) − ℓ_N(η*_N)] over its standard error

Means run over seeds (docs/glossary.md, docs/science.md §6.2). The difference is taken seed by seed, over
every seed that both LRs have at that size: the settle stage adds seeds at a few LRs only. The best LR η*_N is
chosen on the same runs. If the true best LR is another one, it is a neighbour of the chosen or of the reused
one; the upper end is therefore the largest over all of them, so that it lies above the interval of the true
best LR as well (docs/decisions/0019, with measurements). An LR at which a seed diverged is left out of this
maximum: its advantage would have to outweigh the cost of a divergence (ADR 0026).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.statistics.intervals import (
    estimate,
    finite_or_none,
    standard_error,
    student_interval,
    widened,
)
from muscope.backend.analysis.statistics.optimum import Optimum
from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.verdict.verdict import Estimate, Interval

METHOD = "student_t_over_neighbours"
# A difference between sizes counts when it is above this many standard errors (docs/science.md §6.2, §6.4).
STANDARD_ERRORS = 2.0
# Octaves to either side that a narrow search covers (docs/science.md §6.3, fine-tune).
SEARCH_REACH = 1.0


class Benefit(NamedTuple):
    """Gain of the larger size and excess loss of reuse, by seed [S], and the change of both by smoothing."""

    excess: Values
    gain: Values
    moved_excess: float = 0.0
    moved_gain: float = 0.0

    def lost_margin(self, share: float, level: float) -> float:
        """Return the lower end of excess − share·gain, as loss; above 0 more than `share` is lost.

        The difference is taken per seed before the interval. An interval of the ratio (M2s) would treat the
        gain as known, which favours sizes that hardly gain. NaN where it is unknown.
        """
        interval = student_interval(self.excess - share * self.gain, level)
        return math.nan if interval is None else interval.low - self.moved_margin(share)

    def moved_margin(self, share: float) -> float:
        """Return the change of excess − share·gain by smoothing, as loss."""
        return abs(self.moved_excess - share * self.moved_gain)


class Costs(NamedTuple):
    """Cost of one LR at one size, and the benefit of that size.

    Attributes:
        excess: loss above that of the best LR, in units of the loss; `regret` is M2, `gain_loss` M2s.
        reduction: achievable improvement, from the loss at init to that of the best LR.
        search: M2 with the best LR within an octave in place of the reused one: the cost that is left after a
            narrow search. `search_gain_loss` is M2s of the same.
        gain: improvement from the base at its best LR to this size at its best LR, in units of the loss.
        has_gain: the gain is above two standard errors.
        reused: mean loss at the reused LR, without smoothing.
        best_index: LR that was found best; `rivals` are the LRs beside it and the reused one, each with the
            most that the reused LR may lose against it, as a share like M2.
        by_seed: M2 by planned seed, [S]; empty where it is unknown.
    """

    excess: Estimate = Estimate()
    reduction: float = math.nan
    regret: Estimate = Estimate()
    regret_z: float | None = None
    gain_loss: Estimate = Estimate()
    search: Estimate = Estimate()
    search_gain_loss: Estimate = Estimate()
    gain: Estimate = Estimate()
    has_gain: bool | None = None
    reused: float | None = None
    benefit: Benefit | None = None
    best_index: int | None = None
    rivals: Mapping[int, float] = {}
    by_seed: Values = np.empty(0)

    @property
    def sure_benefit(self) -> float:
        """Return the lower end of the benefit as a share of the improvement: it sets the limit of the cost.

        A base whose mean one bad seed raises must not buy reuse a larger limit; 0 where it is unknown.
        """
        interval = self.gain.interval
        return 0.0 if interval is None or not self.reduction > 0 else max(0.0, interval.low / self.reduction)

    @property
    def benefit_share(self) -> float:
        """Return the benefit of the size as a share of the achievable improvement; 0 where it is unknown."""
        gain = self.gain.value
        return 0.0 if gain is None or not self.reduction > 0 else max(0.0, gain / self.reduction)


def costs_of(
    pair: Pair,
    carried: int | None,
    base: Optimum | None,
    target: Optimum | None,
    level: float,
    gain_level: float | None = None,
) -> Costs:
    """Return the cost of reusing the LR at index `carried`, with intervals at `level`.

    Args:
        base, target: best LRs of base and size.
        gain_level: of the interval of the benefit; None: `level`.
    """
    if carried is None or base is None or target is None or not pair.num_seeds:
        return Costs()
    as_run = pair.target.at(carried)
    pair = pair._replace(base=pair.base.smoothed(), target=pair.target.smoothed())
    best = target.index if target.is_edge else _best_index(pair.target, carried, target.index)
    best_S = pair.target.at(best)
    gain_S = pair.base.at(base.index) - best_S
    has_gain = _has_gain(gain_S)
    reduction = float((pair.initial - best_S).mean())
    excess = _excess(pair.target, carried, best, level)
    after_search = _after_search(pair.target, carried, best, level)
    gain = float(gain_S.mean()) if has_gain else math.nan
    return Costs(
        excess=excess,
        reduction=reduction,
        regret=_share(excess, reduction),
        regret_z=_in_standard_errors(pair.target.above(carried, best)),
        gain_loss=_share(excess, gain),
        search=_share(after_search, reduction),
        search_gain_loss=_share(after_search, gain),
        gain=estimate(gain_S, gain_level or level),
        has_gain=has_gain,
        reused=finite_or_none(float(as_run.mean())),
        benefit=_benefit(pair, carried, base.index, best) if has_gain else None,
        best_index=best,
        rivals={
            rival: most / reduction if reduction > 0 else math.inf
            for rival, most in _most_lost(pair.target, carried, best, level).items()
        },
        by_seed=(pair.target.at(carried) - best_S) / reduction if reduction > 0 else np.empty(0),
    )


def without_benefit(costs: Costs) -> Costs:
    """Return the costs without what the target brings over the base, where that is not defined (ADR 0055)."""
    unknown = Estimate()
    return costs._replace(
        gain=unknown, gain_loss=unknown, search_gain_loss=unknown, has_gain=None, benefit=None
    )


def _best_index(target: SizeLosses, carried: int, as_run: int) -> int:
    """Return the LR with the lowest loss relative to the reused one, over the seeds both have."""
    above = {int(index): target.above(int(index), carried) for index in target.indices}
    means = {index: float(np.nanmean(each)) for index, each in above.items() if np.isfinite(each).any()}
    return min(means, key=means.__getitem__, default=as_run)


def _benefit(pair: Pair, reused: int, of_base: int, best: int) -> Benefit:
    target, best_S = pair.target, pair.target.at(best)
    return Benefit(
        excess=target.at(reused) - best_S,
        gain=pair.base.at(of_base) - best_S,
        moved_excess=target.moved_at(reused) - target.moved_at(best),
        moved_gain=pair.base.moved_at(of_base) - target.moved_at(best),
    )


def _has_gain(gain_S: Values) -> bool | None:
    if len(gain_S) < 2 or not np.isfinite(gain_S).all():
        return None
    return bool(gain_S.mean() > STANDARD_ERRORS * standard_error(gain_S))


def _in_standard_errors(excess: Values) -> float | None:
    """Return M3: the mean excess over its standard error, paired by seed; None where seeds do not differ."""
    finite = excess[np.isfinite(excess)]
    error = standard_error(finite)
    return finite_or_none(float(finite.mean()) / error) if error > 0 else None


def _excess(
    target: SizeLosses, reused: int, best: int, level: float, known: frozenset[int] = frozenset()
) -> Estimate:
    """Return the loss of an LR above that of the best one, with the upper end over the LRs that may be best.

    The interval is wider by the change through smoothing, an estimate of the parabola's error.

    Args:
        known: indices of LRs a search tries anyway, so that nothing is lost if one of them is the true best.
    """
    with np.errstate(over="ignore"):
        found = estimate(target.above(reused, best), level)
        if found.interval is None:
            return found
        rivals = [index for index in rivals_of(target, reused, best) if index not in known]
        ends = [student_interval(target.above(reused, index), level) for index in rivals]
        high = max([found.interval.high, *(each.high for each in ends if each is not None)])
        interval = Interval(low=found.interval.low, high=high, level=level, method=METHOD)
        moved = abs(target.moved_at(reused) - target.moved_at(best))
        return Estimate(value=found.value, interval=widened(interval, moved))


def _after_search(target: SizeLosses, carried: int, best: int, level: float) -> Estimate:
    """Return the loss above the best one that a search within an octave of an LR leaves."""
    near = target.within(SEARCH_REACH, carried)
    searched = target.best_of(near)
    return Estimate() if searched is None else _excess(target, searched, best, level, near)


def _most_lost(target: SizeLosses, reused: int, best: int, level: float) -> dict[int, float]:
    """Return the upper end of the loss of the reused LR above each rival's; infinite with too few seeds."""
    intervals = {
        rival: student_interval(target.above(reused, rival), level)
        for rival in rivals_of(target, reused, best)
    }
    return {rival: math.inf if each is None else each.high for rival, each in intervals.items()}


def rivals_of(target: SizeLosses, reused: int, best: int) -> tuple[int, ...]:
    """Return the neighbours of the reused and of the best LR, without those at which a seed diverged."""
    beside = {index + step for index in (reused, best) for step in (-1, 1)}
    return tuple(sorted((beside & set(target.indices.tolist())) - {reused, best} - target.diverging))


def _share(part: Estimate, whole: float) -> Estimate:
    """Return a difference of losses as a share of `whole`; absent unless `whole` is positive."""
    if part.value is None or not whole > 0:
        return Estimate()
    interval = part.interval
    if interval is not None:
        ends = {"low": interval.low / whole, "high": interval.high / whole}
        interval = interval.model_copy(update=ends) if all(map(math.isfinite, ends.values())) else None
    return Estimate(value=finite_or_none(part.value / whole), interval=interval)
