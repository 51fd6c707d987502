"""Reads a file of rows as columns of text: text tables in any dialect, Parquet, JSON and JSON lines.

Unlike an upload nothing is interpreted: an empty cell is "", a number that is none is "nan". Rows of a text
table that are no data (titles, units, repeated names, totals) are left out and named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, TooLarge, UnsupportedMedia
from muscope.backend.ingest.rows.aim_table import of_aim
from muscope.backend.ingest.rows.records import columns_of_records, text_of

MAX_ROWS = 1_000_000
Decimal = Literal[".", ","]
# Warnings of the reader of text tables about rows and columns that it takes for no data.
LEFT_OUT = frozenset(
    f"dataset.{name}"
    for name in (
        "index_left_out",
        "repeated_header",
        "rows_above",
        "rows_below",
        "subtotals_left_out",
        "units_row",
    )
)
_PARQUET = b"PAR1"
# Cells in which a comma cannot group thousands, and cells with a decimal point.
_COMMA = re.compile(r"^\s*-?(?:0,\d+|\d+,\d{1,2}|\d+,\d{4,})(?:[eE][-+]?\d+)?\s*$")
_POINT = re.compile(r"^\s*-?\d*\.\d+(?:[eE][-+]?\d+)?\s*$")


class Cells(NamedTuple):
    """Cells of a file by column, and the warnings that name its rows that are no data: titles, totals, …."""

    columns: dict[str, list[str]]
    left_out: tuple[DataWarning, ...] = ()


def read_columns(path: Path) -> dict[str, list[str]]:
    """Return the cells of a file by column as `read_cells` does, without what was left out."""
    return read_cells(path).columns


def read_cells(path: Path) -> Cells:
    """Return the cells of a file by column; all columns have the same length.

    Raises InvalidInput for a file that holds no rows or is damaged, UnsupportedMedia for one that is no
    table, TooLarge for more than `MAX_ROWS` rows.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise InvalidInput("dataset.empty_file")
    if head.startswith(_PARQUET):
        found = Cells(_of_parquet(path))
    elif head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        found = Cells(columns_of_records(_json_records(path)))
    else:
        found = _of_text(path)
    num_rows = len(next(iter(found.columns.values()), []))
    if num_rows > MAX_ROWS:
        raise TooLarge("sweep.too_many_rows", given=num_rows, limit=MAX_ROWS)
    return found


def decimal_of(columns: Mapping[str, Sequence[str]]) -> Decimal | None:
    """Return the sign before the decimals of a whole table; None where no cell shows it.

    One column alone may not show it: 0,001 is a small number in one table, a group of thousands in another.
    Raises InvalidInput where some cells have a comma there and others a point.
    """
    commas = points = ""
    for cells in columns.values():
        for cell in dict.fromkeys(cells):
            if not commas and _COMMA.match(cell):
                commas = cell
            elif not points and _POINT.match(cell):
                points = cell
    if commas and points:
        raise InvalidInput("sweep.mixed_decimals", comma=commas, point=points)
    return "," if commas else "." if points else None


def numbers_of(cells: list[str], decimal: Decimal | None = None) -> list[float | None]:
    """Return a column of cells as numbers, None where a cell is none; infinite ones stay infinite.

    Args:
        decimal: the sign before the decimals; None: as all cells of the column allow.
    """
    from muscope.backend.ingest.values.numbers import plain_numbers, read_numbers

    series = pl.Series(values=[cell.strip() for cell in cells], dtype=pl.String)
    plain = plain_numbers(series)
    numbers = [None if value != value else float(value) for value in plain.tolist()]
    odd = [place for place, number in enumerate(numbers) if number is None]
    if odd:
        found = read_numbers(series.gather(odd), decimal, num_plain=len(cells) - len(odd))
        for place, value, is_number in zip(odd, found.values.tolist(), found.is_number.tolist(), strict=True):
            if is_number:
                numbers[place] = float("inf") if value != value else float(value)
    return numbers


def _of_parquet(path: Path) -> dict[str, list[str]]:
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput("dataset.frame_damaged", kind="parquet") from error
    return {name: [text_of(value) for value in frame[name].to_list()] for name in frame.columns}


def _json_records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a JSON array, of an object that holds one list, or of JSON lines."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        try:
            whole = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise InvalidInput("sweep.json_damaged", line=error.lineno, column=error.colno) from error
    if isinstance(whole, dict):
        lists = [part for part in whole.values() if isinstance(part, list)]
        whole = lists[0] if len(lists) == 1 else [whole]
    if not isinstance(whole, list) or not whole or not all(isinstance(record, dict) for record in whole):
        raise InvalidInput("sweep.json_no_records")
    return list(whole)


def _of_text(path: Path) -> Cells:
    from muscope.backend.ingest.delimited.encoding import examine
    from muscope.backend.ingest.delimited.text_table import read_text_table
    from muscope.backend.ingest.manifest import IngestOptions
    from muscope.backend.ingest.recognition.formats import Format
    from muscope.backend.ingest.recognition.kinds import recognise

    if recognise(path) is not Format.TEXT:
        raise UnsupportedMedia("sweep.unknown_format", name=path.name)
    with TemporaryDirectory() as folder:
        table = read_text_table(examine(path), IngestOptions(), Path(folder))
    columns = {name: column.to_list() for name, column in table.columns.items()}
    left_out = tuple(note for note in table.notes if note.code in LEFT_OUT)
    return Cells(of_aim(columns) or columns, left_out)
