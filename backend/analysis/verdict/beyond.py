"""Statement one doubling beyond the sizes measured, from the trends of cost and of the border of divergence.

It is a second statement with an error rate of its own (docs/calibration): what holds at the target may cost
more at twice the size. The cost at the base is zero by definition, so the trend starts there.
"""

from __future__ import annotations

import math

import numpy as np

from muscope.backend.analysis.measures.cliff import nearing
from muscope.backend.analysis.statistics.lines import slopes
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import (
    ArmVerdict,
    Beyond,
    Deciding,
    Estimate,
    Interval,
    Outcome,
    SizeStatistics,
)

METHOD = "trend_over_sizes"


def beyond_of(
    arm: ArmVerdict, sweep: Sweep, deciding: Deciding | None, thresholds: Thresholds
) -> Beyond | None:
    """Return what is expected at twice the largest size of an axis; None where nothing is known there.

    Nothing is after a step up, whose one step shows no trend over sizes.
    """
    if sweep.is_step_up:
        return None
    sizes = [
        size for size in arm.sizes if size.axis is sweep.axis and (size.width, size.depth) in sweep.sizes
    ]
    if deciding is None or deciding.cost.value is None or deciding.cost.interval is None or not sizes:
        return None
    rise = max(0.0, _rise(sweep, sizes, deciding.unit))
    cost, interval = deciding.cost.value, deciding.cost.interval
    expected = Interval(low=interval.low, high=interval.high + rise, level=interval.level, method=METHOD)
    index = sweep.sizes.index(max(size for size in sweep.sizes if _is_in(size, sizes)))
    lr_index = None if arm.base_lr is None else sweep.lrs.index(arm.base_lr)
    margin = None if lr_index is None else nearing(sweep, index, lr_index)
    is_safe = margin is None or margin >= thresholds.min_margin
    is_cheap = expected.high <= deciding.limit
    return Beyond(
        doublings=1.0,
        cost=Estimate(value=cost + rise, interval=expected),
        holds=arm.outcome is Outcome.TRANSFERS and is_cheap and is_safe,
    )


def _is_in(size: tuple[int, int], sizes: list[SizeStatistics]) -> bool:
    return any((each.width, each.depth) == tuple(size) for each in sizes)


def _rise(sweep: Sweep, sizes: list[SizeStatistics], unit: CostUnit) -> float:
    """Return the rise of the cost per doubling over the sizes, from zero at the base."""
    points = [(float(sweep.log2_extents[sweep.base_index]), 0.0)]
    for size in sizes:
        cost = _cost(size, unit)
        index = next(i for i, each in enumerate(sweep.sizes) if tuple(each) == (size.width, size.depth))
        if cost is not None and math.isfinite(cost):
            points.append((float(sweep.log2_extents[index]), max(0.0, cost)))
    if len(points) < 2:
        return 0.0
    x, y = np.array(points).T
    return float(slopes(x, y))


def _cost(size: SizeStatistics, unit: CostUnit) -> float | None:
    return size.losses[0].cost_in(unit).value if size.losses else None
