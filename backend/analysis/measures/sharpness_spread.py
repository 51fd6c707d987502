"""M5: distance between the sharpness of two sizes along training (docs/science.md §5.2).

ln λ of two sizes is compared at equal steps and equal seeds, at one LR. A step is left out where either size
is at the edge of stability (η·λ/κ at or above the edge ratio: there the LR determines λ under any
parametrization), where λ ≤ 0 (counted), and after the train loss has fallen to its floor, where sharpness
collapses with the loss.

The spread at a step is d(t) = |mean over seeds of the ln ratio|. SC1 is its median over the steps after the
first tenth of training, SC2 the mean over seeds of the slope of ln d on ln t over the same steps. The first
tenth is reported separately: at narrow widths the initial output f_0, which depends on the width, influences
everything there under any parametrization.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.transfer import trailing_mean
from muscope.backend.analysis.statistics.intervals import estimate, finite_or_none
from muscope.backend.analysis.statistics.lines import slopes
from muscope.backend.analysis.sweep import Sweep, Values, complete_mean, mean_of_finite
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.verdict import Estimate, SharpnessSpread

WARM_UP = 0.1
# A slope needs at least this many points.
MIN_POINTS = 3
# Of the late steps; where more are at the edge of stability, what is left comes from before it was reached.
MOST_AT_EDGE = 0.5


def sharpness_spread(
    sweep: Sweep, size: int, other: int, lr_index: int, thresholds: Thresholds
) -> SharpnessSpread:
    """Return M5 of the sizes at indices `size` and `other` at one LR."""
    usable = [log_sharpness(sweep, width, lr_index, thresholds) for width in (size, other)]
    ratio_SM = usable[0] - usable[1]
    spread_M = np.abs(mean_of_finite(ratio_SM, axis=0))
    is_late = _is_late(sweep)
    return SharpnessSpread(
        lr=sweep.lrs[lr_index],
        level=_median(spread_M[is_late]),
        early_level=_median(spread_M[~is_late]),
        growth=_growth(sweep, np.abs(ratio_SM), thresholds),
        seed_spread=_seed_spread([log[:, is_late] for log in usable]),
        edge_share=edge_share(sweep, size, lr_index, thresholds),
        num_dropped=sum(_num_not_positive(sweep, width, lr_index) for width in (size, other)),
    )


def _is_late(sweep: Sweep) -> NDArray[np.bool_]:
    is_late: NDArray[np.bool_] = sweep.measurement_steps > WARM_UP * sweep.num_steps
    return is_late


def _median(values: Values) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None


def log_sharpness(sweep: Sweep, size_index: int, lr_index: int, thresholds: Thresholds) -> Values:
    """Return ln λ [S, M]; NaN at steps that are left out."""
    sharpness_SM = sweep.sharpness[size_index, lr_index]
    ratio_SM = sharpness_SM * sweep.lrs[lr_index] / sweep.kappa
    counts = (sharpness_SM > 0) & (ratio_SM < thresholds.edge_ratio)
    counts &= sweep.measurement_steps <= _last_step(sweep, size_index, lr_index, thresholds)
    return np.log(np.where(counts, sharpness_SM, np.nan))


def _last_step(sweep: Sweep, size_index: int, lr_index: int, thresholds: Thresholds) -> float:
    """Return the step at which the train loss reaches its floor; inf if it does not."""
    if Metric.TRAIN_LOSS not in sweep.losses:
        return math.inf
    curve = trailing_mean(sweep.curves(size_index, lr_index), sweep.tail_steps)
    initial_S = sweep.initial(Metric.TRAIN_LOSS)[size_index, sweep.shared_seeds(size_index)]
    floor = thresholds.interpolation * float(complete_mean(initial_S))
    below = np.flatnonzero(curve <= floor)
    return float(below[0] + sweep.tail_steps - 1) if len(below) else math.inf


def _growth(sweep: Sweep, spread_SM: Values, thresholds: Thresholds) -> Estimate:
    is_late = _is_late(sweep)
    late = sweep.measurement_steps[is_late].astype(np.float64)
    exponents = [growth_exponent(late, spread_M[is_late]) for spread_M in spread_SM]
    return estimate(np.array([math.nan if b is None else b for b in exponents]), thresholds.level)


def growth_exponent(steps: Values, spread: Values) -> float | None:
    """Return B of spread = A·t^B by least squares of ln spread on ln t; None with too few positive points."""
    is_usable = (steps > 0) & np.isfinite(spread) & (spread > 0)
    if is_usable.sum() < MIN_POINTS:
        return None
    return finite_or_none(float(slopes(np.log(steps[is_usable]), np.log(spread[is_usable]))))


def _seed_spread(logs: list[Values]) -> float | None:
    """Return the median |ln ratio| between two seeds of one size, over both sizes."""
    pairs = [np.abs(log[i] - log[j]) for log in logs for i, j in combinations(range(len(log)), 2)]
    differences = np.concatenate(pairs) if pairs else np.empty(0)
    return _median(differences)


def edge_share(sweep: Sweep, size_index: int, lr_index: int, thresholds: Thresholds) -> float | None:
    """Return the share of a size's measured values at the edge of stability; None without values."""
    sharpness_SM = sweep.sharpness[size_index, lr_index]
    finite = sharpness_SM[np.isfinite(sharpness_SM)]
    if len(finite) == 0:
        return None
    return float((finite * sweep.lrs[lr_index] / sweep.kappa >= thresholds.edge_ratio).mean())


def late_edge_share(
    sweep: Sweep, size_indices: tuple[int, ...], lr_index: int, thresholds: Thresholds
) -> float:
    """Return the largest share of late values at the edge among some sizes; 1 where one has no late value."""
    late = replace(sweep, sharpness=sweep.sharpness[..., _is_late(sweep)])
    shares = [edge_share(late, size_index, lr_index, thresholds) for size_index in size_indices]
    return max(1.0 if share is None else share for share in shares)


def _num_not_positive(sweep: Sweep, size_index: int, lr_index: int) -> int:
    sharpness_SM = sweep.sharpness[size_index, lr_index]
    return int((np.isfinite(sharpness_SM) & (sharpness_SM <= 0)).sum())
