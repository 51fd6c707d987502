"""Measures of reusing one curve's best LR on another curve, and the facts the rules of the verdict read.

With three seeds or more at every cell that decides, intervals are those of the verdict, paired by seed
(`analysis.measures.costs`). With fewer, the noise of one run gives them (`noise`); where it is unknown there
is none, and the estimate alone decides, provisionally.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from muscope.backend.analysis.measures.costs import Costs, costs_of
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.statistics.optimum import Optimum
from muscope.backend.analysis.sweep import Values
from muscope.backend.analysis.verdict.rules import Ends
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Estimate
from muscope.backend.sweeps.measures.curves import SAME_LR, Curve
from muscope.backend.sweeps.measures.noise import Noise

UNKNOWN = Ends(math.nan, math.nan, math.nan)
# The reused LR may be read between two LRs that are at most this many octaves apart.
_BRACKET = 1.0 + SAME_LR


@dataclass(frozen=True)
class Reading:
    """Loss at the reused LR on the target: NaN where it was neither run nor can be read between others."""

    index: int | None
    loss: float
    variance: float = 1.0
    is_interpolated: bool = False


@dataclass(frozen=True)
class Measured:
    """Measures of one pair of curves; NaN where unknown. Ends of an interval are NaN without one."""

    base: Curve
    target: Curve
    of_base: Optimum | None
    of_target: Optimum | None
    reading: Reading
    excess: Ends = UNKNOWN
    gain: Ends = UNKNOWN
    lost: Ends = UNKNOWN
    lost_margin: float = math.nan
    shift: float = math.nan
    fitted: Ends = UNKNOWN
    rate: float = math.nan
    margin: float = math.inf
    base_margin: float = math.inf
    num_runs: int = 0

    @property
    def best_loss(self) -> float:
        """Return the target's loss at its best LR."""
        return math.nan if self.of_target is None else float(self.target.means[self.of_target.index])

    @property
    def base_loss(self) -> float:
        """Return the base's loss at its best LR."""
        return math.nan if self.of_base is None else float(self.base.means[self.of_base.index])

    @property
    def has_benefit(self) -> bool:
        """Return whether the target is shown to be better; by the estimate where no interval is known."""
        low = self.gain.low if math.isfinite(self.gain.low) else self.gain.value
        return bool(low > 0)


def measure(base: Curve, target: Curve, noise: Noise, initial: float | None, limits: Thresholds) -> Measured:
    """Measure the reuse of the base's best LR on the target.

    Args:
        initial: loss at init, where the table has one.
    """
    of_base, of_target = base.optimum, target.optimum
    if of_base is None:
        return Measured(base, target, None, of_target, Reading(None, math.nan))
    log2_lr = float(base.log2_lrs[of_base.index])
    reading = _read(target, log2_lr)
    rate, margin = _divergence(target, log2_lr)
    found = Measured(
        base,
        target,
        of_base,
        of_target,
        reading,
        rate=rate,
        margin=margin,
        base_margin=_divergence(base, log2_lr)[1],
    )
    if of_target is None or not (base.is_swept and target.is_swept):
        return found  # which LR is best there is not known, so neither is the cost
    costs = _seeded(found, initial, limits)
    found = _with_costs(found, noise, costs, limits)
    return _with_shift(found, log2_lr)


def _read(target: Curve, log2_lr: float) -> Reading:
    index = target.index_of(log2_lr)
    if index is not None and np.isfinite(target.means[index]) and target.diverged[index] < 1:
        return Reading(index, float(target.means[index]), float(target.variances[index]))
    usable = np.flatnonzero(np.isfinite(target.survivors))
    below, above = usable[target.log2_lrs[usable] < log2_lr], usable[target.log2_lrs[usable] > log2_lr]
    if index is not None or not len(below) or not len(above):
        return Reading(index, math.nan)
    if target.log2_lrs[above[0]] - target.log2_lrs[below[-1]] > _BRACKET:
        return Reading(None, math.nan)
    x = target.log2_lrs[[below[-1], above[0]]]
    share = float((log2_lr - x[0]) / (x[1] - x[0]))
    loss = (1.0 - share) * target.means[below[-1]] + share * target.means[above[0]]
    return Reading(None, float(loss), (1.0 - share) ** 2 + share**2, is_interpolated=True)


def _divergence(curve: Curve, log2_lr: float) -> tuple[float, float]:
    """Return M4: the share that diverged at an LR, NaN where not run, and octaves to the first that does."""
    index = curve.index_of(log2_lr)
    diverging = np.flatnonzero(curve.diverged > 0)
    above = [float(curve.log2_lrs[i] - log2_lr) for i in diverging if curve.log2_lrs[i] >= log2_lr - SAME_LR]
    margin = max(0.0, min(above, default=math.inf))
    if index is not None:
        return float(curve.diverged[index]), margin
    usable = curve.log2_lrs[np.isfinite(curve.survivors)]
    is_beyond = any(curve.log2_lrs[i] < log2_lr for i in diverging) and not (usable > log2_lr).any()
    return (1.0 if is_beyond else math.nan), margin


