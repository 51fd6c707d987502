"""Rate to carry: the LR of the base that is reused on larger sizes (ADR 0030).

The best of several noisy means moves with the seeds, under a constant schedule to the edge of divergence.
Among LRs that the seeds cannot tell from the best one, the lowest is therefore carried: it is farthest from
divergence. Only LRs within `REACH` octaves of the best that cost next to nothing there count as tied.
"""

from __future__ import annotations

import numpy as np

from muscope.backend.analysis.measures.pairs import SizeLosses
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric

REACH = 0.5


def carried_index(sweep: Sweep, loss: Metric, thresholds: Thresholds) -> int | None:
    """Return the index of the LR to carry from the base; None as long as the base has no optimum."""
    means_E = sweep.seed_mean(loss, sweep.base_index)
    best = find_optimum(sweep.log2_lrs, means_E)
    if best is None or best.is_edge:
        return None if best is None else best.index
    losses_ES = sweep.shared(sweep.judged(loss), sweep.base_index)
    complete = np.flatnonzero(np.isfinite(losses_ES).all(axis=1))
    seeds = sweep.shared_seeds(sweep.base_index)
    has_diverged_E = (sweep.diverged_at[sweep.base_index][:, seeds] >= 0).any(axis=1)
    diverging = frozenset(np.flatnonzero(has_diverged_E).tolist())
    base = SizeLosses(complete, sweep.log2_lrs[complete], losses_ES[complete], diverging).smoothed()
    reduction = float(sweep.initial(loss)[sweep.base_index, seeds].mean() - means_E[best.index])
    below = sorted(index for index in base.within(REACH, best.index) if index < best.index)
    allowed = thresholds.least_regret / 2.0 * reduction
    tied = (
        index
        for index in below
        if index not in diverging and _is_tied(base, index, best.index, allowed, thresholds.level)
    )
    return next(tied, best.index)


def _is_tied(base: SizeLosses, index: int, best: int, allowed: float, level: float) -> bool:
    """Return whether the seeds cannot tell an LR from the best one, and its mean loss is as good as equal."""
    above_S = base.above(index, best)
    interval = student_interval(above_S, level)
    return interval is not None and interval.low <= 0.0 and float(above_S.mean()) <= allowed
