"""What reuse costs at a larger size, and what that size is worth: M2, M2s, M3 with honest intervals.

The best LR of a size is chosen on the same runs, so the regret against it is too large by a little and, what
matters more, the interval of the difference between two chosen LRs covers too rarely. A true best LR is one
of the chosen one's neighbours if it is another; the upper end is therefore the largest over all of them:
whichever of them is the true best, its own interval is below it (docs/decisions/0019, with measurements). An
LR at which a seed diverged is no such rival: it would have to win by more than a divergence costs (ADR 0026).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from backend.analysis.measures.pairs import Pair
from backend.analysis.statistics.bootstrap import MIN_SEEDS, bootstrap_interval, resampling_weights
from backend.analysis.statistics.intervals import (
    estimate,
    finite_or_none,
    standard_error,
    student_interval,
    widened,
)
from backend.analysis.statistics.optimum import Optimum
from backend.analysis.sweep import Values
from backend.domain.verdict.verdict import Estimate, Interval

METHOD = "student_t_over_neighbours"
# A difference between sizes counts when it is above so many standard errors (docs/science.md §6.2, §6.4).
STANDARD_ERRORS = 2.0
# A narrow search goes so far to either side, in octaves (docs/science.md §6.3, fine-tune).
SEARCH_REACH = 1.0


class Benefit(NamedTuple):
    """What the larger size brings and what reuse loses of it, by seed [S], and how smoothing moved both."""

    excess: Values
    gain: Values
    moved_excess: float = 0.0
    moved_gain: float = 0.0

    def lost_margin(self, share: float, level: float) -> float:
        """Return by how much more than this share of the benefit is lost for sure; NaN where it is unknown.

        Excess above share times gain, tested as one difference a seed: the interval of their ratio (M2s)
        takes the gain as known, which flatters the sizes that hardly gain.
        """
        interval = student_interval(self.excess - share * self.gain, level)
        return math.nan if interval is None else interval.low - self.moved_margin(share)

    def moved_margin(self, share: float) -> float:
        """Return what smoothing moved that difference by."""
        return abs(self.moved_excess - share * self.moved_gain)


class Costs(NamedTuple):
    """M2, M2s and M3; `reused` is the loss at the reused LR, as it was run.

    `search_gain_loss` is M2s of the best LR within an octave of the reused one: what is still lost after a
    narrow search.
    """

    regret: Estimate = Estimate()
    regret_z: float | None = None
    gain_loss: Estimate = Estimate()
    search_gain_loss: Estimate = Estimate()
    has_gain: bool | None = None
    reused: float | None = None
    benefit: Benefit | None = None


def costs_of(pair: Pair, base: Optimum | None, target: Optimum | None, level: float) -> Costs:
    """Return what reusing the base's best LR costs at the target."""
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
    """Return the pair with losses read from local parabolas, and the target's best LR by these."""
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
    """Return the excess loss as a share of `whole`; absent where there is no positive whole.

    What smoothing moved it by is what the parabola may be wrong by: the interval is wider by that much.

    Args:
        known: LRs that are tried anyway, so that it costs nothing if one of them is the true best.
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
    """Return M2 and M2s of every resample, [B] each, the best LR chosen anew; None with few seeds."""
    if pair.num_seeds < MIN_SEEDS:
        return None
    weights_SB = resampling_weights(pair.num_seeds, pair.random_seed)
    best_B = (pair.target.losses @ weights_SB).min(axis=0)
    excess_B = pair.target.at(reused) @ weights_SB - best_B
    wholes = (pair.initial @ weights_SB - best_B, pair.base.at(reused) @ weights_SB - best_B)
    regret_B, gain_loss_B = (np.where(whole > 0, excess_B / whole, np.nan) for whole in wholes)
    return regret_B, gain_loss_B
