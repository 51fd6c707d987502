"""Metric chunks and the per-run summaries written with them."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import Insert, insert_into, insert_new
from muscope.backend.db.schema.tables import CellRow, MetricChunkRow, RunRow, RunSummaryRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric

Values = NDArray[np.float32]
_MOST_NAMED = 1000
_HELD_CHUNKS = 16


@dataclass(frozen=True)
class Chunk:
    """The values of one metric in one window: `values[t, r]` at `steps[t]` for the cell's r-th run.

    A metric of K > 1 components has `values[t, r, k]`.
    """

    metric: Metric
    first_step: int
    steps: Sequence[int]
    values: Values


@dataclass(frozen=True)
class Rows:
    """Rows of one chunk of a cell: that of the chunk, and the summary of each run."""

    cell_id: UUID
    chunk: Chunk
    values: dict[str, Any]
    summaries: list[dict[str, Any]]


def rows_of(cell_id: UUID, chunks: Sequence[Chunk], *, tail_from: int) -> list[Rows]:
    """Return the rows of a cell's chunks, before the transaction that stores them.

    Args:
        tail_from: first step that counts into the final loss.
    """
    return [
        Rows(cell_id, chunk, _chunk_row(cell_id, chunk), _summary_rows(cell_id, chunk, tail_from))
        for chunk in chunks
    ]


def append(session: Session, rows: Sequence[Rows]) -> list[Chunk]:
    """Insert the chunks that are new and summarise those; return the ones that differ from what is stored.

    Appending a chunk twice is harmless.
    """
    inserted = insert_new(session, MetricChunkRow, [each.values for each in rows])
    is_new = [(each.cell_id, each.chunk.metric.value, each.chunk.first_step) in inserted for each in rows]
    summaries = [row for each, new in zip(rows, is_new, strict=True) if new for row in each.summaries]
    if summaries:
        _merge_summaries(session, summaries)
    return [
        each.chunk
        for each, new in zip(rows, is_new, strict=True)
        if not new and _differs(session, each.cell_id, each.chunk)
    ]


def _chunk_row(cell_id: UUID, chunk: Chunk) -> dict[str, Any]:
    num_steps, num_runs, *components = chunk.values.shape
    return {
        "cell_id": cell_id,
        "metric": chunk.metric.value,
        "first_step": chunk.first_step,
        "num_steps": num_steps,
        "num_runs": num_runs,
        "num_components": math.prod(components),
        "values": to_bytes(chunk.values),
    }


def to_bytes(values: Values) -> bytes:
    """Return the stored form: little-endian float32 in C order."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def _differs(session: Session, cell_id: UUID, chunk: Chunk) -> bool:
    stored = session.get_one(MetricChunkRow, (cell_id, chunk.metric.value, chunk.first_step))
    return stored.values != to_bytes(chunk.values)


def _summary_rows(cell_id: UUID, chunk: Chunk, tail_from: int) -> list[dict[str, Any]]:
    if not METRIC_INFO[chunk.metric].is_summarised:
        return []
    steps = np.asarray(chunk.steps)
    return [
        {
            "cell_id": cell_id,
            "metric": chunk.metric.value,
            "position": position,
            **_summary(steps, chunk.values[:, position].astype(np.float64), tail_from),
        }
        for position in range(chunk.values.shape[1])
    ]


def _summary(steps: NDArray[np.int64], values: NDArray[np.float64], tail_from: int) -> dict[str, Any]:
    is_finite = np.isfinite(values)
    best = int(np.argmin(np.where(is_finite, values, np.inf)))
    tail = values[(steps >= tail_from) & is_finite]
    return {
        "last_step": int(steps[-1]),
        "last": float(values[-1]) if is_finite[-1] else None,
        "minimum": float(values[best]) if is_finite.any() else None,
        "minimum_step": int(steps[best]) if is_finite.any() else None,
        "num_values": len(values),
        "num_non_finite": int((~is_finite).sum()),
        "tail_sum": float(tail.sum()),
        "tail_count": len(tail),
    }


def _merge_summaries(session: Session, rows: list[dict[str, Any]]) -> None:
    session.connection().execute(_merge(session.get_bind().dialect.name), rows)


@cache
def _merge(dialect: str) -> Insert:
    """Return the statement that adds to summaries; to build it takes longer than to execute it."""
    statement = insert_into(dialect, RunSummaryRow)
    new, old = statement.excluded, RunSummaryRow
    is_later = new.last_step > old.last_step
    is_first = (new.minimum == old.minimum) & (new.minimum_step < old.minimum_step)
    is_lower = new.minimum.is_not(None) & (old.minimum.is_(None) | (new.minimum < old.minimum) | is_first)
    return statement.on_conflict_do_update(
        index_elements=[old.cell_id, old.metric, old.position],
        set_={
            "last": case((is_later, new.last), else_=old.last),
            "last_step": case((is_later, new.last_step), else_=old.last_step),
            "minimum": case((is_lower, new.minimum), else_=old.minimum),
            "minimum_step": case((is_lower, new.minimum_step), else_=old.minimum_step),
            "num_values": old.num_values + new.num_values,
            "num_non_finite": old.num_non_finite + new.num_non_finite,
            "tail_sum": old.tail_sum + new.tail_sum,
            "tail_count": old.tail_count + new.tail_count,
        },
    )


