"""Stored values of the runs of a cell, read for so many runs at a time that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.metrics import Values
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.services.lookup import schedule_of

T = TypeVar("T")
# Values that are read at once, of which each takes 4 bytes: a long run of its own may have more.
MOST_VALUES = 1 << 21


class MetricValues(NamedTuple):
    """Stored values [T, R, K] of a metric of R runs at its steps [T]; NaN once one diverged."""

    steps: NDArray[np.int64]
    values: Values


def read_metric(
    session: Session, experiment: ExperimentRow, cell: CellRow, metric: Metric, positions: Sequence[int]
) -> MetricValues:
    """Return what is stored of one metric of some runs of a cell; without steps where nothing is.

    Args:
        positions: of the R runs within the cell.
    """
    schedule = schedule_of(experiment, cell)
    num_components = METRIC_INFO[metric].num_components
    steps: list[NDArray[np.int64]] = []
    values: list[NDArray[np.floating[Any]]] = []
    # Closed here also where a chunk is refused: a server's cursor must end with its transaction.
    with closing(metric_rows.each(session, cell.id, metric)) as chunks:
        for chunk in chunks:
            own = schedule.metric_steps(metric, chunk.first_step)
            whole = metric_rows.from_row(chunk).reshape(len(own), -1, num_components)
            steps.append(np.array(own, np.int64))
            values.append(whole[:, list(positions)])
    if not values:
        return MetricValues(np.empty(0, np.int64), np.empty((0, len(positions), num_components), np.float32))
    return MetricValues(np.concatenate(steps), np.concatenate(values))


def values_of_a_run(session: Session, cell_ids: Sequence[UUID]) -> int:
    """Return how many values are stored of one run of the cell that has most."""
    return max((sum(metric_rows.num_values(session, each).values()) for each in cell_ids), default=0)


def in_blocks(runs: Sequence[T], values_each: int) -> Iterator[Sequence[T]]:
    """Yield the runs in blocks that have few enough values to be held at once, or one run each."""
    size = max(1, MOST_VALUES // max(1, values_each))
    for first in range(0, len(runs), size):
        yield runs[first : first + size]
