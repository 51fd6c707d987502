"""Rows of one sheet as records: errors put back, merged cells filled, hidden places left out if wished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput, Param
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.sheets.cell_text import cell_text
from muscope.backend.ingest.sheets.merged_cells import (
    HEAD_ROWS,
    Header,
    Merged,
    fill_downs,
    joined_header,
)
from muscope.backend.ingest.table.raw import RawTable, Record
from muscope.backend.ingest.wording import listed, shown


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of a sheet, rows and columns counted from 0; both begin with the first column that has a value.

    Attributes:
        rows: gives all rows from the first of the sheet, as often as it is called.
        errors: texts of error cells, which are blank in `rows`.
        hidden_rows, hidden_columns: of those with values.
        left: place of the first column in the sheet.
    """

    rows: Callable[[], Iterator[Sequence[Any]]]
    merged: Sequence[Merged] = ()
    errors: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    left: int = 0


def raw_table_of(grid: Grid, options: IngestOptions) -> RawTable:
    """Return the rows of a sheet that are not blank, with what was decided and done."""
    leaves_out = options.hidden == "leave_out"
    head = [_texts(row, grid.errors.get(place)) for place, row in enumerate(islice(grid.rows(), HEAD_ROWS))]
    header = joined_header(head, [m for m in grid.merged if m.top < len(head)])
    downs = fill_downs(grid.merged, header)
    records = _Records(grid, header, downs, options.header or 0, leaves_out)
    is_first = header is not None and not any(any(row) for row in head[: header.top])
    decisions, notes = _of_hidden(grid, options)
    return RawTable(records, is_first, grid.left, decisions, [*notes, *_of_merged(header, downs)])


@dataclass(frozen=True, slots=True)
class _Records:
    """Records of a grid, made anew for each pass over them."""

    grid: Grid
    header: Header | None
    downs: Mapping[int, Sequence[Merged]]
    wished_header: int
    leaves_out_hidden: bool

    def __iter__(self) -> Iterator[Record]:
        grid, header = self.grid, self.header
        hidden = grid.hidden_rows if self.leaves_out_hidden else frozenset()
        values: dict[Merged, str] = {}
        for place, row in enumerate(grid.rows()):
            if header is not None and header.top <= place <= header.bottom:
                if place == header.bottom:
                    yield Record(self._header_row(header), self._kept(header.names))
                continue
            cells = _texts(row, grid.errors.get(place))
            self._fill(place, cells, values)
            if any(cells) and place not in hidden:
                yield Record(place + 1, self._kept(cells))

    def _header_row(self, header: Header) -> int:
        """Return the number of the joined header: any of its rows may have been named as the header."""
        is_one = header.top < self.wished_header <= header.bottom + 1
        return self.wished_header if is_one else header.bottom + 1

    def _fill(self, place: int, cells: list[str], values: dict[Merged, str]) -> None:
        for m in self.downs.get(place + 1, ()):
            if m.top == place:
                values[m] = cells[m.left]
        for m in self.downs.get(place, ()):
            cells[m.left] = values.get(m, "")

    def _kept(self, cells: list[str]) -> list[str]:
        hidden = self.grid.hidden_columns
        if not hidden or not self.leaves_out_hidden:
            return cells
        return [cell for place, cell in enumerate(cells) if place not in hidden]


def _texts(row: Sequence[Any], errors: Mapping[int, str] | None) -> list[str]:
    cells = [value if type(value) is str else cell_text(value) for value in row]
    for column, text in (errors or {}).items():
        if column < len(cells):
            cells[column] = text
    return cells


def _of_hidden(grid: Grid, options: IngestOptions) -> tuple[list[Decision], list[DataWarning]]:
    """Ask about hidden rows and columns: filtered out as unwanted, or only out of the way?"""
    num_rows, num_columns = len(grid.hidden_rows), len(grid.hidden_columns)
    if not num_rows and not num_columns:
        return [], []
    is_open = options.hidden is None
    decision = Decision(
        option="hidden",
        value=options.hidden or "use",
        is_guessed=is_open,
        is_question=is_open,
        choices=("use", "leave_out"),
    )
    note = DataWarning(code="dataset.hidden_cells", params={"rows": num_rows, "columns": num_columns})
    return [decision], [note]


def _of_merged(header: Header | None, downs: Mapping[int, Sequence[Merged]]) -> list[DataWarning]:
    notes = []
    if header is not None:
        named = [name for name in header.names if " / " in name]
        params: dict[str, Param] = {"first": header.top + 1, "last": header.bottom + 1}
        notes.append(DataWarning(code="dataset.headers_joined", params={**params, "names": listed(named, 2)}))
    if filled := sum(map(len, downs.values())):
        notes.append(DataWarning(code="dataset.merged_filled", params={"count": filled}))
    return notes


def choose_sheet(visible: Mapping[str, bool], sizes: Mapping[str, int], options: IngestOptions) -> str:
    """Return the name of the sheet that was asked for, else of the visible one with the most cells.

    Raises `dataset.unknown_sheet`, and `dataset.empty_workbook` where the choice has no cell with a value.
    """
    name = options.member
    if name is None:
        name = max(visible, key=lambda sheet: (sizes[sheet] > 0, visible[sheet], sizes[sheet]), default="")
    elif name not in visible:
        names = listed(list(visible), 10)
        raise InvalidInput("dataset.unknown_sheet", sheet=shown(name), sheets=names)
    if not sizes.get(name):
        raise InvalidInput("dataset.empty_workbook", sheet=shown(name))
    return name


def sheet_decision(name: str, sizes: Mapping[str, int], options: IngestOptions) -> list[Decision]:
    """Return the choice of a sheet where there are several; a question if another one is half as large."""
    choices = tuple(other for other, size in sizes.items() if size)
    if len(choices) < 2:
        return []
    rivals = [size for other, size in sizes.items() if other != name and 2 * size >= sizes[name]]
    is_open = options.member is None
    return [
        Decision(
            option="member",
            value=name,
            is_guessed=is_open,
            is_question=is_open and bool(rivals),
            choices=choices,
            examples=tuple(f"{shown(other)}: {sizes[other]}" for other in choices[:10]),
        )
    ]
