"""Records of a JSON file as columns of text, in the shapes in which programs write a table."""

from __future__ import annotations

import codecs
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.frames.frame_columns import check_columns, nested_notes
from muscope.backend.ingest.frames.json_values import values_of
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import Format
from muscope.backend.ingest.sheets.cell_text import truth_text
from muscope.backend.ingest.table.assemble import MAX_CELLS
from muscope.backend.ingest.table.layout import MAX_COLUMNS
from muscope.backend.ingest.table.raw import Table
from muscope.backend.ingest.wording import is_number

_BATCH_CELLS = 1_000_000
_HEAD_BYTES = 4096
_PIECE_BYTES = 1 << 20
Record = Mapping[str, Any]


def read_json(source: Path, options: IngestOptions) -> Table:
    """Return all records of the file at `source`; a key that some lack is empty there.

    Raises `dataset.json_damaged`, `dataset.json_no_records`, `dataset.unknown_encoding`, `dataset.no_rows`,
    `dataset.no_flat_columns`, `dataset.too_many_columns`, `dataset.too_many_cells`.
    """
    with source.open("rb") as file:
        encoding = options.encoding or _encoding(file)
    decisions = []
    if not encoding.startswith("utf") or options.encoding:
        decisions.append(Decision(option="encoding", value=encoding, is_guessed=options.encoding is None))
    columns = _Columns()
    try:
        with source.open(encoding=encoding, newline="") as text:
            for record in _records(values_of(text)):
                columns.add(record)
    except (UnicodeError, LookupError) as error:
        raise InvalidInput("dataset.unknown_encoding") from error
    return columns.table(decisions)


def _encoding(file: BinaryIO) -> str:
    """Return the codec of a JSON file: of the Unicode family if it fits, else that of Japanese Windows."""
    name = json.detect_encoding(file.read(_HEAD_BYTES))
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while piece := file.read(_PIECE_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp932"
    return name


def _records(values: Iterator[Any]) -> Iterator[Record]:
    """Yield the records among the values: objects, rows below a row of names, or the parts of one object."""
    first = list(islice(values, 2))
    if len(first) == 1 and isinstance(first[0], dict):
        yield from _of_one_object(first[0])
    elif first and isinstance(first[0], list):
        yield from _of_rows(chain(first, values))
    else:
        for number, value in enumerate(chain(first, values), start=1):
            if not isinstance(value, dict):
                raise InvalidInput("dataset.json_no_records", number=number)
            yield value


def _of_one_object(whole: dict[str, Any]) -> Iterator[Record]:
    """Yield the records of an object that holds a table as columns, as names and rows, or under some key."""
    names, rows = whole.get("columns"), whole.get("data")
    parts = list(whole.values())
    if isinstance(names, list) and isinstance(rows, list):
        yield from _of_rows(iter([names, *rows]), is_named=True)
    elif _are_objects(parts) and all(map(is_number, whole)):
        yield from parts  # one object a row, by its number
    elif _are_objects(parts):
        keys = dict.fromkeys(chain.from_iterable(parts))
        yield from ({name: part.get(key) for name, part in whole.items()} for key in keys)
    elif parts and all(isinstance(part, list) for part in parts) and len(set(map(len, parts))) == 1:
        if len(parts) == 1 and _are_objects(parts[0]):
            yield from parts[0]
        else:
            yield from (dict(zip(whole, row, strict=True)) for row in zip(*parts, strict=True))
    else:
        yield from _of_largest_list(parts, whole)


def _of_largest_list(parts: Iterable[Any], whole: Record) -> Iterator[Record]:
    """Yield the elements of the longest list of objects; without one, the object is the only record."""
    lists = [part for part in parts if isinstance(part, list) and _are_objects(part)]
    yield from max(lists, key=len, default=[whole])


def _are_objects(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _of_rows(rows: Iterator[Any], *, is_named: bool = False) -> Iterator[Record]:
    names: list[str] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list):
            raise InvalidInput("dataset.json_no_records", number=number)
        if not names:
            is_header = is_named or all(isinstance(cell, str) and not is_number(cell) for cell in row)
            names = [str(cell) if is_header else f"column_{place}" for place, cell in enumerate(row, start=1)]
            if is_header:
                continue
        if len(row) > len(names):
            raise InvalidInput("dataset.ragged_row", row=number, expected=len(names), given=len(row), count=1)
        yield dict(zip(names, row, strict=False))


class _Columns:
    """Columns that grow by records; what Python holds is turned into columns of text batch by batch."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pl.Series]] = {}
        self._batch: list[Record] = []
        self._num_stored = 0
        self._num_waiting = 0
        self._nested: dict[str, None] = {}

    def add(self, record: Record) -> None:
        """Add a row."""
        if not record.keys() <= self._parts.keys():
            for name in record:
                if name not in self._parts:
                    before = pl.repeat("", self._num_stored, dtype=pl.String, eager=True)
                    self._parts[name] = [before]
            if len(self._parts) > MAX_COLUMNS:
                raise TooLarge("dataset.too_many_columns", count=len(self._parts), limit=MAX_COLUMNS)
        self._batch.append(record)
        self._num_waiting += len(self._parts)
        if self._num_waiting >= _BATCH_CELLS:
            self._store()

    def table(self, decisions: list[Decision]) -> Table:
        """Return the rows that were added, without columns that hold lists or objects."""
        self._store()
        names = [name for name in self._parts if name not in self._nested]
        if not self._num_stored:
            raise InvalidInput("dataset.no_rows", kind=str(Format.JSON))
        check_columns(names, list(self._nested))
        columns = {name: pl.concat(self._parts.pop(name)) for name in names}
        rows = array("I", range(1, self._num_stored + 1))
        return Table(columns, rows, self._num_stored, decisions, nested_notes(list(self._nested)))

    def _store(self) -> None:
        for name, parts in self._parts.items():
            values = [record.get(name) for record in self._batch]
            cells = [value if type(value) is str else self._text(name, value) for value in values]
            parts.append(pl.Series(values=cells, dtype=pl.String))
        self._num_stored += len(self._batch)
        self._batch, self._num_waiting = [], 0
        if self._num_stored * len(self._parts) > MAX_CELLS:
            raise TooLarge("dataset.too_many_cells", limit=MAX_CELLS)

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return truth_text(value)
        if value:
            self._nested[name] = None
        return ""
