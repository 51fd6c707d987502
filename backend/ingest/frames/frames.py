"""Frames with typed columns (Parquet, Arrow and JSON files) as columns of text."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.foreign import refusing
from muscope.backend.ingest.frames.frame_columns import (
    counts_rows,
    index_notes,
    select_columns,
    text_of,
    usable_names,
)
from muscope.backend.ingest.frames.json_rows import read_json
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import Format
from muscope.backend.ingest.table.assemble import MAX_CELLS
from muscope.backend.ingest.table.raw import Table
from muscope.backend.ingest.table.sampling import kept_places, most_rows, sample_notes

_CELLS_AT_ONCE = 20_000_000  # held as typed values and as text at the same time
_ROW = "\0row"  # as no column of a file is named


def read_frame(source: Path, found: Format, options: IngestOptions) -> Table:
    """Return the frame at `source`; rows are numbered from 1, and of many a sample is kept.

    Raises `dataset.frame_damaged`, `dataset.json_damaged`, `dataset.no_rows`, `dataset.no_flat_columns`,
    `dataset.too_many_columns`.
    """
    if found is Format.JSON:
        table = read_json(source, options)
        return _finished(table, kept_places(table.num_rows_in_file, most_rows(len(table.columns))))
    scan = _SCANS[found]
    with refusing("dataset.frame_damaged", kind=str(found)):
        return _read_typed(scan(source), found)


def _scan_parquet(source: Path) -> pl.LazyFrame:
    return pl.scan_parquet(source, glob=False, hive_partitioning=False)


def _scan_arrow(source: Path) -> pl.LazyFrame:
    return pl.scan_ipc(source, glob=False, hive_partitioning=False)


def _scan_stream(source: Path) -> pl.LazyFrame:
    return pl.read_ipc_stream(source).lazy()


_SCANS: dict[Format, Callable[[Path], pl.LazyFrame]] = {
    Format.PARQUET: _scan_parquet,
    Format.ARROW: _scan_arrow,
    Format.ARROW_STREAM: _scan_stream,
}


def _read_typed(frame: pl.LazyFrame, found: Format) -> Table:
    selection = select_columns(frame.collect_schema())
    count = int(frame.select(pl.len()).collect().item())
    if not count:
        raise InvalidInput("dataset.no_rows", kind=str(found))
    places = kept_places(count, most_rows(len(selection.names)))
    if len(places) * len(selection.names) > MAX_CELLS:
        raise TooLarge("dataset.too_many_cells", limit=MAX_CELLS)
    if len(places) < count:
        kept = pl.Series(places, dtype=pl.UInt32).implode()
        frame = frame.with_row_index(_ROW).filter(pl.col(_ROW).is_in(kept))
    columns: dict[str, pl.Series] = {}
    at_once = max(1, _CELLS_AT_ONCE // len(places))
    for first in range(0, len(selection.names), at_once):
        names = selection.names[first : first + at_once]
        typed = frame.select(pl.col(list(names))).collect(engine="streaming")
        columns.update({name: text_of(typed[name]) for name in names})
    numbers = array("I", (places + 1).tolist())
    table = Table(columns, numbers, count, notes=[*selection.notes, *sample_notes(count, len(places))])
    return _finished(table, places)


def _finished(table: Table, places: NDArray[np.int64]) -> Table:
    """Return the table without columns that only number the rows, each column with a name of its own."""
    if table.num_rows > len(places):
        table = _sampled(table, places)
    numbering = [name for name, column in table.columns.items() if counts_rows(name, column, places)]
    if len(numbering) < len(table.columns):
        for name in numbering:
            del table.columns[name]
        table.notes += index_notes(numbering)
    names = usable_names(list(table.columns))
    table.columns = dict(zip(names, table.columns.values(), strict=True))
    return table


def _sampled(table: Table, places: NDArray[np.int64]) -> Table:
    """Return the rows at `places` of a table that had to be read whole."""
    columns = {name: column.gather(places) for name, column in table.columns.items()}
    rows = array("I", np.asarray(table.rows)[places].tolist())
    notes = [*table.notes, *sample_notes(table.num_rows, len(places))]
    return Table(columns, rows, table.num_rows_in_file, table.decisions, notes)