def mark_diverged(session: Session, cell_id: UUID, diverged_at: dict[int, int]) -> None:
    """Record the step at which runs, by position, diverged."""
    for position, step in sorted(diverged_at.items()):
        session.execute(
            update(RunRow)
            .where(RunRow.cell_id == cell_id, RunRow.position == position)
            .values(diverged_at=step)
        )


def mark_nondeterminism(session: Session, cell_id: UUID) -> None:
    """Mark a cell whose recomputed values differ from the stored ones.

    A cell that also ran in another environment may differ; it is marked as mixed instead.
    """
    in_one_place = (CellRow.id == cell_id) & CellRow.is_mixed_environment.is_(False)
    session.execute(update(CellRow).where(in_one_place).values(has_nondeterminism=True))


def read(
    session: Session, cell_id: UUID, metric: Metric, *, from_step: int = 0, to_step: int | None = None
) -> list[MetricChunkRow]:
    """Return a metric's chunks that start from `from_step` to `to_step`, both included, in order."""
    is_wanted = MetricChunkRow.first_step >= from_step
    if to_step is not None:
        is_wanted &= MetricChunkRow.first_step <= to_step
    return list(
        session.scalars(
            select(MetricChunkRow)
            .where(MetricChunkRow.cell_id == cell_id, MetricChunkRow.metric == metric.value, is_wanted)
            .order_by(MetricChunkRow.first_step)
        )
    )


def each(session: Session, cell_id: UUID, metric: Metric) -> Generator[MetricChunkRow, None, None]:
    """Yield a metric's chunks in order; a few are held at a time. To be closed where it is left early."""
    statement = (
        select(MetricChunkRow)
        .where(MetricChunkRow.cell_id == cell_id, MetricChunkRow.metric == metric.value)
        .order_by(MetricChunkRow.first_step)
    )
    with closing(session.scalars(statement.execution_options(yield_per=_HELD_CHUNKS))) as found:
        yield from found


def num_values(session: Session, cell_id: UUID) -> dict[Metric, int]:
    """Count the stored values of one run of a cell, by metric."""
    row = MetricChunkRow
    counted = func.sum(row.num_steps * row.num_components)
    rows = session.execute(select(row.metric, counted).where(row.cell_id == cell_id).group_by(row.metric))
    return {Metric(metric): int(count) for metric, count in rows}


def has_values(session: Session, cell_id: UUID, metric: Metric) -> bool:
    """Tell whether a cell has stored values of a metric."""
    row = MetricChunkRow
    statement = select(row.first_step).where(row.cell_id == cell_id, row.metric == metric.value).limit(1)
    return session.scalar(statement) is not None


class StoredWindow(NamedTuple):
    """The values of one metric in one window of a cell, `[T, R]` or `[T, R, K]`."""

    cell_id: UUID
    metric: Metric
    first_step: int
    values: Values


def windows(
    session: Session, cell_ids: Sequence[UUID], metrics: Sequence[Metric], first_steps: Sequence[int]
) -> Iterator[StoredWindow]:
    """Yield the windows of many cells that start at one of `first_steps`."""
    row = MetricChunkRow
    shape = (row.num_steps, row.num_runs, row.num_components)
    columns = (row.cell_id, row.metric, row.first_step, *shape, row.values)
    names = [metric.value for metric in metrics]
    for cells in _parts(cell_ids):
        for steps in _parts(first_steps):
            is_wanted = row.cell_id.in_(cells) & row.metric.in_(names) & row.first_step.in_(steps)
            for found in session.execute(select(*columns).where(is_wanted)):
                yield StoredWindow(found.cell_id, found.metric, found.first_step, _values(found))


def _parts(values: Sequence[Any]) -> list[Sequence[Any]]:
    """Cut a list: databases limit how many values one statement may name."""
    return [values[first : first + _MOST_NAMED] for first in range(0, len(values), _MOST_NAMED)]


def _values(row: Any) -> Values:
    components = (row.num_components,) if row.num_components > 1 else ()
    return np.frombuffer(row.values, dtype="<f4").reshape(row.num_steps, row.num_runs, *components)


def from_row(row: MetricChunkRow) -> Values:
    """Return the values of a stored chunk, `[T, R]`, or `[T, R, K]` where K > 1."""
    return _values(row)


def summaries_of_experiment(session: Session, experiment_id: UUID) -> list[RunSummaryRow]:
    """List the summaries of every run of an experiment, in one query."""
    statement = select(RunSummaryRow).join(CellRow, CellRow.id == RunSummaryRow.cell_id)
    return list(session.scalars(statement.where(CellRow.experiment_id == experiment_id)))
