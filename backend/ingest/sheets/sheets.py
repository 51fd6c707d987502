"""Reader of everything that is a sheet of cells, by the format that was recognised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import MARKED_UP, WORKBOOKS, Format
from muscope.backend.ingest.sheets.html_table import read_html
from muscope.backend.ingest.sheets.workbook import read_workbook
from muscope.backend.ingest.sheets.xml_workbook import read_xml_workbook
from muscope.backend.ingest.table.raw import RawTable

SHEETS = WORKBOOKS | MARKED_UP
_READERS: dict[Format, Callable[[Path, IngestOptions], RawTable]] = {
    Format.HTML: read_html,
    Format.XML_WORKBOOK: read_xml_workbook,
}


def read_sheet(source: Path, found: Format, options: IngestOptions) -> RawTable:
    """Return the chosen sheet or table of the file at `source`, which is of a format of `SHEETS`."""
    reader = _READERS.get(found)
    return reader(source, options) if reader else read_workbook(source, found, options)
