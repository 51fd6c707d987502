"""M6 (inversions of the loss over sizes at the reused LR) and the field metric."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from muscope.backend.analysis.measures.costs import STANDARD_ERRORS
from muscope.backend.analysis.measures.transfer import Comparison
from muscope.backend.analysis.statistics.intervals import estimate, finite_or_none, standard_error
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.size import axis_of
from muscope.backend.domain.verdict.verdict import Estimate, FieldStatistics


def num_inversions(sweep: Sweep, loss: Metric, lr_index: int) -> int | None:
    """Return M6: steps up in size at which the loss at the reused LR rises by more than two standard errors.

    A step goes from a judged size to the next one on the axis, paired over the seeds that both have
    (docs/science.md §6.2). None where no step can be compared, as with another batch or horizon.
    """
    if sweep.is_step_up:
        return None
    judged_WS = sweep.judged(loss)[:, lr_index]
    indices = [sweep.base_index, *sweep.planned]
    rises = [
        _rises(judged_WS[larger] - judged_WS[smaller])
        for smaller, larger in pairwise(indices)
        if axis_of(sweep.sizes[larger], sweep.sizes[smaller]) is not None
    ]
    known = [rise for rise in rises if rise is not None]
    return sum(known) if known else None


def _rises(difference_S: Values) -> bool | None:
    finite = difference_S[np.isfinite(difference_S)]
    if len(finite) < 2:
        return None
    return bool(finite.mean() > STANDARD_ERRORS * standard_error(finite))


def field_statistics(
    sweep: Sweep, size_index: int, comparison: Comparison | None, level: float
) -> FieldStatistics | None:
    """Return the field metric of a size at the reused LR and at its best LR, and of the base.

    Values are means over the seeds that base and size share; None where a seed has no value, as after a
    divergence. Cost and benefit are paired by seed, with intervals at `level`.
    """
    field = sweep.field
    if field is None or comparison is None or comparison.base is None:
        return None
    seeds = sweep.shared_seeds(size_index)

    def values(index: int, lr_index: int | None) -> Values:
        is_known = lr_index is not None and len(seeds) > 0
        return field.final[index, lr_index, seeds] if is_known else np.full(1, np.nan)

    best = comparison.costs.best_index
    of_base = values(sweep.base_index, comparison.base.index)
    of_reused, of_best = values(size_index, comparison.carried), values(size_index, best)
    sign = -1.0 if METRIC_INFO[field.metric].larger_is_better else 1.0
    return FieldStatistics(
        metric=field.metric,
        of_base=finite_or_none(float(of_base.mean())),
        reused=finite_or_none(float(of_reused.mean())),
        best=finite_or_none(float(of_best.mean())),
        cost=_paired(sign * (of_reused - of_best), level),
        benefit=Estimate() if sweep.is_step_up else _paired(sign * (of_base - of_best), level),
    )


def _paired(difference_S: Values, level: float) -> Estimate:
    return estimate(difference_S, level) if np.isfinite(difference_S).all() else Estimate()
