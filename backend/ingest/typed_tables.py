"""Tables of other formats than text: workbooks, web pages and typed frames."""

from __future__ import annotations

import hashlib
from pathlib import Path

from muscope.backend.ingest.build import Prepared, prepare_text_columns
from muscope.backend.ingest.formats import FRAMES, MARKED_UP, WORKBOOKS, Format
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.frames import read_frame
from muscope.backend.ingest.table.html_table import read_html
from muscope.backend.ingest.table.raw import Table
from muscope.backend.ingest.table.text_table import table_of
from muscope.backend.ingest.table.workbook import read_workbook

TABLE_FORMATS = WORKBOOKS | MARKED_UP | FRAMES


def prepare_typed(source: Path, found: Format, options: IngestOptions) -> Prepared:
    """Return the table at `source` as arrays and manifest, or raise the first thing wrong with it."""
    table = _table(source, found, options)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return prepare_text_columns(table, options, sha256)


def _table(source: Path, found: Format, options: IngestOptions) -> Table:
    if found in FRAMES:
        return read_frame(source, found, options)
    raw = read_html(source, options) if found in MARKED_UP else read_workbook(source, found, options)
    return table_of(raw, options)
