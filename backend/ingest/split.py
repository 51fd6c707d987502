"""Splits rows into training and validation: 80/20, fixed by the content, every class in proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import shown

MIN_ROWS = 10
_VAL_SHARE = 0.2

Places = NDArray[np.int64]


def refuse_too_few(num_rows: int) -> None:
    """Raise where there are not enough rows to hold any back."""
    if num_rows < MIN_ROWS:
        raise InvalidInput("dataset.too_few_rows", count=num_rows, minimum=MIN_ROWS)


def split(label: Label, content_sha256: str) -> tuple[Places, Places]:
    """Return (train, validation) as places in `label.values`, in an order that mixes them."""
    num_rows = len(label.values)
    refuse_too_few(num_rows)
    rng = np.random.Generator(np.random.PCG64(int(content_sha256[:32], 16)))
    order = rng.permutation(num_rows)
    num_val = round(_VAL_SHARE * num_rows)
    if not label.classes:
        return order[num_val:], order[:num_val]
    codes = label.values[order]
    is_val = _rank_in_class(codes) < _quotas(label, num_val)[codes]
    return order[~is_val], order[is_val]


def _quotas(label: Label, num_val: int) -> Places:
    """Return how many validation rows each class gives: its share, rounded; never its last row."""
    counts = np.bincount(label.values, minlength=len(label.classes))
    spare = counts - 1
    if spare.sum() < num_val:
        raise InvalidInput(
            "dataset.label_looks_like_id",
            column=shown(label.name), count=len(label.classes), rows=int(counts.sum()),
        )  # fmt: skip
    exact = _VAL_SHARE * counts
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
