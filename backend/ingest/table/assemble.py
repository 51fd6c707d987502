"""Rows of any source as columns: what is no data is left out, names are given, long tables are sampled."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.layout import HEAD_ROWS, TAIL_ROWS, Layout, find_layout
from muscope.backend.ingest.table.names import named
from muscope.backend.ingest.table.ragged import columns_of, mended_rows
from muscope.backend.ingest.table.raw import RawTable, Record, Table
from muscope.backend.ingest.table.sampling import kept_places, most_rows, sample_notes
from muscope.backend.ingest.wording import shown

MAX_CELLS = 400_000_000


def table_of(raw: RawTable, options: IngestOptions) -> Table:
    """Return rows as columns: header, units, totals, index and names are found as for text files."""
    records: list[Record] = []
    for record in raw.records:
        if any(cell.strip() for cell in record.cells):
            records.append(record)
    layout = find_layout(records[:HEAD_ROWS], records[-TAIL_ROWS:], options, is_named=raw.is_named)
    body = [record for record in records if layout.first <= record.row < layout.end]
    mended = mended_rows(
        [each for each in body if len(each.cells) != layout.width], layout.width, options, num_rows=len(body)
    )
    fit = [record for record in body if len(record.cells) == layout.width]
    every = sorted([*fit, *mended.rows]) if mended.rows else fit
    if len(every) * layout.width > MAX_CELLS:
        raise TooLarge("dataset.too_many_cells", limit=MAX_CELLS)
    rows = array("I", [record.row for record in every])
    notes = [*raw.notes, *mended.notes]
    kept = kept_places(len(every), most_rows(layout.width))
    notes += sample_notes(len(every), len(kept))
    if len(kept) < len(every):
        every, rows = [every[place] for place in kept], array("I", (rows[place] for place in kept))
    table = finished(layout, columns_of(every, layout.width), rows, len(body), notes)
    table.decisions[:0] = raw.decisions
    return table


def finished(
    layout: Layout, columns: list[pl.Series], rows: array[int], num_rows: int, notes: Sequence[DataWarning]
) -> Table:
    """Return the table with its names, and without rows that repeat the header."""
    if not len(rows):
        raise InvalidInput("dataset.header_only")
    columns, rows, repeated = _without_repeats(layout, columns, rows)
    found = named(layout.header, columns, is_index_unnamed=layout.is_index_unnamed)
    if len(found.columns) == 1:
        raise InvalidInput("dataset.one_column", column=shown(next(iter(found.columns))))
    if not found.columns:
        raise InvalidInput("dataset.empty_file")
    every = [*layout.notes, *notes, *found.notes]
    if repeated:
        every.append(DataWarning(code="dataset.repeated_header", params={"count": repeated}))
    return Table(found.columns, rows, num_rows, list(layout.decisions), every)


def _without_repeats(
    layout: Layout, columns: list[pl.Series], rows: array[int]
) -> tuple[list[pl.Series], array[int], int]:
    if layout.header is None:
        return columns, rows, 0
    is_repeat = pl.Series([True]).new_from_index(0, len(rows))
    for name, column in zip(layout.header, columns, strict=True):
        is_repeat &= column == name
        if not is_repeat.any():
            return columns, rows, 0
    kept = (~is_repeat).arg_true()
    return (
        [column.gather(kept) for column in columns],
        array("I", (rows[i] for i in kept)),
        int(is_repeat.sum()),
    )
