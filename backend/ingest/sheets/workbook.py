"""Workbooks (XLSX, XLSB, XLS, ODS) as rows of text: the sheet that was named, or the largest visible one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import python_calamine as calamine

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, Param, TooLarge
from muscope.backend.ingest.foreign import refusing
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import Format
from muscope.backend.ingest.sheets.merged_cells import Merged
from muscope.backend.ingest.sheets.sheet_records import Grid, choose_sheet, raw_table_of, sheet_decision
from muscope.backend.ingest.sheets.sheet_scan import SheetScan, dense_part, reference_of
from muscope.backend.ingest.sheets.xls_scan import scan_xls
from muscope.backend.ingest.sheets.xlsx_package import Package, open_package, without_strays
from muscope.backend.ingest.table.raw import RawTable

# Cells the library may hold, blank ones included; it takes 32 bytes for each.
MAX_SHEET_CELLS = 32_000_000
# Empty rows or columns beyond which a value is not of the table.
_ROW_GAP = 1000
_COLUMN_GAP = 200


def read_workbook(source: Path, found: Format, options: IngestOptions) -> RawTable:
    """Return the chosen sheet of the workbook at `source`.

    Raises `dataset.unknown_sheet`, `dataset.empty_workbook`, `dataset.is_encrypted`, and
    `dataset.workbook_damaged` for what is no workbook.
    """
    return _read_xlsx(source, options) if found is Format.XLSX else _read_other(source, found, options)


def _read_xlsx(source: Path, options: IngestOptions) -> RawTable:
    with open_package(source) as package, _opening(source, Format.XLSX) as workbook:
        sheets = _worksheets(workbook)
        scans = {name: package.scan(name) for name in sheets}
        sizes = {name: scan.num_cells for name, scan in scans.items()}
        name = choose_sheet(sheets, sizes, options)
        scan = scans[name]
        sheet, notes = _sheet_within_bounds(package, workbook, name, scan)
    raw = raw_table_of(_grid(sheet, scan), options)
    raw.decisions[:0] = sheet_decision(name, sizes, options)
    raw.notes[:0] = [*notes, *_of_formulas(scan)]
    return raw


def _read_other(source: Path, found: Format, options: IngestOptions) -> RawTable:
    scans = scan_xls(source) if found is Format.XLS else []
    with _opening(source, found) as workbook:
        sheets = _worksheets(workbook)
        sizes = {name: _num_cells(workbook.get_sheet_by_name(name)) for name in sheets}
        name = choose_sheet(sheets, sizes, options)
        sheet = workbook.get_sheet_by_name(name)
        place = workbook.sheet_names.index(name)
    scan = scans[place] if place < len(scans) else SheetScan()
    raw = raw_table_of(_grid(sheet, scan), options)
    raw.decisions[:0] = sheet_decision(name, sizes, options)
    return raw


@contextmanager
def _opening(source: Path | IO[bytes], found: Format) -> Iterator[calamine.CalamineWorkbook]:
    with refusing("dataset.workbook_damaged"):
        try:
            workbook = calamine.load_workbook(source)
        except calamine.PasswordError as error:
            raise InvalidInput("dataset.is_encrypted", kind=str(found)) from error
        with workbook:
            yield workbook


def _worksheets(workbook: calamine.CalamineWorkbook) -> dict[str, bool]:
    """Return whether each sheet of cells is visible, by its name and in the order of the workbook."""
    return {
        sheet.name: sheet.visible is calamine.SheetVisibleEnum.Visible
        for sheet in workbook.sheets_metadata
        if sheet.typ is calamine.SheetTypeEnum.WorkSheet
    }


def _num_cells(sheet: calamine.CalamineSheet) -> int:
    return sum(value != "" for row in sheet.iter_rows() for value in row)


def _sheet_within_bounds(
    package: Package, workbook: calamine.CalamineWorkbook, name: str, scan: SheetScan
) -> tuple[calamine.CalamineSheet, list[DataWarning]]:
    """Return a sheet of an XLSX file without values so far from the rest that memory cannot span the gap."""
    extent = scan.extent
    if extent is None or extent.area <= MAX_SHEET_CELLS:
        return workbook.get_sheet_by_name(name), []
    rows, columns = dense_part(scan.rows, _ROW_GAP), dense_part(scan.columns, _COLUMN_GAP)
    if len(rows) * len(columns) > MAX_SHEET_CELLS:
        raise TooLarge("dataset.too_many_cells", limit=MAX_SHEET_CELLS)
    with without_strays(package, name, rows, columns) as copy, _opening(copy, Format.XLSX) as trimmed:
        sheet = trimmed.get_sheet_by_name(name)
    scan.rows.intersection_update(rows)
    scan.columns.intersection_update(columns)
    used = f"{reference_of(rows[0], columns[0])}:{reference_of(rows[-1], columns[-1])}"
    params: dict[str, Param] = {"extent": reference_of(extent.bottom, extent.right), "used": used}
    return sheet, [DataWarning(code="dataset.stray_cells", params=params)]


def _grid(sheet: calamine.CalamineSheet, scan: SheetScan) -> Grid:
    """Return the cells of a sheet; the library gives rows from the first, columns from the first filled."""
    start = sheet.start or (0, 0)
    left = start[1]
    last_row = (sheet.end or (0, 0))[0]
    corners = sheet.merged_cell_ranges or []
    merged = [
        Merged(top, first - left, min(bottom, last_row), min(last - left, sheet.width - 1))
        for (top, first), (bottom, last) in corners
        if first >= left and first - left < sheet.width and top >= start[0]
    ]
    return Grid(
        rows=lambda: _rows(sheet),
        merged=merged,
        errors={
            row: {column - left: text for column, text in cells.items()} for row, cells in scan.errors.items()
        },
        hidden_rows=frozenset(scan.hidden_rows & scan.rows),
        hidden_columns=frozenset(column - left for column in scan.hidden_columns & scan.columns),
        left=left,
    )


def _rows(sheet: calamine.CalamineSheet) -> Iterator[Sequence[Any]]:
    with refusing("dataset.workbook_damaged"):
        yield from sheet.iter_rows()


def _of_formulas(scan: SheetScan) -> list[DataWarning]:
    if not scan.num_uncalculated:
        return []
    first = reference_of(*scan.first_uncalculated)
    params: dict[str, Param] = {"count": scan.num_uncalculated, "first": first}
    return [DataWarning(code="dataset.formulas_uncalculated", params=params)]