def _with_costs(found: Measured, noise: Noise, costs: Costs | None, limits: Thresholds) -> Measured:
    assert found.of_base is not None
    assert found.of_target is not None
    at_base = found.of_base.index, found.base
    at_best = found.of_target.index, found.target
    runs = [at_base[1].num_runs(at_base[0]), at_best[1].num_runs(at_best[0])]
    if found.reading.index is not None:
        runs.append(found.target.num_runs(found.reading.index))
    excess = max(0.0, found.reading.loss - found.best_loss) if math.isfinite(found.reading.loss) else math.nan
    gain = found.base_loss - found.best_loss
    if costs is not None and costs.benefit is not None:
        ends = _ends(costs.excess), _ends(costs.gain), _ends(costs.gain_loss)
        margin = costs.benefit.lost_margin(limits.fine_tune_gain_loss, limits.level)
        return replace(
            found, excess=ends[0], gain=ends[1], lost=ends[2], lost_margin=margin, num_runs=min(runs)
        )
    of_reused, of_best = found.reading.variance, float(found.target.variances[at_best[0]])
    of_base = float(found.base.variances[at_base[0]])
    is_same = found.reading.index == at_best[0]
    half = noise.half_width(of_reused + of_best, limits.level)
    half_gain = noise.half_width(of_base + of_best, limits.level)
    share = limits.fine_tune_gain_loss
    half_margin = noise.half_width(of_reused + (1 - share) ** 2 * of_best + share**2 * of_base, limits.level)
    known_margin = excess - share * gain - (half_margin if math.isfinite(half_margin) else 0.0)
    around = Ends(excess, excess - half, excess + half)
    if is_same:
        around = Ends(0.0, 0.0 if math.isnan(half) else -half, 0.0 if math.isnan(half) else half)
    lost = Ends(*(each / gain for each in around)) if gain > 0 else UNKNOWN
    return replace(
        found,
        excess=around,
        gain=Ends(gain, gain - half_gain, gain + half_gain),
        lost=lost,
        lost_margin=known_margin if gain > 0 else math.nan,
        num_runs=min(runs),
    )


def _ends(estimate: Estimate) -> Ends:
    if estimate.value is None:
        return UNKNOWN
    if estimate.interval is None:
        return Ends(estimate.value, math.nan, math.nan)
    return Ends(estimate.value, estimate.interval.low, estimate.interval.high)


def _with_shift(found: Measured, log2_lr: float) -> Measured:
    assert found.of_target is not None
    best = float(found.target.log2_lrs[found.of_target.index])
    low, high = found.excess.low, found.excess.high
    is_hidden = found.excess.value == 0.0 or (math.isfinite(low) and low <= 0.0 <= high)
    shift = 0.0 if is_hidden else best - log2_lr
    ends = found.base.vertex, found.target.vertex
    if ends[0] is None or ends[1] is None:
        fitted = UNKNOWN
    else:
        octaves = ends[1] - ends[0]
        reach = found.target.grid_error + found.base.grid_error
        fitted = Ends(octaves, octaves - reach, octaves + reach)
    return replace(found, shift=round(shift, 2) + 0.0, fitted=fitted)


def _seeded(found: Measured, initial: float | None, limits: Thresholds) -> Costs | None:
    """Return the verdict's own costs, paired by seed; None with fewer shared seeds than it needs."""
    of_base, of_target, reused = found.of_base, found.of_target, found.reading.index
    assert of_base is not None
    assert of_target is not None
    if reused is None:
        return None
    needed = found.base.runs[of_base.index], found.target.runs[of_target.index], found.target.runs[reused]
    seeds = sorted(set.intersection(*(set(each) for each in needed)))
    if len(seeds) < limits.min_seeds:
        return None
    grid = (
        np.unique(np.round(np.concatenate([found.base.log2_lrs, found.target.log2_lrs]) / SAME_LR)) * SAME_LR
    )
    base, target = (_complete(curve, grid, seeds) for curve in (found.base, found.target))
    places = [
        int(np.argmin(np.abs(grid - curve.log2_lrs[index])))
        for curve, index in (
            (found.target, reused),
            (found.base, of_base.index),
            (found.target, of_target.index),
        )
    ]
    initial_S = np.full(len(seeds), math.nan if initial is None else initial)
    return costs_of(
        Pair(base, target, initial_S, 0),
        places[0],
        Optimum(of_base.log2_lr, places[1], of_base.is_edge),
        Optimum(of_target.log2_lr, places[2], of_target.is_edge),
        limits.level,
    )


def _complete(curve: Curve, grid: Values, seeds: list[str]) -> SizeLosses:
    rows = [i for i, runs in enumerate(curve.runs) if all(seed in runs for seed in seeds)]
    indices = np.array([int(np.argmin(np.abs(grid - curve.log2_lrs[i]))) for i in rows], dtype=np.intp)
    losses = np.array([[curve.runs[i][seed] for seed in seeds] for i in rows]).reshape(len(rows), len(seeds))
    return SizeLosses(indices, grid[indices], losses)
