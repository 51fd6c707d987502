"""Rows between the header and the data: more names, of groups of columns or below them, and units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.table.raw import Record
from muscope.backend.ingest.values.missing import is_missing
from muscope.backend.ingest.values.texts import looks_typed
from muscope.backend.ingest.wording import listed

# Rows of data that show what a column holds, and the share of them that makes it one of values.
BODY_ROWS, TYPED_SHARE = 60, 0.6
_LEAST_ROWS = 3
_MOST_CHARACTERS_OF_A_UNIT = 15
_MOST_NAME_ROWS = 5
# A line drawn below the names, as in tables for reading.
_RULE = re.compile(r"[-+=:|]{2,}|")


class Named(NamedTuple):
    """Names as they are now, the rows below them, and what was done."""

    header: tuple[str, ...]
    body: Sequence[Record]
    notes: tuple[DataWarning, ...] = ()


def with_rows_below(header: tuple[str, ...], body: Sequence[Record]) -> Named:
    """Return the names joined with those in further rows, and the rows without one of units."""
    if len(body) < _LEAST_ROWS:
        return Named(header, body)
    drawn = [cell.strip() for cell in body[0].cells]
    if any(drawn) and all(_RULE.fullmatch(cell) for cell in drawn):
        below = with_rows_below(header, body[1:])
        return below._replace(notes=(_note("drawn_line", row=body[0].row), *below.notes))
    more = _more_names(body)
    if len(more) > 1:
        for row in more:
            header = _joined(header, row.cells, fills=False)
        return Named(
            header, body[len(more) :], (_note("headers_below", first=more[0].row, last=more[-1].row),)
        )
    if not _is_untyped(body[0].cells, [row.cells for row in body[1:BODY_ROWS]]):
        return Named(header, body)
    second = [cell.strip() for cell in body[0].cells]
    has_twins = _has_twins(header)
    gaps = [
        place
        for place, name in enumerate(header)
        if not name.strip() and place < len(second) and second[place]
    ]
    if (gaps and gaps[0] > 0) or has_twins:
        joined = _joined(header, second, fills=not has_twins)
        return Named(joined, body[1:], (_note("joined_header", row=body[0].row),))
    if all(len(unit) <= _MOST_CHARACTERS_OF_A_UNIT for unit in second):
        units = listed([unit for unit in second if unit], 6)
        return Named(header, body[1:], (_note("units_row", row=body[0].row, units=units),))
    return Named(header, body)


def _note(code: str, **params: str | int | float) -> DataWarning:
    return DataWarning(code=f"dataset.{code}", params=params)


def _has_twins(header: Sequence[str]) -> bool:
    """Return whether names stand there twice, as those of groups whose cells are not merged."""
    names = [name.strip() for name in header if name.strip()]
    return len(set(names)) < len(names)


def _more_names(body: Sequence[Record]) -> Sequence[Record]:
    """Return the rows below the first with names: texts, or nothing, above numbers or dates."""
    rest = [row.cells for row in body[_MOST_NAME_ROWS:BODY_ROWS]]
    first = body[0].cells
    if len(rest) < _MOST_NAME_ROWS or any(
        looks_typed(cell) and _is_typed_column(place, rest) for place, cell in enumerate(first)
    ):
        return []
    typed = [place for place in range(len(rest[0])) if _is_typed_column(place, rest)]
    end = 0
    while end < _MOST_NAME_ROWS and _names_columns(body[end].cells, typed, rest):
        end += 1
    return body[:end] if end < _MOST_NAME_ROWS else []


def _is_typed_column(place: int, rows: Sequence[Sequence[str]]) -> bool:
    column = [cells[place].strip() for cells in rows if place < len(cells)]
    present = [cell for cell in column if not is_missing(cell)]
    return bool(present) and sum(map(looks_typed, present)) >= TYPED_SHARE * len(present)


def _names_columns(cells: Sequence[str], typed: Sequence[int], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a row has a text, and no value, in columns of numbers, and no text of the rows below."""
    above = [cells[place].strip() for place in typed if place < len(cells)]
    if any(looks_typed(cell) for cell in above) or all(is_missing(cell) for cell in above):
        return False
    return not _holds_data(cells, typed, rest)


def _holds_data(cells: Sequence[str], typed: Sequence[int], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a column of texts has the same text in other rows: then it is no name, and no unit."""
    return any(
        cell.strip() and place not in typed and any(row[place] == cell for row in rest if place < len(row))
        for place, cell in enumerate(cells)
    )


def _is_untyped(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return whether a row has texts in every column whose other rows hold numbers or dates."""
    columns: list[int] = []
    for place, cell in enumerate(first):
        column = [cells[place].strip() for cells in body if place < len(cells)]
        present = [each for each in column if not is_missing(each)]
        if not present or sum(looks_typed(each) for each in present) < TYPED_SHARE * len(present):
            continue
        if not cell.strip() or looks_typed(cell.strip()) or is_missing(cell):
            return False
        columns.append(place)
    return bool(columns) and not _holds_data(first, columns, body)


def _joined(header: Sequence[str], second: Sequence[str], *, fills: bool = True) -> tuple[str, ...]:
    """Return names of two rows, the upper one filled to the right as merged cells are if it `fills`."""
    names, group = [], ""
    # A lower row often ends before the upper one: cells at its end are left out.
    for name, cell in zip_longest(header, second, fillvalue=""):
        group = name.strip() if name.strip() or not fills else group
        names.append(f"{group} {cell.strip()}".strip())
    return tuple(names)
