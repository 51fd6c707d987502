"""Reader of a text file as a table: encoding, line ends, dialect and layout, then all cells as text.

Two ways lead to the cells. Plain dialects are scanned as bytes and parsed by polars; odd ones, with single
quotes, backslashes or several signs between cells, go through the standard library row by row.
"""

from __future__ import annotations

import codecs
import csv
import io
import mmap
import re
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.blocks.block import Chosen
from muscope.backend.ingest.delimited.arff import arff_records, is_arff
from muscope.backend.ingest.delimited.dialect import (
    BLANKS,
    DELIMITERS,
    SURE,
    Dialect,
    guess_dialect,
    has_typed_column,
    rows_of,
)
from muscope.backend.ingest.delimited.encoding import TextFile, examine
from muscope.backend.ingest.delimited.libsvm import is_libsvm, libsvm_records
from muscope.backend.ingest.delimited.records import MAX_LINE_CHARACTERS, chosen_block, parsed_records
from muscope.backend.ingest.delimited.scan import Records, refuse_open_quote, scan
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.progress import report_progress
from muscope.backend.ingest.table.assemble import MAX_CELLS, finished, table_of
from muscope.backend.ingest.table.layout import COMMENTS, HEAD_ROWS, TAIL_ROWS, Layout, find_layout
from muscope.backend.ingest.table.ragged import columns_of, mended_rows, with_mended
from muscope.backend.ingest.table.raw import RawTable, Record, Table
from muscope.backend.ingest.table.sampling import kept_places, most_rows, sample_notes
from muscope.backend.ingest.wording import delimiter_name

_HEAD_BYTES = 256 << 10
_PIECE_BYTES = 1 << 20
_LEAST_LINES = 5
# The first statement of a dump, below comments and settings; a query in a cell of a table makes no dump.
_SQL = re.compile(
    r"\s*(?:(?:--[^\n]*\n|/\*.*?\*/;?|(?:set|use|begin|start|drop|lock|pragma|select)\b[^;]*;)\s*)*"
    r"(?:insert\s+into\s+\S+.*?\bvalues\b|create\s+(?:table|database)\s+\S+|copy\s+\S+.*?\bfrom\s+stdin)",
    re.I | re.DOTALL,
)


def read_text_table(file: TextFile, options: IngestOptions, folder: Path) -> Table:
    """Return the cells of a text file by column; raises InvalidInput for the first thing that is no table.

    Args:
        folder: for the file in UTF-8, if it is not that already.
    """
    path = as_utf8(file, folder)
    head, skipped = _head_of(path)
    if is_libsvm(head):
        return table_of(RawTable(libsvm_records(path), is_named=True), options)
    if is_arff(head):
        return table_of(RawTable(arff_records(path), is_named=True), options)
    if _SQL.match(head):
        raise InvalidInput("dataset.is_sql_dump")
    wanted = options.delimiter or skipped.delimiter
    dialect, consistency = guess_dialect(head, wanted)
    if wanted and wanted not in head:
        _refuse_delimiter(head, wanted)
    if dialect.is_plain and consistency > 0:
        table = _plain(path, dialect, options, skipped)
    else:
        table = table_of(RawTable(_odd_records(path, dialect, skipped)), options)
    decision = Decision(
        option="delimiter",
        value=delimiter_name(dialect.delimiter),
        is_guessed=options.delimiter is None,
        choices=tuple(delimiter_name(each) for each in (*DELIMITERS, BLANKS)),
    )
    table.decisions.insert(0, decision)
    return table


def looks_like_table(source: Path) -> bool:
    """Return whether the head of a text file falls into columns; raises for a file that is no text."""
    file = examine(source)
    with tempfile.TemporaryDirectory() as folder:
        head, _ = _head_of(as_utf8(file, Path(folder)))
    # Lines of comments at the top, one of which may hold the names of the columns, are no rows.
    lines = [line for line in head.splitlines(keepends=True) if not line.startswith(COMMENTS)]
    dialect, consistency = guess_dialect("".join(lines))
    num_lines = sum(bool(line.strip()) for line in lines)
    is_sure = consistency >= SURE and num_lines >= _LEAST_LINES and has_typed_column("".join(lines), dialect)
    return (
        is_libsvm(head) or is_arff(head) or (is_sure and (dialect.delimiter != BLANKS or consistency == 1.0))
    )


def _refuse_delimiter(head: str, given: str) -> None:
    """Raise where the delimiter that was given splits nothing and another one does."""
    other, consistency = guess_dialect(head)
    if consistency > 0:
        found = delimiter_name(other.delimiter)
        raise InvalidInput("dataset.wrong_delimiter", given=delimiter_name(given), found=found)


def as_utf8(file: TextFile, folder: Path) -> Path:
    """Return the path of the file in UTF-8 with Unix line ends and no marks; the file itself if it is so.

    A mark stands within a text where files were put together.
    """
    if file.encoding == "utf-8" and not (_holds(file.path, b"\r") or _holds(file.path, codecs.BOM_UTF8)):
        return file.path
    path = folder / "text.utf8"
    decoder = codecs.getincrementaldecoder(file.encoding)(errors="strict")
    ends = io.IncrementalNewlineDecoder(None, translate=True)
    with file.path.open("rb") as source, path.open("wb") as target:
        while piece := source.read(_PIECE_BYTES):
            target.write(ends.decode(decoder.decode(piece)).replace("\ufeff", "").encode())
        target.write(ends.decode(decoder.decode(b"", final=True), final=True).encode())
    return path


