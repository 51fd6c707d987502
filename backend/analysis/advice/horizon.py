"""Dependence of the best learning rate on the training length (docs/science.md §6.4, docs/decisions/0020).

With a constant LR the first steps of a long training equal a short training, so the stored train losses at
T/8, T/4, T/2 and T give four horizons without extra runs. A warm-up or a decaying LR depends on the horizon;
then only runs made for a longer one (`horizon:k`) can measure it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.reasons import multiple, multiple_range, named, reason
from muscope.backend.analysis.statistics.intervals import estimate
from muscope.backend.analysis.statistics.lines import SizeOptimum, line_slope, size_optimum, slopes
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import ScheduleKind, ScheduleSpec
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Horizon, HorizonPoint, HorizonProbe, HorizonTrend
from muscope.backend.domain.verdict.statement import Estimate, Reason

LOSS = Metric.TRAIN_LOSS
SHARES = (8, 4, 2)
# Horizons of fewer steps are not read: they say nothing about training.
MIN_STEPS = 8
# Shifts below this many octaves count as zero.
RESOLUTION = 1e-6
TENFOLD = float(np.log2(10.0))


class _Read(NamedTuple):
    """Optima of one size, at the horizons where its best LR is known."""

    size: Size
    found: dict[int, SizeOptimum]

    def inside(self) -> tuple[Values, Values, Values]:
        """Return log2 steps [N], seed-mean optima [N] and the seeds' own [N, S] in log2 LR, without edges."""
        kept = {steps: each for steps, each in self.found.items() if not each.of_mean.is_edge}
        x = np.log2(np.array(list(kept), dtype=np.float64))
        of_means = np.array([each.of_mean.log2_lr for each in kept.values()])
        per_seed = [each.per_seed for each in kept.values()]
        return x, of_means, np.stack(per_seed) if per_seed else np.empty((0, 0))


def read_horizon(
    sweeps: Sequence[Sweep], schedule: ScheduleSpec, probes: Mapping[int, Sweep], level: float
) -> Horizon:
    """Return how the best LR moves with the horizon, with the probes of longer trainings.

    Args:
        sweeps: of the arm the verdict is about, one per axis; the base and the largest size of each are read.
        probes: by factor on the steps, the sweep of that longer training; only its base is read.
    """
    is_available = schedule.kind is ScheduleKind.CONSTANT and schedule.warmup_fraction == 0.0
    read = _read(sweeps) if is_available else []
    trends = [_trend(each, level) for each in read]
    expected = read[0] if read else None
    own = _own_horizon(sweeps[0])
    looked_at = [_probe(factor, probe, own, expected, level) for factor, probe in sorted(probes.items())]
    found = [each for each in looked_at if each is not None]
    reasons = [_trend_reason(trend) for trend in trends]
    if not is_available:
        reasons = [reason("horizon_not_constant")]
    elif not trends:
        reasons = [reason("horizon_not_measured")]
    reasons += [_probe_reason(probe) for probe in found]
    return Horizon(
        is_available=is_available,
        loss=LOSS,
        trends=tuple(trends),
        probes=tuple(found),
        reasons=(*reasons, *_differing(trends)),
    )


def _read(sweeps: Sequence[Sweep]) -> list[_Read]:
    """Read the base, then the largest size with results of every axis."""
    found: list[_Read] = []
    for sweep in sweeps:
        if sweep.until is None or LOSS not in sweep.losses:
            continue
        cut = {steps: sweep.until(steps) for steps in _horizons(sweep.num_steps)} | {sweep.num_steps: sweep}
        measured = [index for index in sweep.larger if sweep.is_measured[index].any()]
        indices = [] if found else [sweep.base_index]
        for index in indices + measured[-1:]:
            at = {steps: size_optimum(part, LOSS, index) for steps, part in cut.items()}
            known = {steps: each for steps, each in at.items() if each is not None}
            if known:
                found.append(_Read(sweep.sizes[index], known))
    return found


def _horizons(num_steps: int) -> list[int]:
    steps = {num_steps // share for share in SHARES}
    return sorted(each for each in steps if each >= MIN_STEPS)


def _trend(read: _Read, level: float) -> HorizonTrend:
    points = [
        HorizonPoint(
            num_steps=steps, optimal_lr=float(2.0**each.of_mean.log2_lr), is_edge=each.of_mean.is_edge
        )
        for steps, each in sorted(read.found.items())
    ]
    return HorizonTrend(
        size=read.size,
        per_doubling=line_slope(*read.inside(), level),
        points=tuple(points),
    )


def _own_horizon(sweep: Sweep) -> SizeOptimum | None:
    return size_optimum(sweep, LOSS, sweep.base_index) if LOSS in sweep.losses else None


def _probe(
    factor: int, probe: Sweep, own: SizeOptimum | None, expected: _Read | None, level: float
) -> HorizonProbe | None:
    """Compare the base after a longer training with the base itself; None as long as one lacks an optimum."""
    longer = _own_horizon(probe)
    if own is None or longer is None:
        return None
    is_edge = longer.of_mean.is_edge or own.of_mean.is_edge
    moved_S = longer.per_seed - own.per_seed
    shift = estimate(moved_S, level, centre=longer.of_mean.log2_lr - own.of_mean.log2_lr)
    return HorizonProbe(
        factor=factor,
        num_steps=probe.num_steps,
        optimal_lr=float(2.0**longer.of_mean.log2_lr),
        is_edge=is_edge,
        shift=Estimate() if is_edge else shift,
        is_as_expected=None if is_edge or expected is None else _agrees(factor, moved_S, expected, level),
    )


def _agrees(factor: int, moved_S: Values, expected: _Read, level: float) -> bool | None:
    """Return whether the seeds' shifts agree with their own trends, within the interval; None if unknown."""
    x, _, per_seed = expected.inside()
    if len(x) < 2:
        return None
    missed = estimate(moved_S - slopes(x, per_seed) * np.log2(factor), level).interval
    return None if missed is None else bool(missed.low <= 0.0 <= missed.high)


def _trend_reason(trend: HorizonTrend) -> Reason:
    value, interval = trend.per_doubling.value, trend.per_doubling.interval
    if value is None or interval is None:
        return reason("horizon_no_trend", **named(trend.size))
    tenfold = multiple(value * TENFOLD)
    ends = multiple_range(interval)
    return reason("horizon_trend", value=multiple(value), tenfold=tenfold, **named(trend.size), **ends)


def _probe_reason(probe: HorizonProbe) -> Reason:
    value, interval = probe.shift.value, probe.shift.interval
    if value is None or interval is None:
        return reason("horizon_probe_open", factor=probe.factor)
    ends = multiple_range(interval)
    if probe.is_as_expected is False:
        return reason("horizon_probe_differs", factor=probe.factor, value=multiple(value), **ends)
    return reason("horizon_probe", factor=probe.factor, value=multiple(value), **ends)


def _differing(trends: Sequence[HorizonTrend]) -> list[Reason]:
    """Return a reason per size whose best LR moves differently from the base's, so that reuse would break."""
    found = []
    for trend in trends[1:]:
        base, other = trends[0].per_doubling.interval, trend.per_doubling.interval
        if base is None or other is None:
            continue
        if max(base.low, other.low) - min(base.high, other.high) > RESOLUTION:
            found.append(reason("horizon_differs", **named(trend.size)))
    return found
