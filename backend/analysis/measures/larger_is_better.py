"""M6 and the field metric: does a larger model do better at the reused LR, and by what the user counts in?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from backend.analysis.measures.costs import STANDARD_ERRORS
from backend.analysis.measures.transfer import Comparison
from backend.analysis.statistics.intervals import finite_or_none, standard_error
from backend.analysis.sweep import Sweep, Values
from backend.domain.spec.metrics import Metric
from backend.domain.spec.size import axis_of
from backend.domain.verdict.verdict import FieldStatistics


def num_inversions(sweep: Sweep, loss: Metric, lr_index: int) -> int | None:
    """Return M6: at how many steps up the loss at the reused LR is higher by more than two standard errors.

    A step goes from a judged size to the next one on the axis, over the seeds that both have. None where no
    step could be compared.
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
    """Return the field metric where the loss says: at the reused LR, at the size's best LR, and of the base.

    A value is the mean over the seeds base and size share; None where one of them has none, so a divergence.
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
