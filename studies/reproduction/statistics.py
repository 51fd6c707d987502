"""Distances between curves of several sizes, and their growth: numpy in, values out.

Shapes: W sizes, S seeds, M measurements.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from muscope.backend.analysis.measures.sharpness_spread import WARM_UP, growth_exponent, log_sharpness
from muscope.backend.analysis.sweep import Losses, Sweep, Values, mean_of_finite
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric

# The overlap of curves is looked at as the paper does: also at the edge of stability, until the loss is gone.
WITH_EDGE = Thresholds(edge_ratio=1e9)
# Of the trajectory, what counts as late.
LATE_FROM = 2 / 3


def spread_of_sharpness(sweep: Sweep) -> float:
    """Return the median over steps of the largest ln ratio of two sizes' sharpness, at the only LR.

    Seeds are averaged first; the first tenth of training does not count, nor what comes after the train loss
    of a size has fallen to its floor. inf when a size has diverged, NaN when no step is left.
    """
    sweep = _with_common_floor(sweep)
    logs_WM = np.stack(
        [mean_of_finite(log_sharpness(sweep, i, 0, WITH_EDGE), axis=0) for i in range(len(sweep.widths))]
    )
    spread = median_range(logs_WM[:, sweep.measurement_steps > WARM_UP * sweep.num_steps])
    return math.inf if math.isnan(spread) and (sweep.diverged_at >= 0).any() else spread


def _with_common_floor(sweep: Sweep) -> Sweep:
    """Measure every size's floor by the smallest initial loss: an exploding output begins far above it."""
    losses = sweep.losses[Metric.TRAIN_LOSS]
    common = np.full_like(losses.initial, losses.initial.mean(axis=(1, 2)).min())
    return replace(sweep, losses={Metric.TRAIN_LOSS: Losses(losses.final, common)})


def median_range(logs_WM: Values) -> float:
    """Return the median over M of max - min over W, of the columns that are complete; NaN without any."""
    complete = np.isfinite(logs_WM).all(axis=0)
    return float(np.median(np.ptp(logs_WM[:, complete], axis=0))) if complete.any() else math.nan


def late_spread(steps_M: Values, values_WMS: Values) -> float:
    """Return the median over the last third of the largest ln ratio of two sizes' seed means."""
    late = steps_M >= LATE_FROM * steps_M[-1]
    mean_WM = mean_of_finite(values_WMS[:, late], axis=2)
    return median_range(np.log(np.where(mean_WM > 0, mean_WM, np.nan)))


def growth_of_deviation(steps_M: Values, values_WMS: Values) -> float:
    """Return the median over sizes and seeds of B in |S_N - S_Nmax| = A·t^B (docs/science.md §5.2)."""
    late = steps_M > WARM_UP * steps_M[-1]
    deviation_WMS = np.abs(values_WMS[:-1] - values_WMS[-1:])[:, late]
    found = [
        growth_exponent(steps_M[late], one_M) for size in deviation_WMS for one_M in size.T
    ]  # None with too few points
    known = [exponent for exponent in found if exponent is not None]
    return float(np.median(known)) if known else math.nan


def fall_with_size(sizes: tuple[int, ...], steps_M: Values, values_WMS: Values) -> float:
    """Return B in |S_N - S_Nmax| = A·N^(-B) late in training, over all sizes but the largest."""
    late = steps_M >= LATE_FROM * steps_M[-1]
    deviation_W = mean_of_finite(
        mean_of_finite(np.abs(values_WMS[:-1] - values_WMS[-1:])[:, late], axis=2), axis=1
    )
    exponent = growth_exponent(np.array(sizes[:-1], np.float64), deviation_W)
    return math.nan if exponent is None else -exponent
