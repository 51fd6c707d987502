"""Final value of a metric: the number by which finished runs are compared.

A metric of every step (the training loss) is averaged over the tail, its last `tail_fraction` of the steps,
which evens out the noise of the batches. The validation loss counts at its lowest measurement so far, as
people keep the best checkpoint: after several passes its last value measures overfitting (ADR 0030). Other
metrics measured at intervals (the field metric) use the last measurement, which covers the whole validation
set. Figures, verdict, card, runs table and savings all use the final values defined here.

Shapes: T steps, M measurement steps, R runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric

Steps = NDArray[np.int64]
# Metrics whose lowest value so far counts instead of the last one.
BEST_SO_FAR = frozenset({Metric.VAL_LOSS})


def final_steps(metric: Metric, measurement_steps: Steps, *, end: int, tail_steps: int) -> Steps:
    """Return the steps from which the final value is read, for a training that ends at `end`.

    Args:
        measurement_steps: ascending, [M]; contains step 0.
        tail_steps: number of last steps over which a metric of every step is averaged.
    """
    if METRIC_INFO[metric].every_step:
        return np.arange(end - tail_steps + 1, end + 1, dtype=np.int64)
    until_end = measurement_steps[measurement_steps <= end]
    return until_end if metric in BEST_SO_FAR else until_end[-1:]


def final_values(metric: Metric, steps: Steps, values_TR: NDArray[np.floating], wanted: Steps) -> Values:
    """Return the final value of every run from the steps `wanted`, [R]; NaN if one of them is missing.

    Args:
        steps: of the values, ascending, [T]; may have gaps.
    """
    is_wanted = np.isin(steps, wanted)
    if int(is_wanted.sum()) < len(wanted) or len(wanted) == 0:
        return np.full(values_TR.shape[1], np.nan)
    if metric in BEST_SO_FAR:
        lowest: Values = values_TR[is_wanted].min(axis=0).astype(np.float64)
        return lowest
    mean: Values = values_TR[is_wanted].mean(axis=0, dtype=np.float64)
    return mean


def final_of_summary(
    metric: Metric,
    *,
    last: float | None,
    minimum: float | None,
    last_step: int,
    tail_sum: float,
    tail_count: int,
    num_steps: int,
    tail_steps: int,
) -> float | None:
    """Return the final value of a run from its stored summary; None while the run is incomplete.

    Args:
        tail_sum, tail_count: over the finite values of the tail.
    """
    if METRIC_INFO[metric].every_step:
        return tail_sum / tail_count if tail_count == tail_steps else None
    value = minimum if metric in BEST_SO_FAR else last
    return value if last_step == num_steps else None
