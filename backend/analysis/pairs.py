"""The base and one larger size, as the numbers both are compared by: the seeds both have, and complete LRs.

Shapes: E learning rates, S shared seeds, B resamples. An LR that one of the seeds lacks at a size is left out
there; what is left keeps its place in the grid (`places`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.analysis.optimal_lr import find_optimum, vertices
from backend.analysis.sweep import Sweep, Values
from backend.domain.metrics import Metric


class Tried(NamedTuple):
    """One size at the LRs that all shared seeds have: `losses` [E', S] at the grid's `places` [E']."""

    places: NDArray[np.intp]
    log2_lrs: Values
    losses: Values

    def at(self, lr_index: int) -> Values:
        """Return the losses of the seeds at one LR of the grid, [S]; NaN where it is not complete."""
        found = np.flatnonzero(self.places == lr_index)
        return self.losses[found[0]] if len(found) else np.full(self.losses.shape[1], np.nan)

    def vertices(self, weights_SB: Values) -> Values:
        """Return the optimum of the weighted means, [B]; NaN without a complete LR."""
        return vertices(self.log2_lrs, self.losses @ weights_SB)


class Pair(NamedTuple):
    """Base and target on the seeds both have; `initial` [S] is the target's loss at init."""

    base: Tried
    target: Tried
    initial: Values
    random_seed: int

    @property
    def num_seeds(self) -> int:
        """Return S."""
        return len(self.initial)

    def shift_of_means(self, log2_lrs: Values) -> float:
        """Return M1: the octaves between the vertices of the seed means; NaN where one is unknown."""
        ends = [_optimum_of_mean(log2_lrs, each) for each in (self.base, self.target)]
        return ends[1] - ends[0]


def pair_of(sweep: Sweep, loss: Metric, width_index: int) -> Pair:
    """Return the base and the size at `width_index` on one loss."""
    judged_WES, seeds = sweep.judged(loss), sweep.shared_seeds(width_index)
    return Pair(
        base=_tried(sweep, judged_WES[sweep.base_index][:, seeds]),
        target=_tried(sweep, judged_WES[width_index][:, seeds]),
        initial=sweep.initial(loss)[width_index, seeds],
        random_seed=sweep.random_seed,
    )


def _tried(sweep: Sweep, losses_ES: Values) -> Tried:
    places = np.flatnonzero(np.isfinite(losses_ES).all(axis=1) & (losses_ES.shape[1] > 0))
    return Tried(places, sweep.log2_lrs[places], losses_ES[places])


def _optimum_of_mean(log2_lrs: Values, tried: Tried) -> float:
    mean_E = np.full(len(log2_lrs), np.nan)
    mean_E[tried.places] = tried.losses.mean(axis=1) if len(tried.places) else np.nan
    found = find_optimum(log2_lrs, mean_E)
    return np.nan if found is None else found.log2_lr
