"""The split by units: no patient, machine or customer both trains and validates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.arrays import Array
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.splits.split import VAL_SHARE, Places, order_of
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import shown

_NUM_STRATA = 5


def some_units(name: str, units: Places, label: Label, content_sha256: str) -> NDArray[np.bool_]:
    """Return which rows validate: whole units with about 20 % of every class.

    `units` [n]: -1 is a unit of its own for each such row. Units come in an order that the content gives; one
    validates if that brings the number of rows per class closer to 20 %. Numbers count as classes by fifths
    of their range of ranks. Raises InvalidInput where there are not two units.
    """
    alone = units < 0
    numbers = np.where(alone, units.max(initial=0) + 1 + np.cumsum(alone), units)
    found, unit = np.unique(numbers, return_inverse=True)
    if len(found) < 2:
        raise InvalidInput("dataset.split_one_group", column=shown(name))
    counts = _counts(unit, strata_of(label), len(found))
    is_chosen = _choose(counts, order_of(len(found), content_sha256))
    return is_chosen[unit]


def strata_of(label: Label) -> Places:
    """Return class codes as they are, or the fifth of the ranks [n] that a number belongs to."""
    if label.classes:
        return label.values.astype(np.int64)
    ranks = np.argsort(np.argsort(label.values, kind="stable"), kind="stable")
    return (_NUM_STRATA * ranks) // len(ranks)


def _counts(unit: Places, strata: Places, num_units: int) -> Array:
    """Return the rows of each unit by stratum [units, strata]; rare strata share the last column."""
    used, strata = np.unique(strata, return_inverse=True)
    if len(used) > 50:  # a thousand classes of some rows each: balance of the largest is what can be had
        rank = np.argsort(np.argsort(-np.bincount(strata), kind="stable"), kind="stable")
        strata = np.minimum(rank[strata], 50)
    width = int(strata.max()) + 1
    return np.bincount(unit * width + strata, minlength=num_units * width).reshape(num_units, width)


def _choose(counts: Array, order: Places) -> NDArray[np.bool_]:
    wanted = VAL_SHARE * counts.sum(0)
    weight = 1.0 / np.maximum(wanted, 1.0)
    missing = wanted.copy()
    is_chosen = np.zeros(len(counts), np.bool_)
    for unit in order.tolist():
        rest = missing - counts[unit]
        if (weight * rest * rest).sum() < (weight * missing * missing).sum():
            missing, is_chosen[unit] = rest, True
    if not is_chosen.any():  # every unit is large: the smallest is the nearest to 20 %
        is_chosen[np.argmin(counts.sum(1))] = True
    return is_chosen
