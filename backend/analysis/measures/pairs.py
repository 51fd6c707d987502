"""Losses of the base and of one larger size, on the seeds both have and the LRs that are complete.

Shapes: E learning rates, S shared seeds, B resamples. An LR that one of the seeds lacks at a size is left out
there; the others keep their index in the grid (`indices`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.statistics.optimum import find_optimum, vertices
from muscope.backend.analysis.statistics.smoothing import smoothed
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.metrics import Metric


class SizeLosses(NamedTuple):
    """Losses of one size at its complete LRs: `losses` [E', S] at the grid's `indices` [E'].

    `diverging` are the indices at which a seed diverged; `moved` [E', S] is the change by smoothing;
    `further` [E', X] holds seeds that the settle stage added, NaN at LRs without them.
    """

    indices: NDArray[np.intp]
    log2_lrs: Values
    losses: Values
    diverging: frozenset[int] = frozenset()
    moved: Values | None = None
    further: Values | None = None

    def above(self, lr_index: int, other: int) -> Values:
        """Return the loss at one LR minus that at another, by seed, [S + X]; NaN where one is missing."""
        return self._with_further(lr_index) - self._with_further(other)

    def _with_further(self, lr_index: int) -> Values:
        found = np.flatnonzero(self.indices == lr_index)
        if self.further is None:
            return self.at(lr_index)
        added = self.further[found[0]] if len(found) else np.full(self.further.shape[1], np.nan)
        return np.concatenate([self.at(lr_index), added])

    def num_seeds_at(self, lr_index: int) -> int:
        """Count the seeds an LR has, those added by the settle stage included."""
        return int(np.isfinite(self._with_further(lr_index)).sum())

    def at(self, lr_index: int) -> Values:
        """Return the losses of the seeds at one LR of the grid, [S]; NaN where it is not complete."""
        found = np.flatnonzero(self.indices == lr_index)
        return self.losses[found[0]] if len(found) else np.full(self.losses.shape[1], np.nan)

    def within(self, octaves: float, lr_index: int) -> frozenset[int]:
        """Return the indices of the LRs within `octaves` of `lr_index`; empty where it is not complete."""
        centre = self.log2_lrs[self.indices == lr_index]
        if len(centre) == 0:
            return frozenset()
        return frozenset(self.indices[np.abs(self.log2_lrs - centre[0]) <= octaves + 1e-9].tolist())

    def best_of(self, indices: frozenset[int]) -> int | None:
        """Return the index with the lowest mean loss among `indices`; None if there is none."""
        means = {index: float(self.at(index).mean()) for index in sorted(indices)}
        return min(means, key=means.__getitem__, default=None)

    def smoothed(self) -> SizeLosses:
        """Return the same size with losses read from local parabolas."""
        is_diverging = np.isin(self.indices, list(self.diverging))
        read = smoothed(self.log2_lrs, self.losses, is_diverging)
        return self._replace(losses=read, moved=read - self.losses)

    def moved_at(self, lr_index: int) -> float:
        """Return the change of the mean loss by smoothing, at one LR of the grid."""
        found = np.flatnonzero(self.indices == lr_index)
        return 0.0 if self.moved is None or len(found) == 0 else float(self.moved[found[0]].mean())

    def vertices(self, weights_SB: Values) -> Values:
        """Return the optimum of the weighted mean losses in log2 LR, [B]; NaN without a complete LR."""
        return vertices(self.log2_lrs, self.losses @ weights_SB)


class Pair(NamedTuple):
    """Base and target on the seeds both have; `initial` [S] is the target's loss at init."""

    base: SizeLosses
    target: SizeLosses
    initial: Values
    random_seed: int

    @property
    def num_seeds(self) -> int:
        """Return S, the number of shared seeds."""
        return len(self.initial)

    def shift_of_means(self, log2_lrs: Values) -> float:
        """Return M1, e*_N − e*_B of the seed-mean losses, in octaves; NaN where one is unknown."""
        ends = [_optimum_of_mean(log2_lrs, each) for each in (self.base, self.target)]
        return ends[1] - ends[0]


def pair_of(sweep: Sweep, loss: Metric, size_index: int) -> Pair:
    """Return the base and the size at `size_index` on one loss."""
    seeds = sweep.shared_seeds(size_index)
    return Pair(
        base=_tried(sweep, loss, sweep.base_index, seeds),
        target=_tried(sweep, loss, size_index, seeds),
        initial=sweep.initial(loss)[size_index, seeds],
        random_seed=sweep.random_seed,
    )


def _tried(sweep: Sweep, loss: Metric, size_index: int, seeds: NDArray[np.intp]) -> SizeLosses:
    losses_ES = sweep.judged(loss)[size_index][:, seeds]
    indices = np.flatnonzero(np.isfinite(losses_ES).all(axis=1) & (losses_ES.shape[1] > 0))
    has_diverged_E = (sweep.diverged_at[size_index][:, seeds] >= 0).any(axis=1)
    further_EX = None
    if sweep.further is not None:
        further_EX = sweep.further.judged(loss)[size_index][indices]
        has_diverged_E |= (sweep.further.diverged_at[size_index] >= 0).any(axis=1)
    diverging = frozenset(np.flatnonzero(has_diverged_E).tolist())
    return SizeLosses(indices, sweep.log2_lrs[indices], losses_ES[indices], diverging, further=further_EX)


def _optimum_of_mean(log2_lrs: Values, tried: SizeLosses) -> float:
    mean_E = np.full(len(log2_lrs), np.nan)
    mean_E[tried.indices] = tried.losses.mean(axis=1) if len(tried.indices) else np.nan
    found = find_optimum(log2_lrs, mean_E)
    return np.nan if found is None else found.log2_lr
