"""Finds the table in the rows of a file: header, units, title and comment lines, totals.

People export tables with a title above, a row of units below the header and a total at the end. Each is
recognised by what the rows below have in common, left out, and said; a header that cannot be
told from data is asked for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.header_rows import BODY_ROWS, TYPED_SHARE, with_rows_below
from muscope.backend.ingest.table.raw import Record
from muscope.backend.ingest.values.missing import is_missing
from muscope.backend.ingest.values.texts import looks_dated, looks_typed
from muscope.backend.ingest.wording import shown

MAX_COLUMNS = 10_000
HEAD_ROWS, TAIL_ROWS = 200, 12
COMMENTS = ("#", "//", "%%", "--")
_TOTAL = re.compile(
    r"\s*(?:grand |sub)?(?:total|sum|average|mean)s?\b.*|.*(?:合計|総計|小計|総数)\s*|計|平均", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Places of a table's parts among the rows of a file.

    Attributes:
        width: cells of a row of data.
        header: the names as they stand, one per cell; None where the file has none.
        first, end: numbers of the first row of data and of the row after the last, as in a spreadsheet.
        is_index_unnamed: the header lacks the first cell, as R writes it.
        repeated: the header's cells as they may stand again further below.
    """

    width: int
    header: tuple[str, ...] | None
    first: int
    end: float
    is_index_unnamed: bool = False
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()


@dataclass(slots=True)
class _Found:
    """Decisions and notes about the head so far."""

    decisions: list[Decision] = field(default_factory=list)
    notes: list[DataWarning] = field(default_factory=list)

    def note(self, code: str, **params: Any) -> None:
        self.notes.append(DataWarning(code=f"dataset.{code}", params=params))


def find_layout(
    head: Sequence[Record], tail: Sequence[Record], options: IngestOptions, *, is_named: bool = False
) -> Layout:
    """Return the layout of a table from its first and last rows; raises InvalidInput where there is no table.

    Args:
        head: the first rows of the file, blank ones left out.
        tail: the last rows, which may be among the first too.
        is_named: the first row holds the names for certain.
    """
    found, filled = _Found(), _usual_filled(head)
    if not head or not filled:
        raise InvalidInput("dataset.empty_file")
    start = 0 if is_named or options.header is not None else _first_full(head, filled, found)
    place = _header_place(head, start, options, is_named=is_named, found=found)
    body = head[place + 1 :] if place is not None else head[start:]
    if options.header and place is not None:
        _note_rows_above(head[:place], found)
    header = None if place is None else tuple(head[place].cells)
    width = _width_of(body or head, header)
    if width > MAX_COLUMNS:
        raise TooLarge("dataset.too_many_columns", count=width, limit=MAX_COLUMNS)
    if not body:
        raise InvalidInput("dataset.header_only")
    if header is not None:
        header, body, notes = with_rows_below(header, body)
        found.notes.extend(notes)
    end = _end_of(tail, filled, body[0].row, found)
    if header is not None and len(header) > width and not any(cell.strip() for cell in header[width:]):
        header = header[:width]
    layout = Layout(
        width, header, body[0].row, end, decisions=tuple(found.decisions), notes=tuple(found.notes)
    )
    return _checked(layout)


def _checked(layout: Layout) -> Layout:
    """Return the layout with a first cell for R's row names; raises where header and rows do not agree."""
    header, width = layout.header, layout.width
    if header is None:
        return layout
    if len(header) == width - 1:
        return replace(layout, header=("", *header), is_index_unnamed=True)
    if len(header) > width:
        return replace(layout, width=len(header))
    return replace(layout, header=(*header, *[""] * (width - len(header))))


