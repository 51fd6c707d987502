"""Finds rows that are equal in some columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from muscope.backend.arrays import Array
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.columns import Column


def equal_rows(columns: Sequence[Column], rows: Places, *more: Array) -> Places:
    """Return a number [n] for each of `rows`, the same for rows with equal values in all columns.

    Missing cells are equal. `more` [n]: further values of the rows that must be equal, as their label.
    Columns whose texts were not kept are not compared. Rows are told apart by 64 bits: a pair of different
    ones among a million is taken for equal once in forty million files.
    """
    values = [_values(column)[rows] for column in columns if not _is_unread(column)]
    frame = pl.DataFrame({str(place): array for place, array in enumerate([*values, *more])})
    if not frame.width:
        return np.arange(len(rows))
    numbers: Places = np.unique(frame.hash_rows(0).to_numpy(), return_inverse=True)[1].astype(np.int64)
    return numbers


def _is_unread(column: Column) -> bool:
    return column.numbers is None and column.codes is None


def _values(column: Column) -> Array:
    """Return numbers with one kind of zero and of NaN, or codes."""
    if column.numbers is None:
        assert column.codes is not None  # else it is unread
        return column.codes
    return np.where(np.isnan(column.numbers), np.nan, column.numbers + 0.0)
