"""What an experiment has shown so far, as the arrays the verdict is computed from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.sweep import LOSSES, Field, Losses, Sweep, Values
from backend.db import cells as cell_rows
from backend.db import metrics as metric_rows
from backend.db.session import Session
from backend.db.tables import CellRow, ExperimentRow, MetricChunkRow, RunRow
from backend.domain.experiment import ExperimentSpec, Protocol, axes_of, base_size, sizes_on
from backend.domain.lifecycle import CellState
from backend.domain.measures import Measure
from backend.domain.metrics import METRIC_INFO, Metric, Schedule
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Axis, Size

Place = tuple[int, int, int]
FIELD_METRICS = (Metric.VAL_ACCURACY, Metric.VAL_MAE)
CHECK_METRICS = (Metric.COORDINATE_CHANGE, Metric.INITIAL_ACTIVATION)


def load_sweeps(
    session: Session, experiment: ExperimentRow, scenario: Scenario
) -> dict[Parametrization, list[Sweep]]:
    """Return the sweeps of every arm, one per axis on which the spec has larger sizes.

    The width axis is always there, and first. Train-loss curves are read when they are asked for, so the
    session must stay open as long.
    """
    spec = ExperimentSpec.model_validate(experiment.spec).under(scenario)
    loaders = [
        _SweepLoader(session, spec, arm.parametrization, axis) for arm in spec.arms for axis in axes_of(spec)
    ]
    for cell in cell_rows.of_experiment(session, experiment.id):
        for loader in loaders:
            if cell.scenario == scenario and loader.takes(cell):
                loader.add(cell)
    return {
        arm.parametrization: [
            loader.sweep() for loader in loaders if loader.parametrization is arm.parametrization
        ]
        for arm in spec.arms
    }


@dataclass(frozen=True)
class _Column:
    """Where a run lies in its cell's chunks."""

    cell: CellRow
    position: int
    schedule: Schedule


