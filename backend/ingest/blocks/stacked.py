"""Tables below one another: where another header begins after a gap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from muscope.backend.ingest.blocks.block import Block
from muscope.backend.ingest.table.raw import Record
from muscope.backend.ingest.values.missing import is_missing
from muscope.backend.ingest.values.texts import looks_typed

# Rows that are looked at below a gap: titles, the names, and some data.
PROBE_ROWS = 30
# More gaps than this are those of a table with gaps.
MAX_GAPS = 100
_TYPED_SHARE = 0.6
_LEAST_ROWS = 2

RowsFrom = Callable[[int, int], Sequence[Record]]


class _Head(NamedTuple):
    """Row with the names of a table, and where they begin."""

    row: int
    left: int
    names: tuple[str, ...]


def stacked_blocks(
    starts: Sequence[int], end: int, rows_from: RowsFrom, count: Callable[[int, int], int], *, left: int = 0
) -> list[Block]:
    """Return the tables below one another; one or none where the file is a single table.

    Args:
        starts: numbers of the first row and of every row below a gap.
        end: number of the row after the last.
        rows_from: returns the first rows, blank ones left out, between two numbers.
        count: returns how many rows that are not blank lie between two numbers.
        left: place of the first column in the sheet.
    """
    if not 2 <= len(starts) <= MAX_GAPS:
        return []
    heads: list[tuple[int, _Head]] = []
    for start, following in zip(starts, [*starts[1:], end], strict=True):
        head = _head_of(rows_from(start, following))
        if head is not None and (not heads or head.names != heads[-1][1].names):
            heads.append((start, head))
    # Rows above the first table, such as the settings of a logger, belong to it.
    firsts = [starts[0], *(start for start, _ in heads[1:])]
    return [
        Block(left + head.left, head.row, first, last, count(head.row + 1, last), head.names)
        for first, last, (_, head) in zip(firsts, [*firsts[1:], end], heads, strict=False)
    ]


def starts_of(records: Sequence[Record]) -> list[int]:
    """Return the rows at which a table may begin: the first, and those below blank rows or with one cell."""
    starts = []
    for place, record in enumerate(records):
        is_below_gap = place > 0 and record.row > records[place - 1].row + 1
        is_title = _num_filled(record) == 1 < _num_filled(records[min(place + 1, len(records) - 1)])
        if place == 0 or is_below_gap or is_title:
            starts.append(record.row)
    return starts


def rows_between(records: Sequence[Record]) -> tuple[RowsFrom, Callable[[int, int], int]]:
    """Return the two functions that `stacked_blocks` asks of rows that are all at hand."""
    numbers = [record.row for record in records]

    def rows_from(first: int, end: int) -> Sequence[Record]:
        place = bisect_left(numbers, first)
        return records[place : min(bisect_left(numbers, end), place + PROBE_ROWS)]

    def count(first: int, end: int) -> int:
        return bisect_left(numbers, end) - bisect_left(numbers, first)

    return rows_from, count


def _num_filled(record: Record) -> int:
    return sum(bool(cell.strip()) for cell in record.cells)


def _head_of(rows: Sequence[Record]) -> _Head | None:
    """Return the names above rows of data, below at most a few titles; None where there are none."""
    place = next((i for i, row in enumerate(rows) if _num_filled(row) > 1), None)
    if place is None or len(rows) - place <= _LEAST_ROWS:
        return None
    names = [cell.strip() for cell in rows[place].cells]
    filled = [i for i, name in enumerate(names) if name]
    body = [row.cells for row in rows[place + 1 :]]
    if (
        any(looks_typed(names[i]) or is_missing(names[i]) for i in filled)
        or len(filled) < filled[-1] - filled[0] + 1
    ):
        return None
    if not any(_is_typed_below(names[i], i, body) for i in filled):
        return None
    return _Head(rows[place].row, filled[0], tuple(names[i] for i in filled))


def _is_typed_below(name: str, column: int, body: Sequence[Sequence[str]]) -> bool:
    """Return whether numbers or dates stand below a name, which is not among them."""
    cells = [row[column].strip() for row in body if column < len(row)]
    present = [cell for cell in cells if not is_missing(cell)]
    is_typed = sum(map(looks_typed, present)) >= _TYPED_SHARE * len(present)
    return bool(present) and is_typed and name not in present
