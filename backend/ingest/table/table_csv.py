"""A delimited text file as columns of text. Nothing is repaired: a row that does not fit is an error.

The standard library's strict reader splits the rows, because it names the row that is wrong; polars pads
short rows without a word. Polars keeps the cells, 16 bytes for a short one where Python needs 60.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, TextIO

import polars as pl

from muscope.backend.errors import InvalidInput, MuscopeError, TooLarge
from muscope.backend.ingest.table.encoding import TextFile
from muscope.backend.ingest.wording import delimiter_name, is_number, shown

MAX_COLUMNS = 10_000
MAX_CELLS = 200_000_000
MAX_LINE_CHARACTERS = 1 << 20
MAX_NAME_CHARACTERS = 200
DELIMITERS = (",", ";", "\t", "|")
_BATCH_CELLS = 1_000_000


@dataclass(slots=True)
class Table:
    """Columns of text by name, and the row number a spreadsheet shows for each (the header is row 1)."""

    columns: dict[str, pl.Series]
    rows: array[int]

    @property
    def num_rows(self) -> int:
        return len(self.rows)


def read_csv(source: TextFile, delimiter: str) -> Table:
    """Return every cell of the file as text, or name the first place where it is not a table."""
    csv.field_size_limit(MAX_LINE_CHARACTERS)
    with source.path.open(encoding=source.encoding, newline="") as file:
        records = _records(file, delimiter)
        number, header = next(records, (0, []))
        names = [name.strip() for name in header]
        if not number or names == [""]:
            raise InvalidInput("dataset.empty_file")
        _check_header(names, header, delimiter)
        return _read_body(records, names)


def _records(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells), skipping empty lines but counting them as a spreadsheet does."""
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _refuse_quotes(str(error), lines.row)
        if any(cells) or len(cells) > 1:
            yield lines.row, cells
        lines.begin_record()


class _Lines:
    """Hands out lines of bounded length and knows in which row the current record began."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._characters = 0
        self.row = 1

    def begin_record(self) -> None:
        self.row += 1
        self._characters = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_LINE_CHARACTERS + 1)
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE_CHARACTERS:
            raise TooLarge("dataset.line_too_long", row=self.row, limit=MAX_LINE_CHARACTERS)
        self._characters += len(line)
        if self._characters > MAX_LINE_CHARACTERS:
            raise InvalidInput("dataset.unclosed_quote", row=self.row)
        return line


def _refuse_quotes(message: str, row: int) -> NoReturn:
    is_inside = "expected after" in message  # the only strict-mode message about a quote that did close
    raise InvalidInput("dataset.misplaced_quote" if is_inside else "dataset.unclosed_quote", row=row)


def _check_header(names: list[str], header: list[str], delimiter: str) -> None:
    if len(names) == 1:
        raise _one_column(header[0], delimiter)
    if len(names) > MAX_COLUMNS:
        raise TooLarge("dataset.too_many_columns", count=len(names), limit=MAX_COLUMNS)
    if all(is_number(name) for name in names):
        raise InvalidInput("dataset.header_missing", value=shown(names[0]))
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            raise InvalidInput("dataset.unnamed_column", position=position)
        if len(name) > MAX_NAME_CHARACTERS:
            raise InvalidInput(
                "dataset.long_column_name", position=position, count=len(name), limit=MAX_NAME_CHARACTERS
            )
        if name in seen:
            raise InvalidInput(
                "dataset.duplicate_column", column=shown(name), first=seen[name], second=position
            )
        seen[name] = position


def _one_column(line: str, delimiter: str) -> MuscopeError:
    counts = {other: line.count(other) for other in DELIMITERS if other != delimiter}
    best = max(counts, key=lambda other: counts[other])
    if not counts[best]:
        return InvalidInput("dataset.one_column", column=shown(line))
    return InvalidInput(
        "dataset.wrong_delimiter", given=delimiter_name(delimiter), found=delimiter_name(best)
    )


def _read_body(records: Iterator[tuple[int, list[str]]], names: list[str]) -> Table:
    rows = array("I")
    batches: list[list[pl.Series]] = [[] for _ in names]
    batch: list[list[str]] = []
    batch_rows = max(1, _BATCH_CELLS // len(names))
    for row, cells in records:
        if len(cells) != len(names):
            raise InvalidInput("dataset.ragged_row", row=row, expected=len(names), given=len(cells))
        rows.append(row)
        batch.append(cells)
        if len(batch) == batch_rows:
            _store(batch, batches)
            batch = []
            if len(rows) * len(names) > MAX_CELLS:
                raise TooLarge("dataset.too_many_cells", limit=MAX_CELLS)
    if not rows:
        raise InvalidInput("dataset.header_only")
    if batch:
        _store(batch, batches)
    return Table({name: pl.concat(parts) for name, parts in zip(names, batches, strict=True)}, rows)


def _store(batch: list[list[str]], batches: list[list[pl.Series]]) -> None:
    for parts, cells in zip(batches, zip(*batch, strict=True), strict=True):
        parts.append(pl.Series(values=cells, dtype=pl.String))
