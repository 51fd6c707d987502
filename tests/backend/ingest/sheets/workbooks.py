"""Small workbooks for tests: by openpyxl, and by hand for what it cannot write."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.kinds import recognise
from muscope.backend.ingest.sheets.sheets import read_sheet
from muscope.backend.ingest.table.raw import RawTable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_LINKS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MACHINE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(*sheets: Sequence[Any], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """Return an XLSX file whose sheets `Sheet1`, `Sheet2`, … hold these rows; `change` is told the first."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(book.worksheets[0])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def handmade(
    rows: str,
    *,
    before: str = "",
    prefix: str = "",
    strict: bool = False,
    separator: str = "/",
    extra: dict[str, bytes] | None = None,
) -> bytes:
    """Return an XLSX file with one sheet `S` whose rows are this XML."""
    main, links = (STRICT_MAIN, STRICT_LINKS) if strict else (MAIN, LINKS)
    p, name = (f"{prefix}:", f":{prefix}") if prefix else ("", "")
    xmlns = f'xmlns{name}="{main}" xmlns:r="{links}"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_MACHINE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_MACHINE}.worksheet+xml"/></Types>',
        "_rels/.rels": _relationship(links, "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f"<{p}workbook {xmlns}><{p}sheets>"
        f'<{p}sheet name="S" sheetId="1" r:id="rId1"/></{p}sheets></{p}workbook>',
        "xl/_rels/workbook.xml.rels": _relationship(links, "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f"<{p}worksheet {xmlns}>{before}<{p}sheetData>{rows}</{p}sheetData>"
        f"</{p}worksheet>",
    }
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        contents: dict[str, str | bytes] = {**parts, **(extra or {})}
        for path, content in contents.items():
            archive.writestr(path if path.startswith("[") else path.replace("/", separator), content)
    return file.getvalue()


def _relationship(links: str, kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{links}/{kind}" Target="{target}"/></Relationships>'
    )


def rewritten(content: bytes, ending: str, change: Callable[[str], str]) -> bytes:
    """Return the file with the members whose names end so changed."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part.decode()) if name.endswith(ending) else part)
    return file.getvalue()


def read(content: bytes, tmp_path: Path, **options: Any) -> RawTable:
    """Return the sheet that is read from a file of this content; its name has a misleading ending."""
    source = tmp_path / "upload.csv"
    source.write_bytes(content)
    return read_sheet(source, recognise(source), IngestOptions(**options))


def cells(raw: RawTable) -> list[list[str]]:
    return [record.cells for record in raw.records]


def codes(raw: RawTable) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.params) for note in raw.notes}
