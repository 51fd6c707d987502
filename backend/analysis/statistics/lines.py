"""Best learning rates by seed, and least-squares lines through them.

Shapes: S seeds, N points of a line, P columns of a regression. A seed's best LR is the vertex of its own
parabola; a seed whose optimum is at an edge counts with the edge point, as in M1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from muscope.backend.analysis.statistics.intervals import estimate, finite_or_none
from muscope.backend.analysis.statistics.optimum import Optimum, find_optimum, seed_optima
from muscope.backend.analysis.sweep import Sweep, Values, complete_mean
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.statement import Estimate, Interval

PREDICTION = "regression_prediction"


@dataclass(frozen=True)
class SizeOptimum:
    """Best LR of one size in log2: of the mean over its seeds, and of every seed, [S]."""

    of_mean: Optimum
    per_seed: Values


def size_optimum(sweep: Sweep, loss: Metric, index: int) -> SizeOptimum | None:
    """Return the best LRs of the size at `index`; None while it has no complete LR.

    The mean is over the seeds that have any result there; a seed without one is NaN in `per_seed`.
    """
    losses_ES = sweep.judged(loss)[index]
    has_run = np.isfinite(losses_ES).any(axis=0)
    if not has_run.any():
        return None
    of_mean = find_optimum(sweep.log2_lrs, complete_mean(losses_ES[:, has_run]))
    if of_mean is None:
        return None
    return SizeOptimum(of_mean, seed_optima(sweep.log2_lrs, losses_ES))


def slopes(x: Values, y: Values) -> Values:
    """Return the least-squares slopes on x [N] of a line y [N], or of the columns of y [N, S].

    Σ (x - x̄) y / Σ (x - x̄)²; NaN where all x are equal.
    """
    centred = x - x.mean()
    spread = float(centred @ centred)
    found: Values = centred @ y / spread if spread > 0 else np.full(np.shape(y)[1:], np.nan)
    return found


def line_slope(x: Values, of_means: Values, per_seed: Values, level: float) -> Estimate:
    """Return the slope over x [N] of seed-mean values [N], with the Student-t interval of the seeds' slopes.

    Args:
        per_seed: [N, S]; a seed that lacks a point is left out of the interval.
    """
    if len(x) < 2 or np.ptp(x) == 0:
        return Estimate()
    return estimate(slopes(x, per_seed), level, centre=float(slopes(x, of_means)))


def predict(extents_NP: Values, values_N: Values, at_P: Values, level: float) -> Estimate:
    """Predict a further value at `at_P` by least squares with an intercept, with its prediction interval.

    The variance is the larger of the scatter about the line and of the means' distance from it, so that
    curvature over sizes widens the interval. A column that is constant over all points and at `at_P` is left
    out.

    Returns:
        An empty estimate where the points do not determine the prediction; no interval without a degree of
        freedom.
    """
    is_varied = np.ptp(extents_NP, axis=0) > 0
    if (~is_varied & (at_P != extents_NP[0])).any():
        return Estimate()
    design = np.column_stack([np.ones(len(values_N)), extents_NP[:, is_varied]])
    num_columns = design.shape[1]
    if np.linalg.matrix_rank(design) < num_columns:
        return Estimate()
    weights, *_ = np.linalg.lstsq(design, values_N, rcond=None)
    wanted = np.concatenate([[1.0], at_P[is_varied]])
    value = float(wanted @ weights)
    freedom = len(values_N) - num_columns
    if freedom < 1 or not math.isfinite(value):
        return Estimate(value=finite_or_none(value))
    residuals = values_N - design @ weights
    variance = max(float(residuals @ residuals) / freedom, _misfit(design, residuals))
    reach = 1.0 + float(wanted @ np.linalg.solve(design.T @ design, wanted))
    half = float(stdtrit(freedom, (1.0 + level) / 2.0)) * math.sqrt(variance * reach)
    interval = Interval(low=value - half, high=value + half, level=level, method=PREDICTION)
    return Estimate(value=value, interval=interval if math.isfinite(half) else None)


def _misfit(design: Values, residuals: Values) -> float:
    """Return the variance of the means at equal extents about the line; 0 where it cannot be computed."""
    indices, inverse = np.unique(design, axis=0, return_inverse=True)
    freedom = len(indices) - design.shape[1]
    if freedom < 1:
        return 0.0
    counts = np.bincount(inverse.ravel())
    means = np.bincount(inverse.ravel(), weights=residuals) / counts
    return float((counts * means**2).sum() / freedom)
