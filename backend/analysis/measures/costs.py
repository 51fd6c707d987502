"""Cost of reusing the LR at a larger size: M2, M2s and M3, with intervals that allow for the chosen LR.

    M2   ρ = mean[ℓ_N(η) − ℓ_N(η*_N)] / mean[ℓ_N(0) − ℓ_N(η*_N)]
    M2s      mean[ℓ_N(η) − ℓ_N(η*_N)] / mean[ℓ_B(η) − ℓ_N(η*_N)]
    M3       mean[ℓ_N(η) − ℓ_N(η*_N)] over its standard error

Means run over the seeds that base B and size N share (docs/glossary.md, docs/science.md §6.2). The best LR
η*_N is chosen on the same runs, so the regret is slightly overestimated and, more important, the interval of
the difference between two chosen LRs covers too rarely. If the true best LR is another one, it is a neighbour
of the chosen one; the upper end is therefore the largest over all of them, so that it lies above the interval
of the true best LR as well (docs/decisions/0019, with measurements). An LR at which a seed diverged is left
out of this maximum: its advantage would have to outweigh the cost of a divergence (ADR 0026).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.measures.pairs import Pair
from muscope.backend.analysis.statistics.bootstrap import MIN_SEEDS, bootstrap_interval, resampling_weights
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
    """M2, M2s and M3 of one size; `reused` is the mean loss at the reused LR, without smoothing.

    `search_gain_loss` is M2s with the best LR within an octave of the reused one in place of the reused LR:
    the share of the benefit still lost after a narrow search.
    """

    regret: Estimate = Estimate()
    regret_z: float | None = None
    gain_loss: Estimate = Estimate()
    search_gain_loss: Estimate = Estimate()
    has_gain: bool | None = None
    reused: float | None = None
    benefit: Benefit | None = None


def costs_of(pair: Pair, base: Optimum | None, target: Optimum | None, level: float) -> Costs:
    """Return the cost of reusing the base's best LR at the target, with intervals at `level`."""
    if base is None or target is None or not pair.num_seeds:
        return Costs()
    as_run_S = pair.target.at(base.index)
    if pair.num_seeds < MIN_SEEDS:
        pair, target = _read(pair, target)
    reused_S, best_S = pair.target.at(base.index), pair.target.at(target.index)
    gain_S = pair.base.at(base.index) - best_S
    has_gain = _has_gain(gain_S)
    excess_S, gain = reused_S - best_S, float(gain_S.mean()) if has_gain else math.nan
    reduction = float((pair.initial - best_S).mean())
    resampled = _resampled(pair, base.index)
    near = pair.target.within(SEARCH_REACH, base.index)
    searched = pair.target.best_of(near)
    return Costs(
        regret=_share(pair, base.index, target.index, reduction, level, resampled and resampled[0]),
        regret_z=_in_standard_errors(excess_S),
        gain_loss=_share(pair, base.index, target.index, gain, level, resampled and resampled[1]),
        search_gain_loss=_share(pair, searched, target.index, gain, level, known=near),
        has_gain=has_gain,
        reused=finite_or_none(float(as_run_S.mean())),
        benefit=_benefit(pair, base.index, target.index) if has_gain else None,
    )


def _benefit(pair: Pair, reused: int, best: int) -> Benefit:
    target, best_S = pair.target, pair.target.at(best)
    return Benefit(
        excess=target.at(reused) - best_S,
        gain=pair.base.at(reused) - best_S,
        moved_excess=target.moved_at(reused) - target.moved_at(best),
        moved_gain=pair.base.moved_at(reused) - target.moved_at(best),
    )


def _read(pair: Pair, target: Optimum) -> tuple[Pair, Optimum]:
    """Return the pair with losses read from local parabolas, and the target's best LR by these losses."""
    pair = pair._replace(base=pair.base.smoothed(), target=pair.target.smoothed())
    means = pair.target.losses.mean(axis=1)
    best = int(pair.target.indices[int(means.argmin())])
    return pair, target if target.is_edge else replace(target, index=best)


def _has_gain(gain_S: Values) -> bool | None:
    if len(gain_S) < 2 or not np.isfinite(gain_S).all():
        return None
    return bool(gain_S.mean() > STANDARD_ERRORS * standard_error(gain_S))


def _in_standard_errors(excess_S: Values) -> float | None:
    """Return M3: the mean excess over its standard error, paired by seed; None where seeds do not differ."""
    error = standard_error(excess_S)
    return finite_or_none(float(excess_S.mean()) / error) if error > 0 else None


def _share(
    pair: Pair,
    reused: int | None,
    best: int,
    whole: float,
    level: float,
    resampled_B: Values | None = None,
    known: frozenset[int] = frozenset(),
) -> Estimate:
    """Return the excess loss as a share of `whole`; absent unless `whole` is positive.

    The interval is wider by the change through smoothing, an estimate of the parabola's error.

    Args:
        known: indices of LRs a search tries anyway, so that reuse loses nothing if one of them is the true
            best.
    """
    if reused is None or not whole > 0:
        return Estimate()
    with np.errstate(over="ignore"):
        found = estimate((pair.target.at(reused) - pair.target.at(best)) / whole, level)
        if found.interval is None:
            return found
        if resampled_B is not None:
            interval = bootstrap_interval(resampled_B, pair.num_seeds, level)
            if interval is not None:
                return Estimate(value=found.value, interval=interval)
        interval = _widened(pair, (reused, best), whole, known, found.interval)
        return Estimate(value=found.value, interval=widened(interval, _moved(pair, reused, best) / whole))


def _moved(pair: Pair, reused: int, best: int) -> float:
    return abs(pair.target.moved_at(reused) - pair.target.moved_at(best))


def _widened(
    pair: Pair, compared: tuple[int, int], whole: float, known: frozenset[int], interval: Interval
) -> Interval:
    """Return the interval with its upper end at the largest over the LRs that may be the best."""
    reused = compared[0]
    beside = {index + step for index in compared for step in (-1, 1)}
    near = beside - {*compared} - known - pair.target.diverging
    rivals = [
        student_interval((pair.target.at(reused) - pair.target.at(index)) / whole, interval.level)
        for index in sorted(near)
    ]
    high = max([interval.high, *(rival.high for rival in rivals if rival is not None)])
    return Interval(low=interval.low, high=high, level=interval.level, method=METHOD)


def _resampled(pair: Pair, reused: int) -> tuple[Values, Values] | None:
    """Return M2 and M2s of every resample, [B] each, with the best LR chosen anew; None with few seeds."""
    if pair.num_seeds < MIN_SEEDS:
        return None
    weights_SB = resampling_weights(pair.num_seeds, pair.random_seed)
    best_B = (pair.target.losses @ weights_SB).min(axis=0)
    excess_B = pair.target.at(reused) @ weights_SB - best_B
    wholes = (pair.initial @ weights_SB - best_B, pair.base.at(reused) @ weights_SB - best_B)
    regret_B, gain_loss_B = (np.where(whole > 0, excess_B / whole, np.nan) for whole in wholes)
    return regret_B, gain_loss_B
