"""Tables as CSV that a spreadsheet opens as it is: UTF-8 with its mark, a header, no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

# Tells Excel that a file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# A cell of text that begins like this is computed by spreadsheets, or read as another cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LINE_END = "\r\n"  # told to the writer, which quotes cells that hold a part of it

Cell = str | int | float | None


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield a header and rows as lines of CSV without their ends; the first begins with the mark of UTF-8."""
    yield BYTE_ORDER_MARK + _line(header)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=LINE_END).writerow([without_formula(cell) for cell in cells])
    return text.getvalue().removesuffix(LINE_END)


def without_formula(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet computes; numbers stay numbers, with every digit."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