def _holds(path: Path, sign: bytes) -> bool:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            if sign in piece:
                return True
    return False


class _Skipped(NamedTuple):
    """First line of a file for Excel, `sep=;`: its bytes and the delimiter it names."""

    num_bytes: int = 0
    delimiter: str | None = None


def _head_of(path: Path) -> tuple[str, _Skipped]:
    """Return whole lines of the head, without a line that names the separator."""
    with path.open("rb") as file:
        content = file.read(_HEAD_BYTES)
        is_whole = len(content) < _HEAD_BYTES
    if not is_whole:
        content = content[: content.rfind(b"\n") + 1] or content
    text = content.decode("utf-8", errors="ignore")
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first) <= 6:
        return rest, _Skipped(len(first.encode()) + 1, first[4:] or None)
    return text, _Skipped()


def _plain(path: Path, dialect: Dialect, options: IngestOptions, skipped: _Skipped) -> Table:
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        quote = dialect.quote.encode() if dialect.quote else None
        records = scan(content, dialect.delimiter.encode(), quote, skipped.num_bytes, report_progress)
        refuse_open_quote(records)
        first_row = 2 if skipped.num_bytes else 1
        several = chosen_block(content, records, dialect, options, first_row)
        filled = np.flatnonzero(records.lengths > 1)
        if several is not None:
            numbers = filled + first_row
            filled = filled[(numbers >= several.block.first) & (numbers < several.block.end)]
        head, tail = (
            parsed_records(content, records, places, dialect, first_row)
            for places in (filled[:HEAD_ROWS], filled[-TAIL_ROWS:])
        )
        layout = find_layout(head, tail, options)
        if several is not None:
            layout = replace(
                layout, end=min(layout.end, several.block.end), notes=(*layout.notes, *several.notes)
            )
        return _body(content, records, dialect, layout, options, first_row, several)


def _body(
    content: mmap.mmap,
    records: Records,
    dialect: Dialect,
    layout: Layout,
    options: IngestOptions,
    first_row: int,
    several: Chosen | None,
) -> Table:
    """Return the rows of data; those of another width are mended if only empty cells are in question."""
    begin = layout.first - first_row
    end = len(records.delimiters) if layout.end == float("inf") else int(layout.end) - first_row
    places = np.arange(begin, end)[records.lengths[begin:end] > 1]
    is_fit = records.delimiters[places] == layout.width - 1
    odd = parsed_records(content, records, places[~is_fit], dialect, first_row) if not is_fit.all() else []
    mended = mended_rows(odd, layout.width, options, num_rows=len(places))
    lines = places[is_fit]
    num_rows = len(lines) + len(mended.rows)
    notes = list(mended.notes)
    kept = kept_places(len(lines), most_rows(layout.width))
    notes += sample_notes(len(lines), len(kept))
    lines = lines[kept]
    frame = _frame(content, records, lines, dialect, layout.width)
    rows = array("I", (lines + first_row).astype(np.uint32).tolist())
    columns, rows = with_mended(frame, rows, mended.rows, layout.width)
    return finished(layout, columns, rows, num_rows, notes, options, several=several)


def _frame(
    content: mmap.mmap, records: Records, lines: NDArray[np.int64], dialect: Dialect, width: int
) -> list[pl.Series]:
    """Return the cells of these records by column."""
    if len(lines) * width > MAX_CELLS:
        raise TooLarge("dataset.too_many_cells", limit=MAX_CELLS)
    if not len(lines):
        return [pl.Series([], dtype=pl.String) for _ in range(width)]
    if int(lines[-1] - lines[0]) == len(lines) - 1:
        body = content[records.starts[lines[0]] : records.starts[lines[-1] + 1]]
    else:
        starts, ends = records.starts[lines].tolist(), records.starts[lines + 1].tolist()
        body = b"".join(content[start:end] for start, end in zip(starts, ends, strict=True))
    try:
        frame = pl.read_csv(
            body,
            has_header=False,
            separator=dialect.delimiter,
            quote_char=dialect.quote,
            infer_schema=False,
            new_columns=[str(place) for place in range(width)],
            truncate_ragged_lines=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        frame = None
    if frame is None or frame.shape != (len(lines), width):
        return columns_of(parsed_records(content, records, lines, dialect, 0), width)
    return frame.fill_null("").get_columns()


def _odd_records(path: Path, dialect: Dialect, skipped: _Skipped) -> Iterator[Record]:
    csv.field_size_limit(MAX_LINE_CHARACTERS)
    with path.open(encoding="utf-8", newline="") as file:
        file.seek(skipped.num_bytes)
        row = 2 if skipped.num_bytes else 1
        try:
            for cells in rows_of(iter(file), dialect):
                if any(cells):
                    yield Record(row, cells)
                row += 1
        except csv.Error as error:
            if "limit" in str(error):
                raise TooLarge("dataset.line_too_long", row=row, limit=MAX_LINE_CHARACTERS) from error
            raise InvalidInput("dataset.unclosed_quote", row=row) from error
