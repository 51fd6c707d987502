"""Workbooks in the XML of Excel 2003, which programs write by hand and often name `.xls`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.foreign import refusing
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.sheets.merged_cells import Merged
from muscope.backend.ingest.sheets.sheet_records import Grid, choose_sheet, raw_table_of, sheet_decision
from muscope.backend.ingest.sheets.sheet_scan import LAST_COLUMN, LAST_ROW
from muscope.backend.ingest.table.raw import RawTable
from muscope.backend.ingest.wording import is_number, number_text

_NAMESPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MIDNIGHT = "T00:00:00.000"
_NO_DAY = "1899-12-31T"
_MAX_CELLS = 10_000_000


@dataclass(slots=True)
class _Sheet:
    is_visible: bool = True
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    width: int = 0

    @property
    def num_cells(self) -> int:
        """Return the number of cells with a value."""
        return sum(map(len, self.cells.values()))

    def rows(self) -> Iterator[list[str]]:
        """Yield all rows from the first of the sheet."""
        for row in range(max(self.cells, default=-1) + 1):
            cells = self.cells.get(row)
            yield [cells.get(column, "") for column in range(self.width)] if cells else [""] * self.width


def read_xml_workbook(source: Path, options: IngestOptions) -> RawTable:
    """Return the chosen sheet of the workbook at `source`; raises the errors of `read_workbook`."""
    with refusing("dataset.workbook_damaged"):
        sheets = _sheets(source)
    sizes = {name: sheet.num_cells for name, sheet in sheets.items()}
    name = choose_sheet({name: sheet.is_visible for name, sheet in sheets.items()}, sizes, options)
    sheet = sheets[name]
    if len(sheet.cells) * sheet.width > _MAX_CELLS:
        raise TooLarge("dataset.too_many_cells", limit=_MAX_CELLS)
    last = max(sheet.cells)
    merged = [
        Merged(m.top, m.left, min(m.bottom, last), min(m.right, sheet.width - 1))
        for m in sheet.merged
        if m.top <= last and m.left < sheet.width
    ]
    hidden = frozenset(sheet.hidden_rows & sheet.cells.keys())
    raw = raw_table_of(Grid(sheet.rows, merged, hidden_rows=hidden), options)
    raw.decisions[:0] = sheet_decision(name, sizes, options)
    return raw


def _sheets(source: Path) -> dict[str, _Sheet]:
    """Return the sheets by name; rows are let go of as they are read."""
    sheets: dict[str, _Sheet] = {}
    sheet, row = _Sheet(), -1
    for event, element in ET.iterparse(source, ("start", "end")):
        tag = element.tag.removeprefix(_NAMESPACE)
        if event == "start" and tag == "Worksheet":
            sheet, row = _Sheet(), -1
            sheets[_attribute(element, "Name") or f"{len(sheets) + 1}"] = sheet
        elif event == "end" and tag == "Row":
            row = _place(element, row, LAST_ROW)
            _read_row(element, row, sheet)
            row += _number(element, "Span")
            element.clear()
        elif event == "end" and element.tag.endswith("}Visible"):
            sheet.is_visible = False  # written for hidden sheets only
    return sheets


def _read_row(element: ET.Element, row: int, sheet: _Sheet) -> None:
    if _attribute(element, "Hidden") == "1":
        sheet.hidden_rows.add(row)
    column = -1
    for cell in element.iter(f"{_NAMESPACE}Cell"):
        column = _place(cell, column, LAST_COLUMN)
        across, down = _number(cell, "MergeAcross"), _number(cell, "MergeDown")
        if across or down:
            sheet.merged.append(Merged(row, column, row + down, column + across))
        data = cell.find(f"{_NAMESPACE}Data")
        text = "" if data is None else _text(data)
        if text:
            sheet.cells.setdefault(row, {})[column] = text
            sheet.width = max(sheet.width, column + 1)
        column += across


def _text(data: ET.Element) -> str:
    text = "".join(data.itertext())
    kind = _attribute(data, "Type")
    if kind == "Boolean":
        return "TRUE" if text == "1" else "FALSE"
    if kind == "DateTime":
        return text.removesuffix(_MIDNIGHT).removeprefix(_NO_DAY).removesuffix(".000").replace("T", " ")
    if kind == "Number" and "E" in text.upper() and is_number(text):
        return number_text(float(text))
    return text


def _place(element: ET.Element, last: int, limit: int) -> int:
    """Return the row or column of an element, from 0: the one it names, else the one after the last."""
    place = _number(element, "Index") - 1 if _attribute(element, "Index") else last + 1
    if not 0 <= place < limit:
        raise InvalidInput("dataset.workbook_damaged")
    return place


def _number(element: ET.Element, name: str) -> int:
    text = _attribute(element, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _attribute(element: ET.Element, name: str) -> str:
    return element.get(f"{_NAMESPACE}{name}", "")
