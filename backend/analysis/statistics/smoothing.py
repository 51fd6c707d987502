"""Local parabolas over LRs, which reduce noise where the grid is finer than an octave.

Within an octave to either side the log of the loss is nearly a parabola in log2 LR, the same that gives the
optimum its vertex (docs/science.md §6.2). Where more than three LRs lie that close, every seed's loss is
replaced by the value of its least-squares parabola: costs on a grid twice as fine are then twice as precise,
and each seed still gives one value, so that Student's intervals stay valid (ADR 0026).

Shapes: E learning rates, S seeds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from muscope.backend.analysis.statistics.intervals import standard_error
from muscope.backend.analysis.sweep import Values

# In octaves to either side; on an octave grid these are three LRs, which a parabola fits exactly.
REACH = 1.0
_TOLERANCE = 0.1
_DEGREES = 2
# Level of the test for lack of fit; where it rejects the parabola, the losses are kept as they are.
FIT_LEVEL = 0.90
# The same for means without seeds: residuals beyond this many standard errors are a misfit.
MOST_ERRORS = 2.0


def smoothed(log2_lrs: Values, losses_ES: Values, is_diverging_E: NDArray[np.bool_]) -> Values:
    """Return the losses read from local parabolas, [E, S]; unchanged where a parabola does not fit.

    Args:
        log2_lrs: ascending, [E].
        losses_ES: complete and finite.
        is_diverging_E: LRs at which a seed diverged; they are neither smoothed nor used to smooth others.
    """
    read = losses_ES.copy()
    if min(losses_ES.shape) < 2 or not (losses_ES > 0).all():
        return read
    logs_ES = np.log(losses_ES)
    step = float(np.median(np.diff(log2_lrs)))
    for run in _stable_runs(is_diverging_E):
        for index in run:
            near = _nearest(step, run, index)
            if len(near) <= _DEGREES + 1:
                continue
            fitted_S = _weights(tuple((log2_lrs[near] - log2_lrs[index]).tolist())) @ logs_ES[near]
            if _is_fair(fitted_S - logs_ES[index]):
                read[index] = np.exp(fitted_S)
    return read


def smoothed_means(log2_lrs: Values, means_E: Values, errors_E: Values) -> tuple[Values, Values]:
    """Return means of which single runs are known, read from local parabolas, and their variances, [E] each.

    The parabola is judged by the error of a mean, since there are no seeds whose residuals could be tested.
    Any spacing of the LRs will do; at the ends of the grid the parabola lies to one side.

    Args:
        means_E: NaN at LRs that are neither smoothed nor used to smooth others.
        errors_E: standard error of every mean.

    Returns:
        The means, and their variances as shares of the variances before.
    """
    read, shares = means_E.copy(), np.ones(len(means_E))
    usable = np.flatnonzero(np.isfinite(means_E) & (means_E > 0))
    for index in usable:
        distance = np.abs(log2_lrs[usable] - log2_lrs[index])
        near = usable[distance <= REACH + _TOLERANCE]
        if len(near) <= _DEGREES + 1 or len(np.unique(log2_lrs[near])) <= _DEGREES:
            continue
        weights = _weights(tuple((log2_lrs[near] - log2_lrs[index]).tolist()))
        fitted = float(np.exp(weights @ np.log(means_E[near])))
        residual_error = errors_E[index] * np.sqrt(max(0.0, 1.0 - float(weights[near == index][0])))
        if abs(fitted - means_E[index]) <= MOST_ERRORS * residual_error:
            read[index], shares[index] = fitted, float(weights @ weights)
    return read, shares


def _stable_runs(is_diverging_E: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the runs of adjacent LRs without a divergence, as index arrays."""
    stable = np.flatnonzero(~is_diverging_E)
    return np.split(stable, np.flatnonzero(np.diff(stable) > 1) + 1) if len(stable) else []


def _nearest(step: float, run: NDArray[np.intp], index: int) -> NDArray[np.intp]:
    """Return the LRs within an octave to either side, shifted inwards at the ends of the run."""
    count = 2 * int((REACH + _TOLERANCE) / step) + 1
    first = max(0, min(int(np.searchsorted(run, index)) - count // 2, len(run) - count))
    return run[first : first + count]


@lru_cache(maxsize=1024)
def _weights(x: tuple[float, ...]) -> Values:
    """Return the weights of the values at `x` whose sum is the least-squares parabola at 0."""
    weights: Values = np.linalg.pinv(np.vander(np.array(x), _DEGREES + 1, increasing=True))[0]
    return weights


def _is_fair(residual_S: Values) -> bool:
    """Return whether the mean of the seeds' residuals is consistent with zero."""
    limit = float(stdtrit(len(residual_S) - 1, (1.0 + FIT_LEVEL) / 2.0))
    return abs(float(residual_S.mean())) <= limit * standard_error(residual_S)
