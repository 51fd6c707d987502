"""Answers on stdout: a JSON value for programs, lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import east_asian_width


def print_json(value: Any) -> None:
    """Print a JSON value, sorted so that two answers can be compared."""
    print(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True))


def print_table(rows: Iterable[Sequence[object]]) -> None:
    """Print rows with their columns below one another."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


def _width(text: str) -> int:
    """Return the columns a text takes in a terminal: two for each Japanese character."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
