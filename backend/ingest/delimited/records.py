"""Single records of a scanned text: parsed where they are needed, and several tables told apart."""

from __future__ import annotations

import csv
import io
import mmap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import TooLarge
from muscope.backend.ingest.blocks.block import Chosen, choose_block
from muscope.backend.ingest.blocks.stacked import MAX_GAPS, PROBE_ROWS, stacked_blocks
from muscope.backend.ingest.delimited.dialect import Dialect, rows_of
from muscope.backend.ingest.delimited.scan import Records
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.raw import Record

MAX_LINE_CHARACTERS = 1 << 20


def parsed_records(
    content: mmap.mmap,
    records: Records,
    places: Sequence[int] | NDArray[np.int64],
    dialect: Dialect,
    first_row: int,
) -> list[Record]:
    """Return single records by the standard library's parser; blank ones are left out."""
    csv.field_size_limit(MAX_LINE_CHARACTERS)
    found = []
    for place in places:
        text = content[records.starts[place] : records.starts[place + 1]].decode("utf-8")
        if len(text) > MAX_LINE_CHARACTERS:
            raise TooLarge("dataset.line_too_long", row=int(place) + first_row, limit=MAX_LINE_CHARACTERS)
        cells = next(rows_of(iter(io.StringIO(text.rstrip("\n"), newline="")), dialect), [])
        if any(cells) or len(cells) > 1:
            found.append(Record(int(place) + first_row, cells))
    return found


def chosen_block(
    content: mmap.mmap, records: Records, dialect: Dialect, options: IngestOptions, first_row: int
) -> Chosen | None:
    """Return the choice among several tables below one another; None where there is one."""
    starts = _starts(records)
    if not 2 <= len(starts) <= MAX_GAPS:
        return None
    filled = np.flatnonzero(~_is_blank(records))

    def rows_from(first: int, end: int) -> list[Record]:
        begin, last = np.searchsorted(filled, (first - first_row, end - first_row)).tolist()
        return parsed_records(
            content, records, filled[begin : min(last, begin + PROBE_ROWS)], dialect, first_row
        )

    def count(first: int, end: int) -> int:
        begin, last = np.searchsorted(filled, (first - first_row, end - first_row)).tolist()
        return int(last - begin)

    end = len(records.delimiters) + first_row
    blocks = stacked_blocks((starts + first_row).tolist(), end, rows_from, count)
    if len(blocks) < 2:
        return None
    return choose_block(blocks, options.area, row=options.header)


def _starts(records: Records) -> NDArray[np.int64]:
    """Return where a table may begin: at the first row, below a blank one, at one without delimiters."""
    is_blank = _is_blank(records)
    is_start = np.zeros(len(is_blank), np.bool_)
    is_start[1:] = is_blank[:-1] & ~is_blank[1:]
    is_start[1:-1] |= (records.delimiters[1:-1] == 0) & (records.delimiters[2:] > 0) & ~is_blank[1:-1]
    is_start[np.argmin(is_blank)] = True
    return np.flatnonzero(is_start)


def _is_blank(records: Records) -> NDArray[np.bool_]:
    """Return which records hold delimiters only."""
    return records.lengths <= records.delimiters + 1
