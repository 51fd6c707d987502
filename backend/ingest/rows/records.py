"""Records that a program holds already as columns of text; needs no parser of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def columns_of_records(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return records as columns of text; a key that a record lacks is empty there."""
    rows = list(records)
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [text_of(row.get(name)) for row in rows] for name in names}


def plain_numbers(cells: list[str]) -> list[float | None]:
    """Return cells as the decimal numbers of Python and JSON, None where a cell is none."""
    return [_number(cell) for cell in cells]


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return None if number != number else number


def text_of(value: Any) -> str:
    """Return a value as a cell; nothing is an empty one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
