"""Tables of other formats than text: workbooks, web pages and typed frames."""

from __future__ import annotations

import hashlib
from pathlib import Path

from muscope.backend.ingest.build import Prepared, prepare_text_columns
from muscope.backend.ingest.frames.frames import read_frame
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import FRAMES, Format
from muscope.backend.ingest.sheets.sheets import SHEETS, read_sheet
from muscope.backend.ingest.table.assemble import table_of
from muscope.backend.ingest.table.raw import Table

TABLE_FORMATS = SHEETS | FRAMES


def prepare_typed(source: Path, found: Format, options: IngestOptions) -> Prepared:
    """Return the table at `source` as arrays and manifest, or raise the first thing wrong with it."""
    table = _table(source, found, options)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return prepare_text_columns(table, options, sha256)


def _table(source: Path, found: Format, options: IngestOptions) -> Table:
    if found in FRAMES:
        return read_frame(source, found, options)
    return table_of(read_sheet(source, found, options), options)
