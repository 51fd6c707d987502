"""Splits rows at random into training and validation: 80/20, fixed by the content, classes in proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import shown

MIN_ROWS = 10
VAL_SHARE = 0.2

Places = NDArray[np.int64]


def refuse_too_few(num_rows: int) -> None:
    """Raise where there are not enough rows to hold any back."""
    if num_rows < MIN_ROWS:
        raise InvalidInput("dataset.too_few_rows", count=num_rows, minimum=MIN_ROWS)


def order_of(num_rows: int, content_sha256: str) -> Places:
    """Return the places 0 … num_rows - 1 in the order that the content gives."""
    rng = np.random.Generator(np.random.PCG64(int(content_sha256[:32], 16)))
    return rng.permutation(num_rows)


def split(label: Label, content_sha256: str, alike: Places | None = None) -> tuple[Places, Places]:
    """Return (train, validation) as places in `label.values`, in an order that mixes them.

    `alike` [n]: rows with the same number are equal and go to the same side. Where that leaves less than half
    of the validation rows there should be, as in a table of few different rows, it is not heeded.
    """
    num_rows = len(label.values)
    refuse_too_few(num_rows)
    order = order_of(num_rows, content_sha256)
    num_val = round(VAL_SHARE * num_rows)
    codes = label.values[order] if label.classes else np.zeros(num_rows, np.int64)
    quotas = _quotas(label, num_val) if label.classes else np.array([num_val])
    is_val = _rank_in_class(codes) < quotas[codes]
    if alike is not None and np.bincount(alike).max() > 1:  # else every row is a unit of its own
        together = _whole(alike[order], codes, quotas)
        is_val = together if 2 * np.count_nonzero(together) >= num_val else is_val
    return order[~is_val], order[is_val]


def _whole(alike: Places, codes: Places, quotas: Places) -> NDArray[np.bool_]:
    """Return which rows validate if equal ones stay together: the first that fit into their class's quota."""
    _, first, unit, sizes = np.unique(alike, return_index=True, return_inverse=True, return_counts=True)
    room = quotas.tolist()
    is_val = np.zeros(len(sizes), np.bool_)
    places = np.argsort(first)
    for place, code, size in zip(
        places.tolist(), codes[first[places]].tolist(), sizes[places].tolist(), strict=True
    ):
        if size <= room[code]:
            room[code] -= size
            is_val[place] = True
    return is_val[unit]


def _quotas(label: Label, num_val: int) -> Places:
    """Return how many validation rows each class gives: its share, rounded; never its last row."""
    counts = np.bincount(label.values, minlength=len(label.classes))
    spare = counts - 1
    if spare.sum() < num_val:
        raise InvalidInput(
            "dataset.label_looks_like_id",
            column=shown(label.name), count=len(label.classes), rows=int(counts.sum()),
        )  # fmt: skip
    exact = VAL_SHARE * counts
    quotas: Places = np.minimum(np.floor(exact).astype(np.int64), spare)
    # Small classes first among equal remainders, so that they are seen in validation at all.
    for place in np.lexsort((counts, -(exact - quotas))):
        room = min(1, int(spare[place] - quotas[place]), int(num_val - quotas.sum()))
        quotas[place] += room
    shortfall = int(num_val - quotas.sum())
    for place in np.argsort(-(spare - quotas), kind="stable"):
        extra = min(shortfall, int(spare[place] - quotas[place]))
        quotas[place] += extra
        shortfall -= extra
    return quotas


def _rank_in_class(codes: Places) -> Places:
    """Return for each row how many rows of its class come before it."""
    by_class: Places = np.argsort(codes, kind="stable")
    grouped = codes[by_class]
    starts = np.searchsorted(grouped, grouped, side="left")
    rank: Places = np.empty(len(codes), np.int64)
    rank[by_class] = np.arange(len(codes)) - starts
    return rank
