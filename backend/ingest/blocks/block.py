"""Choice of one of several tables in a file or sheet, named by the cell in which each begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.sheets.sheet_scan import place_of, reference_of
from muscope.backend.ingest.splits.split import MIN_ROWS
from muscope.backend.ingest.wording import listed, shown

_MOST_NAMED = 5


class Block(NamedTuple):
    """One of several tables.

    Attributes:
        left: of its first column, from 0.
        header: number of the row with the names, from 1.
        first, end: numbers of its first row, titles included, and of the row after the last.
        num_rows: rows of data.
    """

    left: int
    header: int
    first: int
    end: float
    num_rows: int
    names: tuple[str, ...]

    @property
    def cell(self) -> str:
        """Return the cell in which the names begin, as a spreadsheet shows it."""
        return reference_of(self.header - 1, self.left)


class Chosen(NamedTuple):
    """Table that is read, and the choice as it is shown; no decision where only one can be used."""

    block: Block
    decisions: tuple[Decision, ...]
    notes: tuple[DataWarning, ...]


def choose_block(blocks: Sequence[Block], wanted: str | None, *, row: int | None = None) -> Chosen:
    """Return the table that begins in the cell `wanted` or holds it, or the row; else the largest.

    Tables of fewer rows than a dataset needs are not offered, but named. Raises `dataset.unknown_area`.
    """
    usable = [block for block in blocks if block.num_rows >= MIN_ROWS] or list(blocks)
    place = _place_of(usable, wanted)
    if place is None and row is not None:
        place = next((i for i, block in enumerate(usable) if block.first <= row < block.end), None)
    if place is None and wanted is not None:
        cells = listed([block.cell for block in usable], 10)
        raise InvalidInput("dataset.unknown_area", area=shown(wanted), areas=cells)
    if place is None:
        place = max(range(len(usable)), key=lambda i: usable[i].num_rows * len(usable[i].names))
    chosen = usable[place]
    others = [block for block in blocks if block is not chosen]
    decision = Decision(
        option="area",
        value=chosen.cell,
        is_guessed=wanted is None,
        is_question=wanted is None,
        choices=tuple(block.cell for block in usable),
        examples=tuple(_example(block) for block in usable[:_MOST_NAMED]),
    )
    params: dict[str, str | int | float] = {
        "count": len(others),
        "tables": listed([_example(block) for block in others], _MOST_NAMED),
    }
    note = DataWarning(code="dataset.other_tables", params=params)
    return Chosen(chosen, (decision,) if len(usable) > 1 else (), (note,) if others else ())


def joined(below: Chosen, beside: Chosen) -> Chosen:
    """Return one choice of tables below one another, of which one is divided further, side by side."""
    decisions = below.decisions or beside.decisions
    if below.decisions and beside.decisions:
        (outer,), (inner,) = below.decisions, beside.decisions
        choices = tuple(dict.fromkeys([*outer.choices, *inner.choices]))
        examples = tuple(dict.fromkeys([*outer.examples, *inner.examples]))
        decisions = (inner.model_copy(update={"choices": choices, "examples": examples}),)
    return Chosen(beside.block, decisions, (*below.notes, *beside.notes))


def _example(block: Block) -> str:
    return shown(f"{block.cell}: {listed(list(block.names), 3)}")


def _place_of(blocks: Sequence[Block], wanted: str | None) -> int | None:
    """Return which table begins in a cell, else which one holds it; of those below one another, its row."""
    given = (wanted or "").strip().upper()
    for place, block in enumerate(blocks):
        if block.cell == given:
            return place
    try:
        row, column = place_of(given)
    except InvalidInput:
        return None
    inside = [i for i, block in enumerate(blocks) if block.first <= row + 1 < block.end]
    if len(inside) > 1:  # side by side
        inside = [i for i in inside if blocks[i].left <= column < blocks[i].left + len(blocks[i].names)]
    return inside[0] if inside else None
