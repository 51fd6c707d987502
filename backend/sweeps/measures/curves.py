"""Curves of a sweep: the losses of one arm at one point of its conditions, over the learning rates.

Shapes: E learning rates, ascending. LRs that differ by rounding only are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from muscope.backend.analysis.measures.transfer import grid_error
from muscope.backend.analysis.statistics.optimum import Optimum, find_optimum
from muscope.backend.analysis.statistics.smoothing import smoothed_means
from muscope.backend.analysis.sweep import Values
from muscope.backend.sweeps.reading.runs import Level, Row

# In octaves; LRs closer than this are the same one, written with other digits.
SAME_LR = 0.02
# A run above the best LR whose loss is this many times the best one has failed to train: no table says at
# which loss its runs began, and a loss that doubles is above what any usable LR costs.
COLLAPSE = 2.0


@dataclass(frozen=True)
class Curve:
    """Losses of one size under one set of conditions.

    Attributes:
        levels: of every column that varies within the arm.
        log2_lrs: ascending, [E].
        runs: loss by seed of every LR; runs without a recorded loss are not among them.
        diverged: share of runs that diverged, [E].
        means: mean loss, [E]; of an LR at which a run diverged at least the worst survivor's, NaN without
            any loss.
        lrs: LRs as they were written, [E]; `replicates` are all finite losses of each.
        variances: of the means in units of one run's variance, [E].
    """

    levels: Mapping[str, Level]
    log2_lrs: Values
    runs: tuple[Mapping[str, float], ...]
    diverged: Values
    means: Values
    lrs: tuple[float, ...]
    replicates: tuple[tuple[float, ...], ...]
    variances: Values

    @cached_property
    def survivors(self) -> Values:
        """Return the mean losses of LRs at which nothing diverged, [E]; NaN elsewhere."""
        stable: Values = np.where(self.diverged > 0, np.nan, self.means)
        return stable

    @cached_property
    def has_losses(self) -> bool:
        """Return whether any run has a finite loss."""
        return bool(np.isfinite(self.survivors).any())

    @cached_property
    def is_swept(self) -> bool:
        """Return whether two LRs or more can be compared."""
        return bool((np.isfinite(self.means) | (self.diverged > 0)).sum() >= 2) and self.has_losses

    @cached_property
    def optimum(self) -> Optimum | None:
        """Return the best LR; None without losses."""
        return find_optimum(self.log2_lrs, np.where(np.isfinite(self.survivors), self.means, _failed(self)))

    @cached_property
    def vertex(self) -> float | None:
        """Return the optimum between the LRs tried, in log2; None beside a divergence or at an edge."""
        best = self.optimum
        if best is None or best.is_edge or self.diverged[best.index - 1 : best.index + 2].any():
            return None
        return best.log2_lr

    @cached_property
    def step(self) -> float:
        """Return the usual distance between two LRs, in octaves; infinite with one LR only."""
        return float(np.median(np.diff(self.log2_lrs))) if len(self.log2_lrs) > 1 else math.inf

    @cached_property
    def grid_error(self) -> float:
        """Return the error of an optimum caused by the grid alone, in octaves."""
        return grid_error(self.log2_lrs)

    def index_of(self, log2_lr: float) -> int | None:
        """Return the index of an LR; None where it was not run."""
        near = np.flatnonzero(np.abs(self.log2_lrs - log2_lr) <= SAME_LR)
        return int(near[0]) if len(near) else None

    def smoothed(self, sigma: float) -> Curve:
        """Return the curve read from local parabolas where its grid is finer than an octave.

        Args:
            sigma: standard deviation of one run; unknown (NaN) leaves the curve as it is.
        """
        if not math.isfinite(sigma) or not self.has_losses:
            return self
        read, shares = smoothed_means(
            self.log2_lrs, self.survivors, sigma * np.sqrt(np.where(self.variances > 0, self.variances, 1.0))
        )
        means = np.where(np.isfinite(read), read, self.means)
        return replace(self, means=means, variances=self.variances * shares)

    def num_runs(self, index: int) -> int:
        """Count the runs with a loss at an LR."""
        return len(self.replicates[index])


def _failed(curve: Curve) -> Values:
    """Return what LRs count as at which a run diverged: worse than the worst that survived, [E]."""
    worst = float(np.nanmax(curve.survivors)) if curve.has_losses else math.nan
    counted: Values = np.where(curve.diverged > 0, np.fmax(curve.means, worst + abs(worst)), np.nan)
    return counted


def curves_of(runs: Iterable[Row], names: Sequence[str]) -> list[Curve]:
    """Return the curves of one arm's runs, one per combination of levels of the columns `names`."""
    points: dict[tuple[Level, ...], list[Row]] = {}
    for run in runs:
        points.setdefault(tuple(run.levels[name] for name in names), []).append(run)
    return [_curve(dict(zip(names, levels, strict=True)), of_point) for levels, of_point in points.items()]


@dataclass
class _Cell:
    lr: float
    runs: list[Row] = field(default_factory=list)


def _curve(levels: Mapping[str, Level], runs: list[Row]) -> Curve:
    cells: list[_Cell] = []
    for run in sorted(runs, key=lambda each: each.lr):
        if not cells or math.log2(run.lr / cells[-1].lr) > SAME_LR:
            cells.append(_Cell(run.lr))
        cells[-1].runs.append(run)
    log2_lrs = np.log2([cell.lr for cell in cells])
    flagged = [[run.has_diverged for run in cell.runs] for cell in cells]
    finite = [[run.loss for run in cell.runs if math.isfinite(run.loss)] for cell in cells]
    diverged = np.array([np.mean(each) if each else 0.0 for each in flagged])
    means = np.array([np.mean(each) if each else np.nan for each in finite])
    diverged = np.maximum(diverged, _collapsed(means, diverged))
    return Curve(
        levels=levels,
        log2_lrs=log2_lrs,
        runs=tuple(_by_seed(cell.runs) for cell in cells),
        diverged=diverged,
        means=means,
        lrs=tuple(cell.lr for cell in cells),
        replicates=tuple(tuple(each) for each in finite),
        variances=np.array([1.0 / max(1, len(each)) for each in finite]),
    )


def _by_seed(runs: list[Row]) -> dict[str, float]:
    """Return the loss by seed, where the seeds tell the runs apart; else none."""
    by_seed = {run.seed: run.loss for run in runs if math.isfinite(run.loss) and not run.has_diverged}
    return by_seed if len(by_seed) == len(runs) else {}


def _collapsed(means: Values, diverged: Values) -> Values:
    """Return 1 for LRs above the best whose loss is far above the best one, [E]."""
    stable = np.where(diverged > 0, np.nan, means)
    if not np.isfinite(stable).any() or not np.nanmin(stable) > 0:
        return np.zeros(len(means))
    best = int(np.nanargmin(stable))
    is_above = np.arange(len(means)) > best
    # A low loss doubles without failing; a run that failed is worse than the least trained ones as well.
    least_trained = np.nanmax(stable[:best], initial=-math.inf) if best else -math.inf
    failed = (stable > COLLAPSE * stable[best]) & (stable > least_trained)
    collapsed: Values = (is_above & failed).astype(float)
    return collapsed
