"""Moving mean of a curve for the eye; statistics and verdicts never see it."""

from __future__ import annotations

import math

import numpy as np

from muscope.backend.analysis.display.curves import Steps, Values


def moving_mean(steps: Steps, values: Values, time_constant: float) -> Values:
    """Return the exponentially weighted mean of the values so far, [T].

    A value counts exp(-age / time_constant), ages in steps, so that unevenly measured curves are smoothed
    alike. Nothing reaches across a gap: after a NaN the mean starts anew, and the NaN stays.
    """
    if time_constant <= 0:
        return values
    smooth = np.full(len(values), np.nan)
    total, weight, last = 0.0, 0.0, 0
    for index, (step, value) in enumerate(zip(steps.tolist(), values.tolist(), strict=True)):
        if not math.isfinite(value):
            total, weight = 0.0, 0.0
            continue
        kept = math.exp((last - step) / time_constant)
        total, weight, last = kept * total + value, kept * weight + 1.0, step
        smooth[index] = total / weight
    return smooth
