"""Runs as lines of CSV that a spreadsheet opens as it is: UTF-8 with its mark, a header, no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from uuid import UUID

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.context import Context
from muscope.backend.services.runs.listing import RunFilter, Summaries, read_table

# Tells Excel that a file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# A cell of text that begins like this is computed by spreadsheets, or read as another cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_END = "\r\n"  # told to the writer, which quotes cells that hold a part of it
_OF_RUN = ("scenario", "parametrization", "width", "depth", "lr", "seed")
_OF_METRIC = ("final", "minimum", "minimum_step", "last", "last_step")

Cell = str | int | float | None


def run_lines(context: Context, owner_id: str, experiment_id: UUID, sought: RunFilter) -> Iterator[str]:
    """Yield the runs that are sought as CSV, one a line: their place, how they ended, what they reached."""
    with context.database.read() as session:
        table = read_table(session, owner_id, experiment_id, sought)
        metrics = table.metrics
        heads = [f"{metric}_{name}" for metric in metrics for name in _OF_METRIC]
        rows = (
            (
                *(getattr(found.row, name) for name in _OF_RUN),
                found.state,
                found.row.diverged_at,
                *_values(table.summaries.get((found.row.cell_id, found.row.position), {}), metrics),
                str(found.row.id),
            )
            for found in table.rows
        )
        yield from csv_lines((*_OF_RUN, "state", "diverged_at", *heads, "run_id"), rows)


def _values(summaries: Summaries, metrics: Iterable[Metric]) -> Iterator[Cell]:
    for metric in metrics:
        summary = summaries.get(metric)
        yield from (None if summary is None else getattr(summary, name) for name in _OF_METRIC)


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield a header and rows as lines of CSV without their ends; the first begins with the mark of UTF-8."""
    yield BYTE_ORDER_MARK + _line(header)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=_END).writerow([_shown(cell) for cell in cells])
    return text.getvalue().removesuffix(_END)


def _shown(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet computes; numbers stay numbers, with every digit."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
