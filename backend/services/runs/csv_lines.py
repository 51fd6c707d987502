"""Runs as lines of CSV: their place in the grid, how they ended, what each metric reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.context import Context
from muscope.backend.services.runs.listing import RunFilter, Summaries, read_table
from muscope.backend.spreadsheet import Cell, csv_lines

_OF_RUN = ("scenario", "parametrization", "width", "depth", "lr", "seed")
_OF_METRIC = ("final", "minimum", "minimum_step", "last", "last_step")


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
