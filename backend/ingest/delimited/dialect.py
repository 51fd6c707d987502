"""Finds how the cells of a text table are separated and quoted, from the head of the file.

Every candidate splits the same lines; the one wins whose rows have equally many cells and whose cells look
like values. A comma inside a decimal number thus costs the candidate that splits it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BLANKS = " "  # one or more blanks between cells
DELIMITERS = (",", ";", "\t", "|")
_CANDIDATES = (*DELIMITERS, "::", "||", "##", "^", "，", "；", BLANKS)
_SAMPLE_ROWS = 200
_NUMBER = re.compile(
    r"[\s\-+−–▲△(¥￥$€£#'=\"]*\d[\d.,'’\u00a0\u202f]*(?:[eE][-+]?\d+)?\s*[%％)円元]?[A-Za-z°℃µ/²³]{0,6}-?\"?"
)
_DATE = re.compile(
    r"(?:[A-Z令和平成昭]{1,2})?\d{1,4}[-/.年]\d{1,2}(?:[-/.月]\d{1,4}日?)?(?:[ T]\d{1,2}:\d{2}.*)?"
)
_TIME = re.compile(r"\d{1,3}:\d{2}(?::\d{2}(?:\.\d+)?)?")
_ENTITY = re.compile(r"&#?\w{2,8};")  # of HTML, whose semicolon separates nothing
# Consistency of the rows from which on a text is taken for a table.
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Dialect:
    """Separator and quotes of a text table.

    Attributes:
        delimiter: one or more characters; a blank stands for runs of blanks.
        quote: None where quotes are characters like others.
        has_escapes: a backslash before a quote.
        skips_blanks: blanks between a delimiter and a quote.
    """

    delimiter: str
    quote: str | None = '"'
    has_escapes: bool = False
    skips_blanks: bool = False

    @property
    def is_plain(self) -> bool:
        """Return whether every common parser reads it."""
        is_odd = self.has_escapes or self.skips_blanks or self.quote == "'"
        return len(self.delimiter.encode()) == 1 and self.delimiter != BLANKS and not is_odd


def rows_of(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    """Yield the cells of every record of a text; raises csv.Error."""
    if dialect.delimiter == BLANKS:
        return (_split_at_blanks(line) for line in lines)
    if len(dialect.delimiter) > 1:
        return (line.rstrip("\n").split(dialect.delimiter) for line in lines)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar="\\" if dialect.has_escapes else None,
        doublequote=not dialect.has_escapes,
        skipinitialspace=dialect.skips_blanks,
    )


def _split_at_blanks(line: str) -> list[str]:
    cells = re.findall(r'"([^"]*)"|(\S+)', line)
    return [quoted or plain for quoted, plain in cells]


def guess_dialect(head: str, wanted: str | None = None) -> tuple[Dialect, float]:
    """Return the likeliest dialect and how consistent its rows are, 0 to 1.

    Args:
        head: whole lines from the start of the file.
        wanted: the delimiter, if the owner gave it.
    """
    candidates = (wanted,) if wanted else _CANDIDATES
    scored = [
        (_score(rows, delimiter), dialect, rows) for delimiter, dialect, rows in _split(head, candidates)
    ]
    if not scored:
        return Dialect(wanted or ","), 0.0
    _, dialect, rows = max(scored, key=lambda each: each[0])
    return dialect, _consistency(rows)


def has_typed_column(head: str, dialect: Dialect) -> bool:
    """Return whether a column of the head holds numbers, dates or times: prose has none."""
    rows = _sample(head, dialect)
    width = _usual_width(rows)
    columns = zip(*(row for row in rows[1:] if len(row) == width), strict=True)
    return any(_typed_share(column) > 0.6 for column in columns)


def _typed_share(column: Sequence[str]) -> float:
    present = [cell.strip() for cell in column if cell.strip()]
    return sum(_is_typed(cell) for cell in present) / len(present) if present else 0.0


def _is_typed(cell: str) -> bool:
    return any(pattern.fullmatch(cell) for pattern in (_NUMBER, _DATE, _TIME))


def _split(head: str, candidates: Sequence[str]) -> Iterator[tuple[str, Dialect, list[list[str]]]]:
    for delimiter in candidates:
        if delimiter not in head:
            continue
        dialect = _quotes_of(head, delimiter)
        try:
            rows = _sample(head, dialect)
        except csv.Error:
            dialect = Dialect(delimiter, quote=None)
            rows = _sample(head, dialect)
        yield delimiter, dialect, rows


def _sample(head: str, dialect: Dialect) -> list[list[str]]:
    rows = []
    for row in rows_of(iter(io.StringIO(head)), dialect):
        if any(row):
            rows.append(row)
        if len(rows) == _SAMPLE_ROWS:
            break
    return rows


def _quotes_of(head: str, delimiter: str) -> Dialect:
    """Return the dialect of a delimiter: quotes count only where they open and close whole cells."""
    if delimiter == BLANKS or len(delimiter) > 1:
        return Dialect(delimiter)
    if '"' not in head and "'" not in head:
        return Dialect(delimiter, '"')
    sign = re.escape(delimiter)
    double, single = (
        len(re.findall(rf"(?:^|{sign})\s?{quote}[^{quote}\n]*{quote}(?={sign}|\r?$)", head, re.MULTILINE))
        for quote in ('"', "'")
    )
    if single > 2 and not double:
        return Dialect(delimiter, quote="'")
    has_escapes = '\\"' in head and re.search(rf'\\"[^{sign}\n"]', head) is not None and '""' not in head
    skips_blanks = re.search(rf'{sign} +"', head) is not None
    is_quoted = double or re.search(rf'(?:^|{sign})\s?"', head, re.MULTILINE)
    return Dialect(delimiter, '"' if is_quoted or '"' not in head else None, has_escapes, skips_blanks)


def _score(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """Return how well rows look like a table: consistent, several cells, cells that look like values."""
    width = _usual_width(rows)
    if width < 2:
        return 0.0
    cells = [cell.strip() for row in rows[1:] for cell in row if cell.strip()]
    typed = sum(_is_value(cell, delimiter) for cell in cells) / max(1, len(cells))
    # Blanks separate words of any text, so only values make a table of them.
    weight = 1.0 if delimiter != BLANKS else 0.7 if typed > 0.6 else 0.2
    return weight * _consistency(rows) * (0.3 + typed) * (1 - 0.5 / width)


def _consistency(rows: Sequence[Sequence[str]]) -> float:
    """Return the share of the rows with the usual number of cells, empty ones at the end left aside."""
    width = _usual_width(rows)
    if width < 2 or len(rows) < 2:
        return 0.0
    return sum(len(row) == width or _trimmed(row) in (width, width - 1) for row in rows) / len(rows)


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _trimmed(row: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _is_value(cell: str, delimiter: str) -> bool:
    """Return whether a cell looks like a value: number, date, time, or a text without other separators."""
    if _is_typed(cell):
        return True
    cell = _ENTITY.sub("", cell)
    # A comma may stand in any text; the other signs hardly do.
    others = [other for other in (";", "\t", "|") if other != delimiter]
    return len(cell) <= 40 and not any(other in cell for other in others)