def _usual_filled(rows: Sequence[Record]) -> int:
    """Return how many cells are filled in most rows."""
    counts = sorted(sum(map(bool, map(str.strip, row.cells))) for row in rows)
    return counts[len(counts) // 2] if counts else 0


def _width_of(rows: Sequence[Record], header: Sequence[str] | None) -> int:
    """Return the usual number of cells; of equally frequent ones the header's, else the largest."""
    counts = Counter(len(row.cells) for row in rows)
    if header is not None and counts[len(header)] >= max(counts.values()):
        return len(header)
    return max(counts, key=lambda width: (counts[width], width))


def _first_full(head: Sequence[Record], filled: int, found: _Found) -> int:
    """Return the place of the first row that is filled as usual; rows above it are comments and titles."""
    enough = max(1, math.ceil(filled / 2)) if filled > 2 else filled
    width = _width_of(head, None)
    place = 0
    while place < len(head) - 1 and not (_is_full(head[place], enough) and _is_start(head, place, width)):
        place += 1
    skipped = [row for row in head[:place] if not row.cells[0].lower().startswith("sep=")]
    if not skipped:
        return place
    last = skipped[-1].cells
    names = [last[0].lstrip("#/%- "), *last[1:]]
    given = [name for name in names if name.strip()]
    is_header = _is_comment(skipped[-1]) and len(given) == filled > 1 and not any(map(looks_typed, given))
    if is_header and any(map(looks_typed, head[place].cells)):
        # The names stand behind the comment sign, as loggers write them.
        head[place - 1].cells[:] = given
        return place - 1
    _note_rows_above(skipped, found)
    return place


def _note_rows_above(rows: Sequence[Record], found: _Found) -> None:
    if rows:
        texts = (" ".join(cell for cell in row.cells if cell).strip() for row in reversed(rows))
        text = next((each for each in texts if each), "")
        found.note("rows_above", count=len(rows), text=shown(text))


def _is_full(row: Record, enough: int) -> bool:
    return not _is_comment(row) and sum(bool(cell.strip()) for cell in row.cells) >= enough


def _is_start(head: Sequence[Record], place: int, width: int) -> bool:
    """Return whether a table begins here: a row shorter than usual does so if those below it are not."""
    missing = width - len(head[place].cells)
    if missing <= 0:
        return True
    # Rows of settings stand above a header that is as wide as the data; a header lacks few names.
    is_above_names = missing > 1 and not any(looks_typed(cell) for cell in head[place + 1].cells)
    return not is_above_names and all(len(row.cells) >= width for row in head[place + 1 : place + 4])


def _is_comment(row: Record) -> bool:
    return bool(row.cells) and row.cells[0].lstrip().startswith(COMMENTS)


def _header_place(
    head: Sequence[Record], start: int, options: IngestOptions, *, is_named: bool, found: _Found
) -> int | None:
    """Return the place of the row with the names; None where there is none."""
    if is_named:
        return 0
    if options.header == 0:
        found.decisions.append(
            Decision(option="header", value="0", is_guessed=False, choices=_choices(head, start))
        )
        return None
    if options.header is not None:
        place = next((i for i, row in enumerate(head) if row.row == options.header), None)
        if place is None:
            raise InvalidInput("dataset.no_such_header", row=options.header)
        found.decisions.append(_header_decision(head, place, start, is_guessed=False))
        return place
    votes = _votes_for_header(
        head[start].cells, [row.cells for row in head[start + 1 : start + 1 + BODY_ROWS]]
    )
    if votes < 0:
        # Numbers alone are no names; where a text stands among them, it may be one.
        is_unclear = not all(looks_typed(cell) or not cell.strip() for cell in head[start].cells)
        choices = ("0", str(head[start].row)) if is_unclear else _choices(head, start)
        question = Decision(option="header", value="0", is_question=is_unclear, choices=choices)
        found.decisions.append(question.model_copy(update={"examples": _examples(head[start])}))
        return None
    found.decisions.append(_header_decision(head, start, start, is_guessed=True))
    return start


def _header_decision(head: Sequence[Record], place: int, start: int, *, is_guessed: bool) -> Decision:
    return Decision(
        option="header",
        value=str(head[place].row),
        is_guessed=is_guessed,
        choices=_choices(head, start),
        examples=_examples(head[place]),
    )


def _choices(head: Sequence[Record], start: int) -> tuple[str, ...]:
    return ("0", *(str(row.row) for row in head[: start + 4]))


def _examples(row: Record) -> tuple[str, ...]:
    return tuple(shown(cell.strip()) for cell in row.cells[:3])


def _votes_for_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> float:
    """Return how much more the first row looks like names than like data; 0 is for names."""
    votes = 0.0
    if _is_series_of_years(first):
        return 1.0
    for place, name in enumerate(first):
        column = [cells[place].strip() for cells in body if place < len(cells)]
        present = [cell for cell in column if not is_missing(cell)]
        if not present or not name.strip():
            continue
        if sum(looks_typed(cell) for cell in present) >= TYPED_SHARE * len(present):
            # A date above numbers names a column, one for each month.
            is_name = not looks_typed(name) or (looks_dated(name) and not any(map(looks_dated, present[:9])))
            votes += 1.0 if is_name else -1.0
        elif name.strip() in present:
            votes -= 0.5
        elif len(set(present)) < len(present) / 2:
            votes += 0.4
    return votes


def _is_series_of_years(names: Sequence[str]) -> bool:
    """Return whether the names are years in order, as in a table with a column for each."""
    years = [name.strip() for name in names if re.fullmatch(r"(?:19|20)\d\d年?", name.strip())]
    values = [int(year[:4]) for year in years]
    return (
        len(years) >= 3
        and 2 * len(years) >= len(names)
        and values == list(range(values[0], values[0] + len(values)))
    )


def _end_of(tail: Sequence[Record], filled: int, first: int, found: _Found) -> float:
    """Return the number of the first row of totals and remarks at the end; infinite where there are none."""
    end, dropped = math.inf, 0
    for row in reversed(tail):
        cells = [cell.strip() for cell in row.cells if cell.strip()]
        is_remark = len(cells) < max(2, filled / 2) and filled > 2
        if row.row <= first or not cells or not (is_remark or _TOTAL.fullmatch(cells[0])):
            break
        end, dropped = row.row, dropped + 1
    if dropped:
        last = " ".join(cell for cell in tail[-1].cells if cell.strip())
        found.note("rows_below", count=dropped, text=shown(last))
    return end
