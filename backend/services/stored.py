"""What an experiment has stored, as one request sees it: every row and every window is read once.

A verdict looks at the same windows several times over: for every scenario and for every horizon. One object
of this class goes with them through the request and no further: what is stored later, the next one sees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.db import cells as cell_rows
from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import CellRow, ExperimentRow, RunRow
from backend.domain.experiment import ExperimentSpec
from backend.domain.metrics import Metric, Schedule

Steps = NDArray[np.int64]


class Stored:
    """An experiment's cells, runs and windows; the session stays open as long as it is asked."""

    def __init__(self, session: Session, experiment: ExperimentRow) -> None:
        self._session = session
        self._experiment_id = experiment.id
        self.spec = ExperimentSpec.model_validate(experiment.spec)
        self._windows: dict[tuple[UUID, Metric], dict[int, metric_rows.Values]] = defaultdict(dict)
        self._asked: dict[tuple[UUID, Metric], set[int]] = defaultdict(set)
        self._steps: dict[tuple[Schedule, Metric, int], list[int]] = {}

    @cached_property
    def cells(self) -> Sequence[CellRow]:
        """Every cell, in the order of the grid."""
        return cell_rows.of_experiment(self._session, self._experiment_id)

    def runs_of(self, cell_id: UUID) -> list[RunRow]:
        """Return a cell's runs in the order of its chunks."""
        return self._runs[cell_id]

    @cached_property
    def _runs(self) -> dict[UUID, list[RunRow]]:
        found: dict[UUID, list[RunRow]] = defaultdict(list)
        for run in cell_rows.runs_of_experiment(self._session, self._experiment_id):
            found[run.cell_id].append(run)
        return defaultdict(
            list, {key: sorted(runs, key=lambda run: run.position) for key, runs in found.items()}
        )

    def fetch(
        self, cells: Iterable[CellRow], metrics: Iterable[Metric], *, from_step: int = 0, to_step: int
    ) -> None:
        """Read the windows from `from_step` to `to_step` that are not known yet, of all cells in one go."""
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
        found = metric_rows.windows(
            self._session,
            sorted({cell_id for cell_id, _ in missing}, key=str),
            sorted({metric for _, metric in missing}),
            sorted(set.union(*missing.values())),
        )
        for window in found:
            key = window.cell_id, window.metric
            if window.first_step in self._asked[key]:
                self._windows[key].setdefault(window.first_step, window.values)

    def _missing(self, cell: CellRow, metric: Metric, from_step: int, to_step: int) -> set[int]:
        first = from_step // cell.chunk_steps * cell.chunk_steps
        wanted = range(first, to_step + 1, cell.chunk_steps)
        return set(wanted).difference(self._asked[cell.id, metric])

    def values(
        self, cell: CellRow, metric: Metric, schedule: Schedule, *, from_step: int = 0, to_step: int
    ) -> tuple[Steps, metric_rows.Values]:
        """Return the steps of a range at which a metric has values, [T], and these, `[T, R]` or `[T, R, K]`.

        Without any, both are empty.
        """
        self.fetch([cell], [metric], from_step=from_step, to_step=to_step)
        first = from_step // cell.chunk_steps * cell.chunk_steps
        of_cell = self._windows[cell.id, metric]
        starts = sorted(start for start in of_cell if first <= start <= to_step)
        if not starts:
            return np.empty(0, np.int64), np.empty((0, cell.num_runs), np.float32)
        steps = np.concatenate([self._steps_of(schedule, metric, start) for start in starts])
        values = np.concatenate([of_cell[start] for start in starts])
        is_wanted = (steps >= from_step) & (steps <= to_step)
        return steps[is_wanted], values[is_wanted]

    def _steps_of(self, schedule: Schedule, metric: Metric, first_step: int) -> list[int]:
        key = schedule, metric, first_step
        if key not in self._steps:
            self._steps[key] = schedule.metric_steps(metric, first_step)
        return self._steps[key]
