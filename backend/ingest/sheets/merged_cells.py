"""Merged cells: names of groups above the column names, and a value that stands for several rows.

A file keeps the value of merged cells in the first of them; the rest is blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from muscope.backend.ingest.wording import is_number

HEAD_ROWS = 40  # rows in which a header is looked for
_MAX_HEADER_ROWS = 6
_SEPARATOR = " / "


class Merged(NamedTuple):
    """Rectangle of merged cells, all borders inside it, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Header:
    """Rows that together name the columns, from 0, and the names."""

    top: int
    bottom: int
    names: list[str]


def joined_header(head: Sequence[list[str]], merged: Sequence[Merged]) -> Header | None:
    """Return the header of several rows among the first ones of a sheet; None where one row names all.

    Merged cells that stand alone over the whole table are its title.
    """
    top = min((m.top for m in merged if _is_group(m, head, merged)), default=None)
    if top is None:
        return None
    bottom = _bottom(top, head, merged)
    rows = [list(row) for row in head[top : bottom + 1]]
    for m in merged:
        if top <= m.top <= bottom:
            for row in rows[m.top - top : m.bottom - top + 1]:
                row[m.left : m.right + 1] = [head[m.top][m.left]] * (m.right + 1 - m.left)
    return Header(top, bottom, [_joined(column) for column in zip(*rows, strict=True)])


def _joined(column: Sequence[str]) -> str:
    """Return a name from the cells above a column, without the blank and the repeated ones."""
    return _SEPARATOR.join(dict.fromkeys(cell.strip() for cell in column if cell.strip()))


def _is_group(m: Merged, head: Sequence[list[str]], merged: Sequence[Merged]) -> bool:
    """Say whether merged cells name a group: beside other cells, and above names of columns.

    Numbers below are names, such as years, only where a neighbour reaches down to them.
    """
    if m.left == m.right or m.bottom + 1 >= len(head):
        return False
    above, below = head[m.top], head[m.bottom + 1][m.left : m.right + 1]
    if not above[m.left].strip() or (m.left == 0 and sum(bool(cell.strip()) for cell in above) < 2):
        return False
    names = [cell.strip() for cell in below if cell.strip()]
    is_spanned = any(other.top == m.top and other.bottom > m.bottom for other in merged)
    return len(names) > 1 and (is_spanned or not any(map(is_number, names)))


def _bottom(top: int, head: Sequence[list[str]], merged: Sequence[Merged]) -> int:
    """Return the last row of the header: the names below a group, or where a name of several rows ends."""
    bottom, last = top, min(top + _MAX_HEADER_ROWS, len(head)) - 1
    while True:
        reached = [m.bottom + _is_group(m, head, merged) for m in merged if top <= m.top <= bottom]
        lowest = min(max([bottom, *reached]), last)
        if lowest == bottom:
            return bottom
        bottom = lowest


def fill_downs(merged: Sequence[Merged], header: Header | None) -> dict[int, list[Merged]]:
    """Return the merged cells of one column below the header, by each row that takes over their value.

    Cells merged twice, which no spreadsheet program writes, belong to the first.
    """
    downs: dict[int, list[Merged]] = {}
    ends: dict[int, int] = {}
    for m in sorted(merged):
        if m.left == m.right and m.top > max(header.bottom if header else -1, ends.get(m.left, -1)):
            ends[m.left] = m.bottom
            for row in range(m.top + 1, m.bottom + 1):
                downs.setdefault(row, []).append(m)
    return downs