class _SweepLoader:
    """Fills the arrays of one (parametrization, axis), cell by cell, as if training had ended at `end`."""

    def __init__(
        self,
        session: Session,
        spec: ExperimentSpec,
        parametrization: Parametrization,
        axis: Axis,
        end: int | None = None,
    ) -> None:
        self._session = session
        self._spec = spec
        self.parametrization = parametrization
        self._axis = axis
        self._end = spec.num_steps if end is None else end
        self._tail_steps = max(1, math.ceil(spec.tail_fraction * self._end))
        self._cells: list[CellRow] = []
        self._sizes = sizes_on(spec, axis)
        arm_lrs = spec.arm(parametrization).lrs
        self._lr_indices = tuple(sorted(range(len(arm_lrs)), key=lambda index: arm_lrs[index]))
        self._lrs = tuple(arm_lrs[index] for index in self._lr_indices)
        steps = measurement_steps(spec)
        self._steps = steps[steps <= self._end]
        shape = (len(self._sizes), len(self._lrs), len(spec.seeds))
        self._losses = {loss: Losses(np.full(shape, np.nan), np.full(shape, np.nan)) for loss in LOSSES}
        # One of the two is recorded, by the data's task.
        self._fields = {metric: np.full(shape, np.nan) for metric in FIELD_METRICS}
        self._diverged_at = np.full(shape, -1, dtype=np.int64)
        self._is_measured = np.zeros(shape, dtype=np.bool_)
        self._reached = np.full(shape, -1, dtype=np.int64)
        # Of a staged protocol what it has planned so far; of the full grid everything.
        self._is_planned = np.full(shape, spec.protocol is Protocol.FULL)
        self._sharpness = np.full((*shape, len(self._steps)), np.nan)
        self._columns: dict[Place, _Column] = {}
        is_checked = Measure.COORDINATE_CHECK in spec.measures
        self._checks = {metric: _empty(metric, shape) for metric in CHECK_METRICS if is_checked}

    def takes(self, cell: CellRow) -> bool:
        """Tell whether a cell belongs to these arrays."""
        is_arm = cell.parametrization == self.parametrization
        return is_arm and Size(cell.width, cell.depth) in self._sizes

    def add(self, cell: CellRow) -> None:
        """Read what a cell has stored."""
        self._cells.append(cell)
        runs = cell_rows.runs_of(self._session, cell.id)
        spec = self._spec
        schedule = spec.schedule(cell.chunk_steps)
        train_initial, train_final = self._train_loss(cell, schedule, len(runs))
        val_initial, val_final = self._val_loss(cell, schedule, len(runs))
        fields = {
            metric: self._measured(cell, metric, schedule, len(runs))[:, -1] for metric in FIELD_METRICS
        }
        sharpness_RM = self._measured(cell, Metric.SHARPNESS, schedule, len(runs))
        checks = {metric: self._first(cell, metric) for metric in self._checks}
        for run in runs:
            place, r = self._place(run), run.position
            self._columns[place] = _Column(cell, r, schedule)
            self._is_planned[place] = cell.state != CellState.SKIPPED
            train, val = self._losses[Metric.TRAIN_LOSS], self._losses[Metric.VAL_LOSS]
            train.initial[place], train.final[place] = train_initial[r], train_final[r]
            val.initial[place], val.final[place] = val_initial[r], val_final[r]
            for metric, final_R in fields.items():
                self._fields[metric][place] = final_R[r]
            self._sharpness[place] = sharpness_RM[r]
            for metric, values_RK in checks.items():
                self._checks[metric][place] = np.nan if values_RK is None else values_RK[r]
            diverged_at = -1 if run.diverged_at is None else run.diverged_at
            has_diverged = 0 <= diverged_at <= self._end
            self._diverged_at[place] = diverged_at if has_diverged else -1
            self._reached[place] = spec.num_steps if has_diverged else cell.committed_step
            self._is_measured[place] = has_diverged or cell.committed_step >= self._end

    def sweep(self) -> Sweep:
        """Return what was read."""
        return Sweep(
            sizes=self._sizes,
            axis=self._axis,
            lrs=self._lrs,
            lr_indices=self._lr_indices,
            base_index=self._sizes.index(base_size(self._spec)),
            num_seeds=len(self._spec.seeds),
            num_steps=self._end,
            tail_steps=self._tail_steps,
            losses=self._losses,
            diverged_at=self._diverged_at,
            is_measured=self._is_measured,
            is_planned=self._is_planned,
            sharpness=self._sharpness,
            measurement_steps=self._steps,
            train_curves=self._curve_reader(),
            kappa=self._spec.optimizer.kappa,
            coordinate_changes=self._checks.get(Metric.COORDINATE_CHANGE),
            initial_activations=self._checks.get(Metric.INITIAL_ACTIVATION),
            reached=self._reached,
            until=self._until,
            field=self._field(),
            random_seed=self._spec.spec_seed,
        )

    def _field(self) -> Field | None:
        known = (Field(metric, final) for metric, final in self._fields.items() if np.isfinite(final).any())
        return next(known, None)

    def _until(self, end: int) -> Sweep:
        """Read the same cells again, up to `end`."""
        loader = _SweepLoader(self._session, self._spec, self.parametrization, self._axis, end)
        for cell in self._cells:
            loader.add(cell)
        return loader.sweep()

    def _curve_reader(self) -> Callable[[int, int], Values]:
        curves: dict[tuple[int, int], Values] = {}

        def read(width_index: int, lr_index: int) -> Values:
            key = width_index, lr_index
            if key not in curves:
                curves[key] = self._curves(width_index, lr_index)
            return curves[key]

        return read

    def _place(self, run: RunRow) -> Place:
        return (
            self._sizes.index(Size(run.width, run.depth)),
            self._lr_indices.index(run.lr_index),
            self._spec.seeds.index(run.seed),
        )

    def _train_loss(self, cell: CellRow, schedule: Schedule, num_runs: int) -> tuple[Values, Values]:
        """Return the loss at step 0 and the mean over the tail, [R] each; NaN where there is none yet."""
        first_R = self._first(cell, Metric.TRAIN_LOSS)
        initial = np.full(num_runs, np.nan) if first_R is None else first_R
        tail = self._end - self._tail_steps + 1
        rows = [
            values
            for step, values in self._values(cell, Metric.TRAIN_LOSS, schedule, from_step=tail)
            if step >= tail
        ]
        if len(rows) < self._tail_steps:
            return initial, np.full(num_runs, np.nan)
        return initial, np.mean(rows, axis=0, dtype=np.float64)

    def _first(self, cell: CellRow, metric: Metric) -> Values | None:
        """Return what a cell measured at step 0, [R] or [R, K]; None while there is nothing."""
        row = self._session.get(MetricChunkRow, (cell.id, metric.value, 0))
        return None if row is None else metric_rows.from_row(row)[0].astype(np.float64)

    def _val_loss(self, cell: CellRow, schedule: Schedule, num_runs: int) -> tuple[Values, Values]:
        values_RM = self._measured(cell, Metric.VAL_LOSS, schedule, num_runs)
        return values_RM[:, 0], values_RM[:, -1]

    def _measured(self, cell: CellRow, metric: Metric, schedule: Schedule, num_runs: int) -> Values:
        """Return a metric at every measurement step, [R, M]; NaN where it is not there yet."""
        values_RM = np.full((num_runs, len(self._steps)), np.nan)
        for step, values in self._values(cell, metric, schedule, from_step=0):
            values_RM[:, int(np.searchsorted(self._steps, step))] = values
        return values_RM

    def _values(
        self, cell: CellRow, metric: Metric, schedule: Schedule, *, from_step: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        window = from_step // schedule.chunk_steps * schedule.chunk_steps
        for row in metric_rows.read(self._session, cell.id, metric, from_step=window, to_step=self._end):
            steps = schedule.metric_steps(metric, row.first_step)
            for step, values in zip(steps, metric_rows.from_row(row), strict=True):
                if step <= self._end:
                    yield step, values

    def _curves(self, width_index: int, lr_index: int) -> Values:
        """Return the train loss [T, S] as far as every run has it, NaN for a seed without run."""
        seeds = range(len(self._spec.seeds))
        columns = [self._columns.get((width_index, lr_index, seed)) for seed in seeds]
        curves = {seed: self._curve(column) for seed, column in enumerate(columns) if column is not None}
        shortest = min((len(curve) for curve in curves.values()), default=0)
        joined = np.full((shortest, len(columns)), np.nan)
        for seed, curve in curves.items():
            joined[:, seed] = curve[:shortest]
        return joined

    def _curve(self, column: _Column) -> Values:
        rows = metric_rows.read(self._session, column.cell.id, Metric.TRAIN_LOSS, to_step=self._end)
        parts = [metric_rows.from_row(row)[:, column.position] for row in rows]
        return np.concatenate([np.empty(0, np.float32), *parts])[: self._end + 1].astype(np.float64)


def _empty(metric: Metric, shape: Place) -> Values:
    return np.full((*shape, METRIC_INFO[metric].num_components), np.nan)


def measurement_steps(spec: ExperimentSpec) -> NDArray[np.int64]:
    """Return the steps at which every run of a spec is measured, [M]."""
    whole_run = spec.schedule(spec.num_steps + 1)
    return np.array(whole_run.metric_steps(Metric.SHARPNESS, 0), dtype=np.int64)
