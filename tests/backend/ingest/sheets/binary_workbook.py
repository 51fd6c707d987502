"""Workbook in Excel's binary format (.xlsb) with one sheet, written record by record.

Source: [MS-XLSB] §2.1.4 (records) and §2.4 (BrtBundleSh 156, BrtWsDim 148, BrtRowHdr 0,
BrtCellReal 5, BrtCellSt 6).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from io import BytesIO

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.bin" '
    'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Override PartName="/xl/worksheets/sheet1.bin" '
    'ContentType="application/vnd.ms-excel.worksheet"/></Types>'
)
_RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/>'
    "</Relationships>"
)


def binary_workbook(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return a workbook whose sheet `Data` has these rows."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATION.format(kind="officeDocument", target="xl/workbook.bin"))
        archive.writestr("xl/workbook.bin", _workbook())
        related = _RELATION.format(kind="worksheet", target="worksheets/sheet1.bin")
        archive.writestr("xl/_rels/workbook.bin.rels", related)
        archive.writestr("xl/worksheets/sheet1.bin", _sheet(rows))
    return file.getvalue()


def _workbook() -> bytes:
    sheet = struct.pack("<II", 0, 1) + _text("rId1") + _text("Data")
    return _record(131) + _record(143) + _record(156, sheet) + _record(144) + _record(132)


def _sheet(rows: Sequence[Sequence[str | float]]) -> bytes:
    records = [
        _record(129),
        _record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)),
        _record(145),
    ]
    for place, row in enumerate(rows):
        records.append(_record(0, struct.pack("<IIHHBI", place, 0, 300, 0, 0, 0)))
        records += [_cell(column, value) for column, value in enumerate(row)]
    return b"".join([*records, _record(146), _record(130)])


def _cell(column: int, value: str | float) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(value, str):
        return _record(6, place + _text(value))
    return _record(5, place + struct.pack("<d", value))


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(number: int, content: bytes = b"") -> bytes:
    """Return a record: number and length in seven bits a byte, the lowest first."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    size, rest = b"", len(content)
    while rest >= 128:
        size, rest = size + bytes([rest & 0x7F | 0x80]), rest >> 7
    return head + size + bytes([rest]) + content
