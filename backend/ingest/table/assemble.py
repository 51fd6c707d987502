"""Rows of any source as columns: what is no data is left out, names are given, long tables are sampled."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.blocks.beside import blocks_beside, filled_rows
from muscope.backend.ingest.blocks.block import Chosen, choose_block, joined
from muscope.backend.ingest.blocks.fill_down import Filled, with_groups_filled
from muscope.backend.ingest.blocks.stacked import rows_between, stacked_blocks, starts_of
from muscope.backend.ingest.blocks.totals import is_subtotal, subtotals_note
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
    records, several = _one_block(records, raw, options)
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
    notes = [*raw.notes, *(several.notes if several else ()), *mended.notes]
    kept = kept_places(len(every), most_rows(layout.width))
    notes += sample_notes(len(every), len(kept))
    if len(kept) < len(every):
        every, rows = [every[place] for place in kept], array("I", (rows[place] for place in kept))
    columns = columns_of(every, layout.width)
    table = finished(layout, columns, rows, len(body), notes, options, several=several, left=raw.left)
    table.decisions[:0] = raw.decisions
    return table


def _one_block(
    records: list[Record], raw: RawTable, options: IngestOptions
) -> tuple[list[Record], Chosen | None]:
    """Return the rows of one of several tables below one another, and the choice."""
    starts = [] if raw.is_named else starts_of(records)
    blocks = (
        stacked_blocks(starts, records[-1].row + 1, *rows_between(records), left=raw.left)
        if len(starts) > 1
        else []
    )
    if len(blocks) < 2:
        return records, None
    chosen = choose_block(blocks, options.area, row=options.header)
    block = chosen.block
    return [record for record in records if block.first <= record.row < block.end], chosen


def finished(
    layout: Layout,
    columns: list[pl.Series],
    rows: array[int],
    num_rows: int,
    notes: Sequence[DataWarning],
    options: IngestOptions,
    *,
    several: Chosen | None = None,
    left: int = 0,
) -> Table:
    """Return the table with its names, without rows that repeat the header; one of those side by side.

    Args:
        num_rows: rows of data, those included that were left out of a long table.
        several: choice of this table among several below one another.
        left: place of the first column in the sheet.
    """
    if not len(rows):
        raise InvalidInput("dataset.header_only")
    columns, rows, repeated = _without_repeats(layout, columns, rows)
    is_whole = len(rows) + repeated == num_rows
    layout, columns, rows, several = _one_beside(layout, columns, rows, options, several, left)
    num_rows = len(rows) + repeated if is_whole else num_rows
    subtotals = is_subtotal(columns)
    if subtotals is not None:
        kept = (~subtotals).arg_true()
        columns, rows = [column.gather(kept) for column in columns], array("I", (rows[i] for i in kept))
        notes = [*notes, subtotals_note(int(subtotals.sum()))]
    found = named(layout.header, columns, is_index_unnamed=layout.is_index_unnamed)
    if len(found.columns) == 1:
        raise InvalidInput("dataset.one_column", column=shown(next(iter(found.columns))))
    if not found.columns:
        raise InvalidInput("dataset.empty_file")
    filled = with_groups_filled(found.columns, options) if is_whole else Filled(found.columns)
    every = [*layout.notes, *notes, *found.notes, *filled.notes]
    decisions = [*(several.decisions if several else ()), *layout.decisions, *filled.decisions]
    if repeated:
        every.append(DataWarning(code="dataset.repeated_header", params={"count": repeated}))
    return Table(filled.columns, rows, num_rows, decisions, every)


def _one_beside(
    layout: Layout,
    columns: list[pl.Series],
    rows: array[int],
    options: IngestOptions,
    several: Chosen | None,
    left: int,
) -> tuple[Layout, list[pl.Series], array[int], Chosen | None]:
    """Return one of several tables side by side, and the choice with those below one another."""
    blocks = [] if layout.header is None else blocks_beside(layout.header, columns, rows, left=left)
    if len(blocks) < 2:
        return layout, columns, rows, several
    chosen = choose_block(blocks, options.area)
    begin, end = chosen.block.left - left, chosen.block.left - left + len(chosen.block.names)
    kept = filled_rows(columns[begin:end]).arg_true()
    header = None if layout.header is None else layout.header[begin:end]
    layout = replace(layout, width=end - begin, header=header, notes=(*layout.notes, *chosen.notes))
    columns = [column.gather(kept) for column in columns[begin:end]]
    rows = array("I", (rows[place] for place in kept))
    return layout, columns, rows, chosen if several is None else joined(several, chosen)


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
