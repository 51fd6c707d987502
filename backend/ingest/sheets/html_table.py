"""Tables of an HTML page, such as the `.xls` files that web systems and measuring programs write."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.foreign import refusing
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.sheets.merged_cells import Merged
from muscope.backend.ingest.sheets.sheet_records import Grid, choose_sheet, raw_table_of, sheet_decision
from muscope.backend.ingest.table.raw import RawTable
from muscope.backend.ingest.wording import is_number

MAX_HTML_CELLS = 10_000_000
_MAX_COLUMN_SPAN = 1000  # both bounds are those of the HTML standard
_MAX_ROW_SPAN = 65_534
_MAX_DEPTH = 50
_PIECE_BYTES = 1 << 16
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_CODECS = {"shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932"}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_html(source: Path, options: IngestOptions) -> RawTable:
    """Return the largest table of the page at `source`, or the one whose number `member` gives, from 1.

    Raises `dataset.html_without_table`.
    """
    with refusing("dataset.html_damaged"):
        tables = _tables(source)
    if not any(table.num_cells for table in tables):
        raise InvalidInput("dataset.html_without_table")
    sizes = {str(place): table.num_cells for place, table in enumerate(tables, start=1)}
    name = choose_sheet(dict.fromkeys(sizes, True), sizes, options)
    table = tables[int(name) - 1]
    raw = raw_table_of(Grid(table.padded, table.merged), options)
    raw.is_named = raw.is_named or table.is_named
    raw.decisions[:0] = sheet_decision(name, sizes, options)
    return raw


def _tables(source: Path) -> list[_Table]:
    parser = _Parser()
    with source.open("rb") as file:
        decoder = codecs.getincrementaldecoder(_encoding(file.read(_PIECE_BYTES)))(errors="replace")
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            parser.feed(decoder.decode(piece))
    parser.close()
    parser.end_all()
    return parser.tables


def _encoding(head: bytes) -> str:
    """Return the codec of a page: its mark, else what it declares, else UTF-8 unless that does not fit."""
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    declared = _CHARSET.search(head)
    name = declared[1].decode("ascii").lower() if declared else ""
    try:
        return codecs.lookup(_CODECS.get(name, name)).name
    except LookupError:
        return "utf-8" if _fits_utf8(head) else "cp932"


def _fits_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


class _Table:
    """Table under construction; its cells are placed as the HTML standard's table model says."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.merged: list[Merged] = []
        self.num_cells = 0
        self.is_named = False
        self._spanned: dict[int, int] = {}  # rows that a cell above still covers, by column
        self._column = 0
        self._kinds: set[str] = set()

    def begin_row(self) -> None:
        if len(self.rows) == 1:
            self.is_named = self._kinds == {"th"}
        self._spanned = {column: rows - 1 for column, rows in self._spanned.items() if rows > 1}
        self.rows.append([])
        self._column = 0

    def add(self, text: str, kind: str, rows: int, columns: int) -> None:
        """Put a cell into the next free place of the row."""
        row = self.rows[-1]
        while self._column in self._spanned:
            self._column += 1
        first = self._column
        row.extend([""] * (first + columns - len(row)))
        row[first] = text
        if rows > 1 or columns > 1:
            top = len(self.rows) - 1
            self.merged.append(Merged(top, first, top + rows - 1, first + columns - 1))
            if rows > 1:
                self._spanned.update(dict.fromkeys(range(first, first + columns), rows))
        self._column = first + columns
        self.num_cells += bool(text)
        self._kinds.add(kind)

    def padded(self) -> Iterator[list[str]]:
        """Yield the rows, all equally long."""
        width = max(map(len, self.rows), default=0)
        for row in self.rows:
            yield row + [""] * (width - len(row))


class _Parser(HTMLParser):
    """Collects tables; ends that were left out are where the standard puts them."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._cell: tuple[str, dict[str, str | None]] | None = None
        self._text: list[str] = []
        self._num_places = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._begin_table()
        elif not self._open:
            return
        elif tag == "tr":
            self._end_cell()
            self._open[-1].begin_row()
        elif tag in ("td", "th"):
            self._end_cell()
            self._cell = (tag, dict(attrs))
        elif tag in ("br", "p", "div"):
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._text.append(data)

    def end_all(self) -> None:
        """Close what the page left open."""
        self._end_cell()
        for table in self.tables:
            last = len(table.rows) - 1
            table.merged = [m._replace(bottom=min(m.bottom, last)) for m in table.merged]

    def _begin_table(self) -> None:
        self._end_cell()
        if len(self._open) >= _MAX_DEPTH:
            raise InvalidInput("dataset.html_damaged")
        self._open.append(_Table())
        self.tables.append(self._open[-1])

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        (kind, attributes), table = self._cell, self._open[-1]
        self._cell = None
        if not table.rows:
            table.begin_row()
        columns = _span(attributes.get("colspan"), _MAX_COLUMN_SPAN)
        self._num_places += columns
        if self._num_places > MAX_HTML_CELLS:
            raise TooLarge("dataset.too_many_cells", limit=MAX_HTML_CELLS)
        text = _exact(" ".join("".join(self._text).split()), attributes.get("x:num"))
        self._text.clear()
        table.add(text, kind, _span(attributes.get("rowspan"), _MAX_ROW_SPAN), columns)


def _span(given: str | None, most: int) -> int:
    return min(max(int(given), 1), most) if given and given.isascii() and given.isdigit() else 1


def _exact(text: str, number: str | None) -> str:
    """Return the number that Excel stored where its page shows a rounded one; dates keep their text."""
    return number if number and is_number(number) and is_number(text.replace(",", "")) else text
