"""Reads over the records of an old workbook before a library does: true extent, errors and hidden places.

Records: [MS-XLS], Excel Binary File Format, §2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.recognition.compound_file import CompoundFile
from muscope.backend.ingest.sheets.sheet_scan import SheetScan

_STREAMS = ("Workbook", "Book")
_BEGIN, _SHEET, _ROW, _COLUMNS, _TRUTH_OR_ERROR, _FORMULA = 0x809, 0x85, 0x208, 0x7D, 0x205, 0x06
_CELLS = frozenset({_FORMULA, 0xBD, 0xD6, 0xFD, 0x203, 0x204, _TRUTH_OR_ERROR, 0x27E})
_BLANKS = frozenset({0xBE, 0x201})
_LAST_COLUMN = 256
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_HIDDEN_ROW, _HIDDEN_COLUMN = 0x20, 0x01
_PLACE = struct.Struct("<HH")


def scan_xls(source: Path) -> list[SheetScan]:
    """Return the content of each sheet, in the order of the workbook; blank cells of a format count as none.

    Raises `dataset.workbook_damaged` for what would end the process: the library reserves memory for whatever
    a damaged file announces.
    """
    try:
        with source.open("rb") as file:
            container = CompoundFile(file)
            container.check()
            stream = next((container.content(name) for name in _STREAMS if container.has(name)), b"")
        return [_scan(stream, start) for start in _sheet_starts(stream)]
    except (ValueError, struct.error) as error:
        raise InvalidInput("dataset.workbook_damaged") from error


def _sheet_starts(stream: bytes) -> list[int]:
    return [int.from_bytes(body[:4], "little") for kind, body in _records(stream, 0) if kind == _SHEET]


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of the records from `start` to the next part of the stream."""
    place, num_begun = start, 0
    while place + 4 <= len(stream):
        kind, size = _PLACE.unpack_from(stream, place)
        num_begun += kind == _BEGIN
        if num_begun > 1:
            return
        yield kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def _scan(stream: bytes, start: int) -> SheetScan:
    scan = SheetScan()
    for kind, body in _records(stream, start):
        if kind in _CELLS or kind in _BLANKS:
            row, column = _PLACE.unpack_from(body)
            if column >= _LAST_COLUMN:
                raise ValueError(f"column {column}")
            if kind in _CELLS:
                _add_cell(scan, kind, body, row, column)
        elif kind == _ROW and int.from_bytes(body[12:14], "little") & _HIDDEN_ROW:
            scan.hidden_rows.add(_PLACE.unpack_from(body)[0])
        elif kind == _COLUMNS and int.from_bytes(body[8:10], "little") & _HIDDEN_COLUMN:
            first, last = _PLACE.unpack_from(body)
            scan.hidden_columns.update(range(first, min(last + 1, _LAST_COLUMN)))
    return scan


def _add_cell(scan: SheetScan, kind: int, body: bytes, row: int, column: int) -> None:
    scan.num_cells += 1
    scan.rows.add(row)
    scan.columns.add(column)
    if kind == 0xBD:  # several numbers in one record of 6 bytes each, between 4 and 2 bytes of places
        scan.columns.update(range(column, min(column + (len(body) - 6) // 6, _LAST_COLUMN)))
    code = None
    if kind == _TRUTH_OR_ERROR and body[7:8] == b"\x01":
        code = body[6]
    elif kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6:7] == b"\x02":
        code = body[8]
    if code is not None:
        scan.errors.setdefault(row, {})[column] = _ERRORS.get(code, "#N/A")
