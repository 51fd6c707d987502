"""Student-t intervals of per-seed values, and estimates whose numbers are finite or None."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.verdict.verdict import Estimate, Interval

METHOD = "student_t"


def student_interval(values: Values, level: float, *, centre: float | None = None) -> Interval | None:
    """Return the two-sided Student-t interval of the mean of per-seed values [S].

    Args:
        values: one value per seed, paired differences where two sizes or LRs are compared; NaN is left out.
        level: two-sided; 0.90 makes each one-sided test (TOST) a 5% test.
        centre: centre of the interval in place of the mean.

    Returns:
        None with fewer than two values; an interval of zero width where all are equal.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return None
    half = float(stdtrit(len(finite) - 1, (1.0 + level) / 2.0)) * standard_error(finite)
    middle = float(finite.mean()) if centre is None else centre
    if not math.isfinite(middle) or not math.isfinite(half):
        return None
    return Interval(low=middle - half, high=middle + half, level=level, method=METHOD)


def widened(interval: Interval | None, by: float) -> Interval | None:
    """Return the interval with both ends moved outwards by `by`."""
    if interval is None:
        return None
    return interval.model_copy(update={"low": interval.low - by, "high": interval.high + by})


def standard_error(values: Values) -> float:
    """Return the standard error of the mean; NaN with fewer than two values."""
    if len(values) < 2:
        return math.nan
    scale = float(np.abs(values).max())  # the squares of huge losses would overflow
    return scale * float((values / scale).std(ddof=1)) / math.sqrt(len(values)) if scale > 0 else 0.0


def estimate(values: Values, level: float, *, centre: float | None = None) -> Estimate:
    """Return the mean of per-seed values [S] (or `centre`) with its interval."""
    finite = values[np.isfinite(values)]
    value = centre if centre is not None else (float(finite.mean()) if len(finite) else None)
    return Estimate(value=finite_or_none(value), interval=student_interval(values, level, centre=centre))


def finite_or_none(value: float | None) -> float | None:
    """Return the value as a plain float; None unless it is finite."""
    return float(value) if value is not None and math.isfinite(value) else None
