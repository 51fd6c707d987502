"""Loader of one LR sweep as arrays, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.final_values import final_steps, final_values
from muscope.backend.analysis.sweep import LOSSES, Field, Losses, Sweep, Values
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.plan.scenario_data import num_left
from muscope.backend.domain.spec.experiment import ExperimentSpec, Protocol
from muscope.backend.domain.spec.judging.decision import is_seen_once
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence

RunIndex = tuple[int, int, int]
FIELD_METRICS = (Metric.VAL_ACCURACY, Metric.VAL_MAE)
CHECK_METRICS = (Metric.COORDINATE_CHANGE, Metric.INITIAL_ACTIVATION)
MEASURED_METRICS = (Metric.VAL_LOSS, Metric.SHARPNESS, *FIELD_METRICS)


def fetch_measured(evidence: ExperimentEvidence, spec: ExperimentSpec, cells: Sequence[CellRow]) -> None:
    """Read the metrics of every sweep for all cells at once, instead of cell by cell."""
    end = spec.num_steps
    evidence.fetch(cells, MEASURED_METRICS, to_step=end)
    evidence.fetch(cells, (Metric.TRAIN_LOSS, *_checks(spec)), to_step=0)
    fetch_tails(evidence, spec, cells, end)


def fetch_tails(
    evidence: ExperimentEvidence, spec: ExperimentSpec, cells: Sequence[CellRow], end: int
) -> None:
    """Read the train losses that a final loss averages."""
    evidence.fetch(cells, (Metric.TRAIN_LOSS,), from_step=end - spec.tail_steps(end) + 1, to_step=end)


def _checks(spec: ExperimentSpec) -> tuple[Metric, ...]:
    return CHECK_METRICS if Measure.COORDINATE_CHECK in spec.measures else ()


class _Column(NamedTuple):
    """Position of a run in its cell's windows."""

    cell: CellRow
    position: int


