"""M6 (inversions of the loss over sizes at the reused LR) and the field metric."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from muscope.backend.analysis.measures.costs import STANDARD_ERRORS
from muscope.backend.analysis.measures.transfer import Comparison
from muscope.backend.analysis.statistics.intervals import finite_or_none, standard_error
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import axis_of
from muscope.backend.domain.verdict.verdict import FieldStatistics


def num_inversions(sweep: Sweep, loss: Metric, lr_index: int) -> int | None:
    """Return M6: steps up in size at which the loss at the reused LR rises by more than two standard errors.

    A step goes from a judged size to the next one on the axis, paired over the seeds that both have
    (docs/science.md §6.2). None where no step can be compared.
    """
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


def field_statistics(sweep: Sweep, size_index: int, comparison: Comparison | None) -> FieldStatistics | None:
    """Return the field metric of a size at the reused LR and at its best LR, and of the base.

    Values are means over the seeds that base and size share; None where a seed has no value, as after a
    divergence.
    """
    if sweep.field is None or comparison is None:
        return None
    base, target, seeds = comparison.base, comparison.target, sweep.shared_seeds(size_index)

    def mean(index: int, lr_index: int | None) -> float | None:
        values = sweep.field.final[index, :, seeds] if sweep.field is not None else np.empty((0, 0))
        return (
            None if lr_index is None or not len(seeds) else finite_or_none(float(values[:, lr_index].mean()))
        )

    reused = None if base is None else base.index
    return FieldStatistics(
        metric=sweep.field.metric,
        of_base=mean(sweep.base_index, reused),
        reused=mean(size_index, reused),
        best=mean(size_index, None if target is None else target.index),
    )
