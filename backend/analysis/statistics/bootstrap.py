"""Paired bootstrap over seeds, used from `MIN_SEEDS` seeds on (docs/decisions/0019).

Seeds are drawn with replacement, jointly for all LRs, sizes and losses, from the spec's own random seed. With
few seeds plain percentiles are too narrow, by two known effects: the variance of a resample is (S-1)/S of the
estimate's, and its tails are a normal distribution's instead of Student's. The percentiles are taken further
out by that factor (Hesterberg 2015, "expanded percentile interval").
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, stdtrit

from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.verdict.verdict import Interval

METHOD = "paired_bootstrap"
# From this many seeds on, nominal 90% covered at least 88% in every case measured.
MIN_SEEDS = 10
NUM_RESAMPLES = 2000


def resampling_weights(num_seeds: int, random_seed: int) -> Values:
    """Return the share of every seed in every resample, [S, B]; equal for equal `random_seed`."""
    generator = np.random.default_rng(random_seed)
    counts = generator.multinomial(num_seeds, np.full(num_seeds, 1.0 / num_seeds), size=NUM_RESAMPLES)
    return counts.T / num_seeds


def bootstrap_interval(values_B: Values, num_seeds: int, level: float) -> Interval | None:
    """Return the expanded percentile interval of resampled values [B]; None where one of them is NaN."""
    if not np.isfinite(values_B).all():
        return None
    tail = math.sqrt(num_seeds / (num_seeds - 1)) * float(stdtrit(num_seeds - 1, (1.0 - level) / 2.0))
    low, high = np.quantile(values_B, [ndtr(tail), ndtr(-tail)])
    return Interval(low=float(low), high=float(high), level=level, method=METHOD)