class SweepLoader:
    """Loader of one (parametrization, sizes), cell by cell, as if training had ended at `end`."""

    def __init__(
        self,
        evidence: ExperimentEvidence,
        spec: ExperimentSpec,
        parametrization: Parametrization,
        axis: Axis,
        sizes: tuple[Size, ...],
        base: Size,
        *,
        end: int | None = None,
        only: Metric | None = None,
        seeds: Sequence[int] | None = None,
    ) -> None:
        self._evidence = evidence
        self._spec = spec
        # The settle stage adds seeds at a few LRs only, so they are read into a sweep of their own.
        self._seeds = spec.seeds if seeds is None else tuple(seeds)
        self._is_further = seeds is not None
        self.parametrization = parametrization
        self._axis, self._sizes, self._base = axis, sizes, base
        self._end = spec.num_steps if end is None else end
        self._only = only
        self._tail_steps = spec.tail_steps(self._end)
        self._cells: list[CellRow] = []
        self._further_cells: list[CellRow] = []
        arm_lrs = spec.arm(parametrization).lrs
        self._lr_indices = tuple(sorted(range(len(arm_lrs)), key=lambda index: arm_lrs[index]))
        self._lrs = tuple(arm_lrs[index] for index in self._lr_indices)
        steps = measurement_steps(spec)
        self._steps = steps[steps <= self._end]
        self._make_arrays()

    def _make_arrays(self) -> None:
        spec, only = self._spec, self._only
        shape = (len(self._sizes), len(self._lrs), len(self._seeds))
        losses = LOSSES if only is None else (only,)
        self._losses = {loss: Losses(np.full(shape, np.nan), np.full(shape, np.nan)) for loss in losses}
        # Only one of the two is recorded, depending on the task.
        fields = FIELD_METRICS if only is None else ()
        self._fields = {metric: np.full(shape, np.nan) for metric in fields}
        self._diverged_at = np.full(shape, -1, dtype=np.int64)
        self._is_measured = np.zeros(shape, dtype=np.bool_)
        self._reached = np.full(shape, -1, dtype=np.int64)
        # Of a staged protocol the runs planned so far; of the full grid all runs.
        self._is_planned = np.full(shape, spec.protocol is Protocol.FULL and not self._is_further)
        self._sharpness = np.full((*shape, len(self._steps)), np.nan)
        self._columns: dict[RunIndex, _Column] = {}
        checks = _checks(spec) if only is None else ()
        self._checks = {metric: _empty(metric, shape) for metric in checks}

    def takes(self, cell: CellRow) -> bool:
        """Return whether a cell belongs to these arrays."""
        runs = self._evidence.runs_of(cell.id) if self._is_of_arm(cell) else []
        return bool(runs) and all(run.seed in self._seeds for run in runs)

    def _is_of_arm(self, cell: CellRow) -> bool:
        is_arm = cell.parametrization == self.parametrization
        return is_arm and Size(cell.width, cell.depth) in self._sizes

    def offer(self, cell: CellRow) -> None:
        """Read a cell of this arm and these sizes, one of further seeds apart; ignore any other."""
        if self.takes(cell):
            self.add(cell)
        elif self._is_of_arm(cell):
            self._further_cells.append(cell)

    def add(self, cell: CellRow) -> None:
        """Read the stored values of a cell."""
        self._cells.append(cell)
        runs = self._evidence.runs_of(cell.id)
        indices = [self._index_of(run) for run in runs]
        self._columns |= {
            index: _Column(cell, run.position) for index, run in zip(indices, runs, strict=True)
        }
        at = tuple(np.array(indices, np.intp).reshape(-1, 3).T)
        self._add_values(cell, at)
        diverged_at = np.array([-1 if run.diverged_at is None else run.diverged_at for run in runs], np.int64)
        has_diverged = (diverged_at >= 0) & (diverged_at <= self._end)
        self._is_planned[at] = cell.state != CellState.SKIPPED
        self._diverged_at[at] = np.where(has_diverged, diverged_at, -1)
        self._reached[at] = np.where(has_diverged, self._spec.num_steps, cell.committed_step)
        self._is_measured[at] = has_diverged | (cell.committed_step >= self._end)

    def _add_values(self, cell: CellRow, at: tuple[NDArray[np.intp], ...]) -> None:
        """Write the values of a cell's runs to their positions in the arrays."""
        for loss, values in self._losses.items():
            values.initial[at], values.final[at] = self._first(cell, loss), self._final(cell, loss)
        for metric, final in self._fields.items():
            final[at] = self._final(cell, metric)
        for metric, first in self._checks.items():
            first[at] = self._first(cell, metric)
        if self._only is None:
            self._sharpness[at] = self._measured(cell, Metric.SHARPNESS)

    def sweep(self) -> Sweep:
        """Return the sweep read so far."""
        return Sweep(
            sizes=self._sizes,
            axis=self._axis,
            lrs=self._lrs,
            lr_indices=self._lr_indices,
            base_index=self._sizes.index(self._base),
            num_seeds=len(self._seeds),
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
            has_constant_output=self._spec.model.has_constant_output(self._base.depth),
            has_tied_readout=self._spec.model.is_tied,
            reached=self._reached,
            until=self._until,
            field=self._field(),
            random_seed=self._spec.spec_seed,
            declared_loss=self._spec.deciding_loss,
            is_seen_once=self._is_seen_once(),
            cost_unit=self._spec.cost_unit,
            settle=self._spec.settle,
            further=self._further(),
        )

    def _is_seen_once(self) -> bool:
        if not self._cells:
            return False
        num_train = num_left(self._evidence.shape, self._cells[0].scenario)
        return is_seen_once(num_train, num_steps=self._end, batch_size=self._spec.batch_size)

    def _further(self) -> Sweep | None:
        """Return the sweep of the seeds that the settle stage added; None without any."""
        if self._is_further or not self._further_cells:
            return None
        runs = (run for cell in self._further_cells for run in self._evidence.runs_of(cell.id))
        seeds = sorted({run.seed for run in runs})
        loader = SweepLoader(
            self._evidence, self._spec, self.parametrization, self._axis, self._sizes, self._base,
            end=self._end, only=self._only, seeds=seeds,
        )  # fmt: skip
        for cell in self._further_cells:
            loader.add(cell)
        return loader.sweep()

    def _field(self) -> Field | None:
        known = (Field(metric, final) for metric, final in self._fields.items() if np.isfinite(final).any())
        return next(known, None)

    def _until(self, end: int) -> Sweep:
        """Read the same cells again, up to `end`."""
        loader = SweepLoader(
            self._evidence, self._spec, self.parametrization, self._axis, self._sizes, self._base, end=end
        )
        cells = [*self._cells, *self._further_cells]
        fetch_tails(self._evidence, self._spec, cells, end)
        for cell in cells:
            loader.offer(cell)
        return loader.sweep()

    def _curve_reader(self) -> Callable[[int, int], Values]:
        curves: dict[tuple[int, int], Values] = {}

        def read(size_index: int, lr_index: int) -> Values:
            key = size_index, lr_index
            if key not in curves:
                curves[key] = self._curves(size_index, lr_index)
            return curves[key]

        return read

    def _index_of(self, run: RunRow) -> RunIndex:
        return (
            self._sizes.index(run.size),
            self._lr_indices.index(run.lr_index),
            self._seeds.index(run.seed),
        )

    def _final(self, cell: CellRow, metric: Metric) -> Values:
        """Return a cell's final values of a metric, [R]; NaN while they are missing."""
        wanted = final_steps(metric, self._steps, end=self._end, tail_steps=self._tail_steps)
        steps, values_TR = self._values(cell, metric, from_step=int(wanted[0]))
        return final_values(metric, steps, values_TR, wanted)

    def _first(self, cell: CellRow, metric: Metric) -> Values | float:
        """Return a cell's values at step 0, [R] or [R, K]; NaN while they are missing."""
        schedule = self._spec.schedule(cell.chunk_steps)
        _, values = self._evidence.values(cell, metric, schedule, to_step=0)
        return values[0].astype(np.float64) if len(values) else np.nan

    def _measured(self, cell: CellRow, metric: Metric) -> Values:
        """Return a metric at every measurement step, [R, M]; NaN where a value is missing."""
        steps, values_TR = self._values(cell, metric, from_step=0)
        values_RM = np.full((cell.num_runs, len(self._steps)), np.nan)
        values_RM[:, np.searchsorted(self._steps, steps)] = values_TR.T
        return values_RM

    def _values(
        self, cell: CellRow, metric: Metric, *, from_step: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        schedule = self._spec.schedule(cell.chunk_steps)
        return self._evidence.values(cell, metric, schedule, from_step=from_step, to_step=self._end)

    def _curves(self, size_index: int, lr_index: int) -> Values:
        """Return the train loss [T, S] up to the last step every run has; NaN for a seed without run."""
        seeds = range(len(self._seeds))
        columns = [self._columns.get((size_index, lr_index, seed)) for seed in seeds]
        curves = {seed: self._curve(column) for seed, column in enumerate(columns) if column is not None}
        shortest = min((len(curve) for curve in curves.values()), default=0)
        joined = np.full((shortest, len(columns)), np.nan)
        for seed, curve in curves.items():
            joined[:, seed] = curve[:shortest]
        return joined

    def _curve(self, column: _Column) -> Values:
        _, values_TR = self._values(column.cell, Metric.TRAIN_LOSS, from_step=0)
        return values_TR[:, column.position].astype(np.float64)


def _empty(metric: Metric, shape: RunIndex) -> Values:
    return np.full((*shape, METRIC_INFO[metric].num_components), np.nan)


def measurement_steps(spec: ExperimentSpec) -> NDArray[np.int64]:
    """Return the steps at which every run of a spec is measured, [M]."""
    whole_run = spec.schedule(spec.num_steps + 1)
    return np.array(whole_run.metric_steps(Metric.SHARPNESS, 0), dtype=np.int64)
