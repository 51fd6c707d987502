"""Statistics by size for figures: optima with intervals, and the sharpness ratio of two sizes over steps.

They are the statistics the verdict is computed from, resolved by size and by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.measures.carried_rate import carried_index
from muscope.backend.analysis.measures.sharpness_spread import log_sharpness
from muscope.backend.analysis.measures.transfer import optima
from muscope.backend.analysis.statistics.intervals import estimate
from muscope.backend.analysis.statistics.optimum import Optimum, seed_optima
from muscope.backend.analysis.sweep import Sweep, Values, mean_of_finite
from muscope.backend.analysis.verdict.one_size import GRID_TOLERANCE, LOWER_OCTAVES
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Interval


class SizeOptimum(NamedTuple):
    """Best LR of one size in log2, with the interval over seeds; no interval where it is an edge."""

    size: Size
    optimum: Optimum
    interval: Interval | None


@dataclass(frozen=True)
class SpreadOverSteps:
    """|ln ratio| of the sharpness of two sizes (M5) at every measurement step, [M] each.

    Attributes:
        mean: |mean over seeds of the ln ratio|; NaN at steps that are not judged.
        low, high: smallest and largest |ln ratio| of a seed.
        unjudged: the mean at measured steps that are not judged: at the edge of stability, or after the loss
            has reached its floor; NaN elsewhere.
        num_seeds: number of seeds in the mean.
    """

    size: Size
    mean: Values
    low: Values
    high: Values
    unjudged: Values
    num_seeds: tuple[int, ...]


def optima_by_size(sweep: Sweep, loss: Metric, level: float) -> list[SizeOptimum]:
    """Return the optimum of every size with results of all planned runs; an edge has no interval."""
    found = []
    for index, optimum in enumerate(optima(sweep, loss)):
        if optimum is None or sweep.num_missing(index) or not sweep.num_planned(index):
            continue
        seeds_S = seed_optima(sweep.log2_lrs, sweep.shared(sweep.judged(loss), index))
        interval = estimate(seeds_S, level, centre=optimum.log2_lr).interval
        found.append(SizeOptimum(sweep.sizes[index], optimum, None if optimum.is_edge else interval))
    return found


def reused_lr_index(sweep: Sweep, thresholds: Thresholds) -> int | None:
    """Return the index of the LR reused from the base; None as long as the base has no optimum."""
    loss = sweep.deciding_loss
    return None if loss is None else carried_index(sweep, loss, thresholds)


def spread_over_steps(sweep: Sweep, lr_index: int, thresholds: Thresholds) -> tuple[SpreadOverSteps, ...]:
    """Return the spread of every measured size against the largest one: the pairs of M5."""
    has_values = np.isfinite(sweep.sharpness[:, lr_index]).any(axis=(1, 2))
    indices = [int(index) for index in np.flatnonzero(has_values)]
    if not indices or sweep.sizes[indices[-1]] == sweep.base:
        return ()
    others = [index for index in indices[:-1] if index == sweep.base_index or index in sweep.larger]
    return tuple(_spread(sweep, index, indices[-1], lr_index, thresholds) for index in others)


def _spread(sweep: Sweep, index: int, largest: int, lr_index: int, thresholds: Thresholds) -> SpreadOverSteps:
    judged_SM = _log_ratio([log_sharpness(sweep, each, lr_index, thresholds) for each in (index, largest)])
    raw = [sweep.sharpness[each, lr_index] for each in (index, largest)]
    every_SM = _log_ratio([np.log(np.where(each > 0, each, np.nan)) for each in raw])
    mean_M = np.abs(mean_of_finite(judged_SM, axis=0))
    is_judged_M, size_SM = np.isfinite(mean_M), np.abs(judged_SM)
    return SpreadOverSteps(
        size=sweep.sizes[index],
        mean=mean_M,
        low=np.where(is_judged_M, np.where(np.isfinite(size_SM), size_SM, np.inf).min(axis=0), np.nan),
        high=np.where(is_judged_M, np.where(np.isfinite(size_SM), size_SM, -np.inf).max(axis=0), np.nan),
        unjudged=np.where(is_judged_M, np.nan, np.abs(mean_of_finite(every_SM, axis=0))),
        num_seeds=tuple(int(count) for count in np.isfinite(judged_SM).sum(axis=0)),
    )


def _log_ratio(logs: list[Values]) -> Values:
    return logs[0] - logs[1]


def spread_lr_index(sweep: Sweep, reused: int, thresholds: Thresholds) -> int:
    """Return the index of the LR to compare sizes at: the reused one, or a lower one with judged steps.

    As in the verdict, η/2 and η/4 are tried where every step at the reused η is at the edge of stability.
    """
    for octaves in LOWER_OCTAVES:
        distances = np.abs(sweep.log2_lrs - sweep.log2_lrs[reused] - octaves)
        index = int(distances.argmin())
        spreads = spread_over_steps(sweep, index, thresholds) if distances.min() <= GRID_TOLERANCE else ()
        if any(np.isfinite(spread.mean).any() for spread in spreads):
            return index
    return reused
