"""Predictions of a label from one column, by a shallow tree or by its levels; numpy only, quick to load."""

from __future__ import annotations

import numpy as np

from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.values.numbers import Floats

_LEAST = 2  # training rows in a leaf


def by_levels(values: Floats, targets: Floats) -> Floats:
    """Return the mean target [m, k] of the level of each row that has none; for an unknown level that of all.

    `values` [n + m] are levels, NaN one of them; `targets` [n, k] are those of the first n.
    """
    levels, codes = np.unique(values, return_inverse=True)
    known = codes[: len(targets)]
    count = np.bincount(known, minlength=len(levels))[:, None]
    columns = [np.bincount(known, weights=column, minlength=len(levels)) for column in targets.T]
    means = np.where(count > 0, np.stack(columns, axis=1) / np.maximum(count, 1), targets.mean(0))
    answers: Floats = means[codes[len(targets) :]]
    return answers


def by_tree(values: Floats, targets: Floats, depth: int) -> Floats:
    """Return the mean target [m, k] of the leaf of each row that has none, of a tree of at most that depth.

    Cuts are those that lower the sum of squares (for marks of classes: the Gini impurity) the most. `values`
    [n + m] are numbers; a missing one is in a leaf with the other missing ones. `targets` [n, k].
    """
    known = values[: len(targets)]
    order = np.argsort(known, kind="stable")[: np.count_nonzero(~np.isnan(known))]
    borders = np.sort(_borders(known[order], targets[order], depth))
    # Leaves are levels: the number of borders at or below a value, and one more for a missing value.
    return by_levels(
        np.where(np.isnan(values), np.nan, np.searchsorted(borders, values, side="right")), targets
    )


def _borders(x: Floats, targets: Floats, depth: int) -> list[float]:
    """Return where the tree cuts; `x` [n] ascending."""
    place = _best_cut(x, targets) if depth > 0 else None
    if place is None:
        return []
    # The right value itself, not the middle: halfway between two neighbours may round to the left one.
    rest = depth - 1
    return [
        *_borders(x[:place], targets[:place], rest),
        float(x[place]),
        *_borders(x[place:], targets[place:], rest),
    ]


def _best_cut(x: Floats, targets: Floats) -> Places | None:
    places = np.arange(_LEAST, len(x) - _LEAST + 1)
    places = places[x[places - 1] < x[places]] if places.size else places
    if not places.size:
        return None
    centred = targets - targets.mean(0)
    left = np.cumsum(centred, axis=0)[places - 1]
    # Centred, what is left and right of a cut adds to zero, so both parts have the same square.
    gains = (left**2).sum(1) * (1 / places + 1 / (len(x) - places))
    best = int(np.argmax(gains))
    return places[best] if gains[best] > 1e-12 * float((centred**2).sum()) else None
