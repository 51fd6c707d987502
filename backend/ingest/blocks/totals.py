"""Subtotals between the rows of data: left out and counted, since a total is no example."""

from __future__ import annotations

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning

_NAMES = r"(?i)^(?:小計|合計|総計|総合計|中計|sub-?\s?totals?|grand totals?|totals?)$"
_NAME_COLUMNS = 2  # a subtotal is named at the left
_FULL, _MOST = 0.95, 0.3


def is_subtotal(columns: list[pl.Series]) -> pl.Series | None:
    """Return which rows are named as totals and lack a cell that other rows have; None where none is."""
    is_named = pl.Series([False]).new_from_index(0, len(columns[0]) if columns else 0)
    for column in columns[:_NAME_COLUMNS]:
        is_named |= column.str.strip_chars().str.contains(_NAMES)
    num_others = int((~is_named).sum())
    if not is_named.any() or num_others < (1 - _MOST) * len(is_named):
        return None
    lacks = pl.Series([False]).new_from_index(0, len(is_named))
    for column in columns:
        is_blank = column.str.strip_chars() == ""
        if int((~is_blank & ~is_named).sum()) >= _FULL * num_others:
            lacks |= is_blank
    found = is_named & lacks
    return found if found.any() else None


def subtotals_note(count: int) -> DataWarning:
    """Return the note that so many rows were left out."""
    return DataWarning(code="dataset.subtotals_left_out", params={"count": count})
