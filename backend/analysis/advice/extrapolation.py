"""Extrapolation of the best LR to the target: sizes measured, extrapolated with an interval, or not claimed.

The best LR at a size beyond those tested comes from a regression of the seeds' optima on log2 width and
log2 depth (docs/science.md §6.4, docs/decisions/0020). The distance up to which it counts as a claim comes
from the calibration study, which hid the largest sizes and counted how often recommendations held there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from muscope.backend.analysis.reasons import multiple, named, reason, rounded
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.statistics.lines import SizeOptimum, predict, size_optimum
from muscope.backend.analysis.sweep import Sweep, Values, deciding_loss_of
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Basis, Extrapolation, TrackRecord
from muscope.backend.domain.verdict.statement import Estimate, Interval, Reason


@dataclass(frozen=True)
class Tested:
    """Best LRs of every size with results, the base included; also of sizes whose best LR is at an edge."""

    found: dict[Size, SizeOptimum]

    def inside(self) -> dict[Size, SizeOptimum]:
        """Return the sizes whose optimum is not at an edge of the LRs tried."""
        return {size: each for size, each in self.found.items() if not each.of_mean.is_edge}


def tested(sweeps: Sequence[Sweep]) -> Tested:
    """Read the best LRs of the base and of every larger size that has results."""
    loss = deciding_loss_of(sweeps)
    found: dict[Size, SizeOptimum] = {}
    for sweep in sweeps if loss is not None else ():
        for index in (sweep.base_index, *sweep.larger):
            each = size_optimum(sweep, loss, index) if loss is not None else None
            if each is not None:
                found.setdefault(sweep.sizes[index], each)
    return Tested(found)


def doublings_beyond(sizes: Sequence[Size], target: Size) -> float:
    """Return the doublings from the largest width and depth of `sizes` to `target`, summed; 0 inside."""
    if not sizes:
        return 0.0
    wider = math.log2(target.width / max(size.width for size in sizes))
    deeper = math.log2(target.depth / max(size.depth for size in sizes))
    return max(0.0, wider) + max(0.0, deeper)


def extrapolate(
    sweeps: Sequence[Sweep],
    target: Size,
    reused_lr: float | None,
    record: TrackRecord | None,
    thresholds: Thresholds,
) -> Extrapolation:
    """Return the best LR at `target` with its interval, and the basis of that statement.

    Args:
        sweeps: of the arm the verdict is about, one per axis.
        reused_lr: the base's tuned LR, None where there is none.
        record: of the calibration study; with None, nothing beyond the measured sizes is claimed.
    """
    known = tested(sweeps)
    doublings = doublings_beyond(list(known.found), target)
    at_target = known.inside().get(target)
    if at_target is not None:
        claim, log2_lr = Basis.MEASURED, _measured(at_target, thresholds.level)
    else:
        claim, log2_lr = Basis.EXTRAPOLATED, _predicted(known, target, thresholds)
    reasons = [_stated(target, claim, log2_lr, known)]
    limits = () if claim is Basis.MEASURED else _limits(known, log2_lr, doublings, record, thresholds)
    return Extrapolation(
        target=target,
        claim=Basis.NOT_CLAIMED if limits else claim,
        doublings=doublings,
        lr=in_lr(log2_lr),
        lr_shift=_shifted(log2_lr, reused_lr),
        reasons=(*(each for each in reasons if each is not None), *limits),
    )


def _measured(at_target: SizeOptimum, level: float) -> Estimate:
    centre = at_target.of_mean.log2_lr
    return Estimate(value=centre, interval=student_interval(at_target.per_seed, level, centre=centre))


def _points(known: Tested) -> tuple[Values, Values]:
    """Return log2 width and depth [N, 2] and the seeds' best log2 LR [N], of all sizes inside the grid."""
    rows = [
        (math.log2(size.width), math.log2(size.depth), float(log2_lr))
        for size, each in known.inside().items()
        for log2_lr in each.per_seed
        if math.isfinite(log2_lr)
    ]
    table = np.array(rows).reshape(-1, 3)
    return table[:, :2], table[:, 2]


def _predicted(known: Tested, target: Size, thresholds: Thresholds) -> Estimate:
    if len(known.inside()) < thresholds.min_widths:
        return Estimate()
    extents, values = _points(known)
    return predict(extents, values, np.log2(np.array(target, dtype=np.float64)), thresholds.level)


def _stated(target: Size, claim: Basis, log2_lr: Estimate, known: Tested) -> Reason | None:
    lr, interval = in_lr(log2_lr).value, in_lr(log2_lr).interval
    if lr is None or interval is None:
        return None
    ends = {"low": rounded(interval.low), "high": rounded(interval.high)}
    if claim is Basis.MEASURED:
        return reason("target_measured", lr=rounded(lr), **named(target), **ends)
    count = len(known.inside())
    return reason("target_extrapolated", lr=rounded(lr), count=count, **named(target), **ends)


def _limits(
    known: Tested,
    log2_lr: Estimate,
    doublings: float,
    record: TrackRecord | None,
    thresholds: Thresholds,
) -> tuple[Reason, ...]:
    """Return the reasons that forbid a claim about a size that was not measured; empty if there are none."""
    count = len(known.inside())
    if count < thresholds.min_widths:
        return (reason("too_few_sizes_for_trend", given=count, needed=thresholds.min_widths),)
    if log2_lr.value is None:
        return (reason("axis_not_tested"),)
    if log2_lr.interval is None:
        return (reason("too_few_sizes_for_trend", given=count, needed=count + 1),)
    if record is None:
        return (reason("not_calibrated"),)
    if doublings > record.max_doublings:
        limit, ratio = multiple(record.max_doublings), multiple(doublings)
        return (reason("beyond_calibration", ratio=ratio, limit=limit),)
    return ()


def in_lr(log2_lr: Estimate) -> Estimate:
    """Convert an estimate from octaves (log2 LR) to learning rates."""
    value, interval = log2_lr.value, log2_lr.interval
    if value is None:
        return Estimate()
    if interval is None:
        return Estimate(value=_power(value))
    ends = {"low": _power(interval.low), "high": _power(interval.high)}
    return Estimate(value=_power(value), interval=interval.model_copy(update=ends))


def _power(octaves: float) -> float:
    """Return 2^octaves, clipped to the range of a float."""
    return float(2.0 ** min(max(octaves, -999.0), 999.0))


def _shifted(log2_lr: Estimate, reused_lr: float | None) -> Estimate:
    value, interval = log2_lr.value, log2_lr.interval
    if value is None or reused_lr is None:
        return Estimate()
    reused = math.log2(reused_lr)
    if interval is None:
        return Estimate(value=value - reused)
    moved = Interval(
        low=interval.low - reused, high=interval.high - reused, level=interval.level, method=interval.method
    )
    return Estimate(value=value - reused, interval=moved)
