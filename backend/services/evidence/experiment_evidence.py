"""Evidence of one experiment within one request: every row and every window is read at most once.

A verdict reads the same windows for every scenario and every horizon. One object is passed through the
request and then dropped, so that the next request sees what was stored in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, RunRow
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric, Schedule

Steps = NDArray[np.int64]


_Key = tuple[UUID, Metric]


class _Joined(NamedTuple):
    """One metric of a cell: its steps [T], ascending, and their values."""

    steps: Steps
    values: metric_rows.Values


class ExperimentEvidence:
    """An experiment's spec, dataset shape, cells, runs and windows, read on first use.

    Attributes:
        session: stays open as long as the object is used.
        experiment: the row whose evidence this is.
    """

    def __init__(self, session: Session, experiment: ExperimentRow) -> None:
        self.session = session
        self.experiment = experiment
        self._windows: dict[_Key, dict[int, metric_rows.Values]] = defaultdict(dict)
        self._asked: dict[_Key, set[int]] = defaultdict(set)
        # First and last step of every range that was read as a whole.
        self._ranges: dict[_Key, list[tuple[int, int]]] = defaultdict(list)
        self._joined: dict[_Key, _Joined] = {}

    @property
    def spec(self) -> ExperimentSpec:
        """Return the spec as it was stored, before any scenario changes it."""
        return self.experiment.spec

    @cached_property
    def shape(self) -> DatasetShape:
        """Return the dimensions of the experiment's dataset."""
        return dataset_rows.shape_of(self.session, self.experiment.dataset_id)

    @cached_property
    def cells(self) -> Sequence[CellRow]:
        """Return every cell, in the order of the grid."""
        return cell_rows.of_experiment(self.session, self.experiment.id)

    @cached_property
    def runs(self) -> Sequence[RunRow]:
        """Return every run, in the order of the grid."""
        return cell_rows.runs_of_experiment(self.session, self.experiment.id)

    def runs_of(self, cell_id: UUID) -> list[RunRow]:
        """Return a cell's runs in the order of its chunks."""
        return self._runs_by_cell[cell_id]

    @cached_property
    def _runs_by_cell(self) -> dict[UUID, list[RunRow]]:
        found: dict[UUID, list[RunRow]] = defaultdict(list)
        for run in self.runs:
            found[run.cell_id].append(run)
        return defaultdict(
            list, {key: sorted(runs, key=lambda run: run.position) for key, runs in found.items()}
        )

    def fetch(
        self, cells: Iterable[CellRow], metrics: Iterable[Metric], *, from_step: int = 0, to_step: int
    ) -> None:
        """Read the missing windows from `from_step` to `to_step`, of all cells at once."""
        missing = {
            (cell.id, metric): wanted
            for cell in cells
            for metric in metrics
            if (wanted := self._missing(cell, metric, from_step, to_step))
        }
        if not missing:
            return
        for key, wanted in missing.items():
            self._asked[key] |= wanted
            self._joined.pop(key, None)
        found = metric_rows.windows(
            self.session,
            sorted({cell_id for cell_id, _ in missing}, key=str),
            sorted({metric for _, metric in missing}),
            sorted(set.union(*missing.values())),
        )
        for window in found:
            key = window.cell_id, window.metric
            if window.first_step in self._asked[key]:
                self._windows[key].setdefault(window.first_step, window.values)

    def _missing(self, cell: CellRow, metric: Metric, from_step: int, to_step: int) -> set[int]:
        key, every = (cell.id, metric), cell.chunk_steps
        first, last = from_step // every * every, to_step // every * every
        if any(low <= first and last <= high for low, high in self._ranges[key]):
            return set()
        self._ranges[key].append((first, last))
        return set(range(first, last + 1, every)).difference(self._asked[key])

    def values(
        self, cell: CellRow, metric: Metric, schedule: Schedule, *, from_step: int = 0, to_step: int
    ) -> tuple[Steps, metric_rows.Values]:
        """Return the steps [T] of a range at which a metric has values, and these, `[T, R]` or `[T, R, K]`.

        Both are empty if there are none.
        """
        self.fetch([cell], [metric], from_step=from_step, to_step=to_step)
        key = cell.id, metric
        if key not in self._joined:
            self._joined[key] = _join(self._windows[key], metric, schedule, cell.num_runs)
        steps, values = self._joined[key]
        wanted = slice(*np.searchsorted(steps, (from_step, to_step + 1)))
        return steps[wanted], values[wanted]


def _join(
    windows: Mapping[int, metric_rows.Values], metric: Metric, schedule: Schedule, num_runs: int
) -> _Joined:
    """Concatenate windows in the order of their steps; there may be gaps between them."""
    if not windows:
        return _Joined(np.empty(0, np.int64), np.empty((0, num_runs), np.float32))
    starts = sorted(windows)
    steps = [step for start in starts for step in schedule.metric_steps(metric, start)]
    return _Joined(np.array(steps, np.int64), np.concatenate([windows[start] for start in starts]))
