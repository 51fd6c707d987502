"""Tables side by side: a blank column between them, and rows that end at different places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import polars as pl

from muscope.backend.ingest.blocks.block import Block

_LEAST_COLUMNS, _LEAST_ROWS = 2, 3


def blocks_beside(
    header: Sequence[str], columns: Sequence[pl.Series], rows: Sequence[int], *, left: int
) -> list[Block]:
    """Return the tables side by side; none where a blank column only divides one table.

    Args:
        header: names as they stand, one per column.
        rows: their numbers in the file.
        left: place of the first column in the sheet.
    """
    segments = _segments(header, columns)
    if len(segments) < 2 or not len(rows):
        return []
    ends = [_end_of([columns[i] for i in segment]) for segment in segments]
    names = [tuple(header[i].strip() for i in segment) for segment in segments]
    is_uneven = max(ends) - min(ends) >= max(_LEAST_ROWS, 0.02 * len(rows))
    if not is_uneven and len(set(names)) == len(names):
        return []
    top = max(1, rows[0] - 1)
    return [
        Block(left + segment.start, top, top, rows[end - 1] + 1, end, named)
        for segment, end, named in zip(segments, ends, names, strict=True)
        if end
    ]


def filled_rows(columns: Sequence[pl.Series]) -> pl.Series:
    """Return which rows have a cell in these columns."""
    return reduce(or_, (column.str.strip_chars() != "" for column in columns))


def _segments(header: Sequence[str], columns: Sequence[pl.Series]) -> list[range]:
    """Return the stretches of at least two named columns between blank ones."""
    is_blank = [
        not name.strip() and not bool((column.str.strip_chars() != "").any())
        for name, column in zip(header, columns, strict=True)
    ]
    segments, start = [], 0
    for place in [*(i for i, blank in enumerate(is_blank) if blank), len(is_blank)]:
        if place - start >= _LEAST_COLUMNS and all(name.strip() for name in header[start:place]):
            segments.append(range(start, place))
        start = place + 1
    return segments


def _end_of(columns: Sequence[pl.Series]) -> int:
    """Return the number of rows down to the last with a cell."""
    filled = filled_rows(columns).arg_true()
    return int(filled[-1]) + 1 if len(filled) else 0
