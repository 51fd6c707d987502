"""Rows with another number of cells than the others: mended where only empty cells are in question."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.raw import Record


class Mended(NamedTuple):
    """Rows that were mended, and what is said of these and of those left out."""

    rows: list[Record]
    notes: list[DataWarning]


def mended_rows(odd: Sequence[Record], width: int, options: IngestOptions, *, num_rows: int) -> Mended:
    """Return rows of another width as rows of this one, if only empty cells are too many or too few.

    Raises InvalidInput for the first other one, unless its owner leaves such rows out.
    """
    rows, bad = [], []
    for record in odd:
        filled = max((place for place, cell in enumerate(record.cells, start=1) if cell.strip()), default=0)
        if filled == 0:
            continue
        if filled <= width <= len(record.cells) or (
            filled == len(record.cells) and _is_cut(record, width, odd)
        ):
            rows.append(Record(record.row, [*record.cells[:width], *[""] * (width - len(record.cells))]))
        else:
            bad.append(record)
    if bad and options.ragged != "leave_out":
        first = bad[0]
        raise InvalidInput(
            "dataset.ragged_row", row=first.row, expected=width, given=len(first.cells), count=len(bad)
        )
    notes = []
    if bad:
        params = {"count": len(bad), "row": bad[0].row, "rows": num_rows}
        notes.append(DataWarning(code="dataset.ragged_rows_left_out", params=params))
    short = [record for record in odd if record.cells and len(record.cells) < width]
    if rows and short:
        notes.append(
            DataWarning(code="dataset.short_rows_filled", params={"count": len(short), "row": short[0].row})
        )
    return Mended(rows, notes)


def _is_cut(record: Record, width: int, odd: Sequence[Record]) -> bool:
    """Return whether a program left out empty cells at the end of rows: many are short, none is long."""
    is_short = len(record.cells) < width and all(len(each.cells) < width for each in odd)
    # Many rows one below the other are another table rather than rows without their last cells.
    is_block = len(odd) > 5 and odd[-1].row - odd[0].row <= len(odd) + 1
    return is_short and len(odd) >= 3 and not is_block


def with_mended(
    columns: list[pl.Series], rows: array[int], mended: Sequence[Record], width: int
) -> tuple[list[pl.Series], array[int]]:
    """Return the columns with the mended rows, all in the order of the file."""
    if not mended:
        return columns, rows
    every = array("I", [*rows, *(record.row for record in mended)])
    order = np.argsort(np.asarray(every), kind="stable")
    more = columns_of(mended, width)
    joined = [pl.concat([column, added]).gather(order) for column, added in zip(columns, more, strict=True)]
    return joined, array("I", np.asarray(every)[order].tolist())


def columns_of(records: Sequence[Record], width: int) -> list[pl.Series]:
    cells = zip(*(record.cells for record in records), strict=True) if records else [()] * width
    return [pl.Series(values=list(column), dtype=pl.String) for column in cells]
