"""Reads over the XML of a worksheet before a library does, for its true extent and what the library hides.

One value in the last cell of a sheet makes the library reserve a cell for every place before it, which ends
the process. Errors and formulas without a result are blank to it, and hidden rows are rows as others.
Elements: ECMA-376 part 1, §18.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO, NamedTuple
from xml.parsers import expat

from muscope.backend.errors import InvalidInput

_PIECE_BYTES = 1 << 18
_TRUE = ("1", "true", "on")
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})$")
LAST_ROW = 1 << 20
LAST_COLUMN = 1 << 14


class Extent(NamedTuple):
    """Rectangle of cells, all borders inside it, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Return the number of cells, blank ones included."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)


@dataclass(slots=True)
class SheetScan:
    """Content of a worksheet; rows and columns count from 0.

    Attributes:
        num_cells: cells with a value, a formula's result or an error.
        rows, columns: places that hold such a cell.
        errors: text of an error such as `#DIV/0!`, by row and column.
        num_uncalculated: formulas whose result is not stored.
        hidden_rows, hidden_columns: places that are not displayed, with or without a value.
    """

    num_cells: int = 0
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    num_uncalculated: int = 0
    first_uncalculated: tuple[int, int] = (0, 0)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def extent(self) -> Extent | None:
        """Return the smallest rectangle that holds all values; None for an empty sheet."""
        if not self.num_cells:
            return None
        return Extent(min(self.rows), min(self.columns), max(self.rows), max(self.columns))


def scan_sheet(file: IO[bytes]) -> SheetScan:
    """Return the content of the worksheet whose XML `file` holds; raises `dataset.workbook_damaged`."""
    scanner = _Scanner()
    parse(file, scanner.connect)
    scanner.finish()
    return scanner.scan


def parse(file: IO[bytes], connect: Callable[[expat.XMLParserType], None]) -> None:
    """Parse XML piece by piece; a document that is not well-formed raises `dataset.workbook_damaged`."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    connect(parser)
    try:
        while piece := file.read(_PIECE_BYTES):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InvalidInput("dataset.workbook_damaged") from error


class _Scanner:
    """Handler of one worksheet's elements; a cell is judged when the next element begins."""

    def __init__(self) -> None:
        self.scan = SheetScan()
        self._row = self._column = -1
        self._type = ""
        self._has_value = self._has_formula = False
        self._text: list[str] = []
        self._digits = "0"
        self._known: dict[str, int] = {}

    def connect(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        parser.StartElementHandler = self._start

    def finish(self) -> None:
        """Judge the last cell."""
        self._end_cell()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2] if ":" in name else name
        if tag == "c":
            if self._has_value or self._has_formula:
                self._end_cell()
            self._begin_cell(attributes)
        elif tag == "v":
            self._has_value = True
            if self._has_formula or self._type == "e":
                self._parser.CharacterDataHandler = self._text.append
        elif tag == "f":
            self._has_formula = True
        elif tag == "is":
            self._has_value = True
        elif tag == "row":
            self._end_cell()
            self._begin_row(attributes)
        elif tag == "col":
            self._hide_columns(attributes)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        self._row = int(number) - 1 if number.isascii() and number.isdigit() else self._row + 1
        if not 0 <= self._row < LAST_ROW:
            raise InvalidInput("dataset.workbook_damaged")
        self._column = -1
        self._digits = str(self._row + 1)
        if attributes.get("hidden") in _TRUE:
            self.scan.hidden_rows.add(self._row)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:  # of millions of cells almost all are in the row that began last, in a column met before
            column = self._known.get(reference.removesuffix(self._digits))
            if column is None:
                self._row, self._column = place_of(reference)
                self._digits = str(self._row + 1)
                self._known[reference.removesuffix(self._digits)] = self._column
            else:
                self._column = column
        self._type = attributes.get("t", "n")

    def _end_cell(self) -> None:
        if self._has_formula:
            self._end_formula()
        if self._has_value:
            scan = self.scan
            scan.num_cells += 1
            scan.rows.add(self._row)
            scan.columns.add(self._column)
            if self._type == "e":
                text = "".join(self._text).strip() or "#N/A"
                scan.errors.setdefault(self._row, {})[self._column] = text
        if self._text or self._parser.CharacterDataHandler is not None:
            self._text.clear()
            self._parser.CharacterDataHandler = None
        self._has_value = self._has_formula = False

    def _end_formula(self) -> None:
        """Count a formula that has no result; an empty text is one, and says so by its type."""
        if self._type != "str" and not "".join(self._text).strip():
            self._has_value = False
            if not self.scan.num_uncalculated:
                self.scan.first_uncalculated = (self._row, self._column)
            self.scan.num_uncalculated += 1

    def _hide_columns(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in _TRUE:
            first, last = (attributes.get(name, "") for name in ("min", "max"))
            if first.isdigit() and last.isdigit():
                self.scan.hidden_columns.update(range(max(int(first), 1) - 1, min(int(last), LAST_COLUMN)))


def place_of(reference: str) -> tuple[int, int]:
    """Return row and column, from 0, of a reference such as `AB12`; raises `dataset.workbook_damaged`."""
    found = _REFERENCE.match(reference)
    if found is None:
        raise InvalidInput("dataset.workbook_damaged")
    row, column = int(found[2]) - 1, _column_of(found[1])
    if not (0 <= row < LAST_ROW and column < LAST_COLUMN):
        raise InvalidInput("dataset.workbook_damaged")
    return row, column


def _column_of(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def reference_of(row: int, column: int) -> str:
    """Return the reference, such as `AB12`, of a place counted from 0."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def dense_part(places: Iterable[int], gap: int) -> range:
    """Return the stretch of places with the most members; more than `gap` empty places divide stretches."""
    stretches: list[list[int]] = []
    for place in sorted(places):
        if stretches and place - stretches[-1][-1] <= gap:
            stretches[-1].append(place)
        else:
            stretches.append([place])
    longest = max(stretches, key=len)
    return range(longest[0], longest[-1] + 1)
