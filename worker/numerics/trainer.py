"""Trains all runs of a cell and yields their values window by window.

The loss of a step is taken before its update; measurements see the same weights. Each sub-stack trains a
whole window before the next one does, so that its weights stay in cache. What a run's values are depends on
the program and the data only: runs leave their stack at steps the spec decides, never at a window's border.

Legend: R runs, B batch, D inputs, C classes or outputs, T steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.worker.numerics.derivatives import Derivatives
from muscope.worker.numerics.ensemble import Stack, stack_slices
from muscope.worker.numerics.families import FamilyNetwork, network_of
from muscope.worker.numerics.losses import Targets
from muscope.worker.numerics.lowered import of_precision
from muscope.worker.numerics.measurement import Measurer
from muscope.worker.numerics.network import Network, Params, init
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from muscope.worker.numerics.program import CellProgram, TrainingData, Window, canonical
from muscope.worker.numerics.randomness import BatchOrder

# Diverged runs are looked for, and leave the stack, every so many steps: each look waits for the device.
DROP_EVERY = 10


def train(program: CellProgram, data: TrainingData, family: FamilyNetwork | None = None) -> Iterator[Window]:
    """Train the program's runs and yield one window per `chunk_steps` steps, byte-identical on every call.

    Args:
        program: the cell.
        data: its dataset; device and dtype of `x_train` are used throughout.
        family: computation of a network that is not built in.

    Yields:
        Windows in order, together covering the steps 0..num_steps.
    """
    yield from Training(program, data, family=family).windows()


@dataclass(frozen=True)
class TrainingState:
    """Everything that decides the windows from `next_step` on, given the program and its data.

    Random streams are keyed by step and seed, so they have no position to keep.

    Attributes:
        next_step: first step of the next window.
        arrays: by name; those of a training that goes on are views of what it changes.
    """

    next_step: int
    arrays: Mapping[str, NDArray[Any]]


class Training:
    """Training of a cell, from its first step or from the state at the end of one of its windows.

    Args:
        program: the cell.
        data: its dataset; device and dtype of `x_train` are used throughout.
        saved: state of an earlier training of the same program on the same data.
        family: network of the program's model, where it is a brought one.
    """

    def __init__(
        self,
        program: CellProgram,
        data: TrainingData,
        saved: TrainingState | None = None,
        family: FamilyNetwork | None = None,
    ) -> None:
        family = family or network_of(program.model)
        conditions = _Conditions.of(program, data, family)
        most = family.runs_per_stack(program.width)
        slices = stack_slices(len(program.runs), most, data.x_train.device.type)
        self._schedule = program.schedule
        self._next_step = saved.next_step if saved else 0
        self._trainers = [
            _StackTrainer(conditions, runs, _under(f"{place}/", saved.arrays) if saved else None)
            for place, runs in enumerate(slices)
        ]

    def windows(self) -> Iterator[Window]:
        """Train and yield the windows that are left, in order."""
        for first_step in self._schedule.window_starts():
            if first_step < self._next_step:
                continue
            steps = self._schedule.window_steps(first_step)
            for trainer in self._trainers:
                trainer.train_window(steps)
            self._next_step = steps[-1] + 1
            yield _merge(self._trainers, steps)

    def state(self) -> TrainingState:
        """Return the state after the last window; its arrays change with the next one."""
        arrays = {
            f"{place}/{name}": array
            for place, trainer in enumerate(self._trainers)
            for name, array in trainer.arrays().items()
        }
        return TrainingState(self._next_step, arrays)


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}


@dataclass(frozen=True)
class _Conditions:
    """State shared by all sub-stacks of a cell."""

    program: CellProgram
    network: Network
    family: FamilyNetwork
    derivatives: Derivatives
    shapes: dict[str, tuple[int, int]]
    x_train: Tensor
    targets: Targets
    dtype: torch.dtype
    batches: BatchOrder
    measurer: Measurer
    update: Update

    @classmethod
    def of(cls, program: CellProgram, data: TrainingData, family: FamilyNetwork) -> _Conditions:
        network = program.network_for(data.dims)
        tensors = program.model.tensors(data.dims, program.width, program.depth)
        update = Update(program.optimizer, network.scaling, program.num_steps)
        return cls(
            program,
            network,
            family,
            of_precision(program.precision, family.apply, family.derivatives(network), data.x_train.device),
            {name: tensor.shape for name, tensor in tensors.items()},
            data.x_train,
            Targets(data.y_train, data.task, data.num_outputs, data.dtype),
            data.dtype,
            BatchOrder(program.spec_seed, len(data.x_train), program.batch_size),
            Measurer.of(program, data, network, update, family),
            update,
        )

    def begin(self, positions: range) -> Stack:
        runs = [self.program.runs[position] for position in positions]
        seeds = [run.seed for run in runs]
        params = self._initial(seeds)
        moments = initial_moments(self.program.optimizer, params)
        return Stack.begin(params, moments, [run.lr for run in runs], seeds)

    def _initial(self, seeds: list[int]) -> Params:
        drawn = self.family.initial
        if drawn is not None:
            return drawn(
                self.network,
                spec_seed=self.program.spec_seed,
                seeds=seeds,
                dtype=self.dtype,
                device=self.x_train.device,
            )
        return init(
            self.shapes,
            self.network.scaling,
            spec_seed=self.program.spec_seed,
            seeds=seeds,
            dtype=self.dtype,
            device=self.x_train.device,
        )

    def resume(self, positions: range, saved: Mapping[str, NDArray[Any]]) -> Stack:
        """Return the stack of a saved state, in memory of its own."""
        columns = [int(column) for column in saved["columns"]]
        seeds = [self.program.runs[positions[column]].seed for column in columns]
        tensors = {
            name.removeprefix("stack/"): torch.tensor(array, device=self.x_train.device)
            for name, array in saved.items()
            if name.startswith("stack/")
        }
        return Stack.of_tensors(tensors, seeds, columns)

    def batch(self, seeds: tuple[int, ...], step: int) -> tuple[Tensor, Tensor]:
        """Return every run's minibatch of `step`: x [R, B, D] and targets [R, B, C]."""
        of_seed = {seed: self.batches.indices(seed, step) for seed in dict.fromkeys(seeds)}
        flat = np.concatenate([of_seed[seed] for seed in seeds])
        index = torch.from_numpy(flat).to(self.x_train.device)
        stacked = (len(seeds), self.program.batch_size, -1)
        return (
            self.x_train.index_select(0, index).view(stacked),
            self.targets.rows(index).view(len(seeds), -1, self.targets.num_outputs),
        )


@dataclass
class _Record:
    """Values of one window of one sub-stack, columns as the sub-stack began."""

    steps: range
    values: dict[Metric, NDArray[np.float64]]
    pending: list[Tensor] = field(default_factory=list)
    num_flushed: int = 0


class _StackTrainer:
    """The state of one sub-stack between windows."""

    def __init__(
        self, conditions: _Conditions, positions: range, saved: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        self._conditions = conditions
        self._num_runs = len(positions)
        self._initial_loss = np.full(self._num_runs, np.nan)
        self.diverged_at: list[int | None] = [None] * self._num_runs
        self.record = _Record(range(0), {})
        if saved is None:
            self._stack = conditions.begin(positions)
            return
        self._stack = conditions.resume(positions, saved)
        self._initial_loss[:] = saved["initial_loss"]
        self.diverged_at = [None if step < 0 else int(step) for step in saved["diverged_at"]]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state by name, as `saved` takes it; a run that has not diverged has step -1."""
        tensors = self._stack.tensors()
        return {f"stack/{name}": tensor.cpu().numpy() for name, tensor in tensors.items()} | {
            "columns": np.array(self._stack.columns, np.int64),
            "initial_loss": self._initial_loss,
            "diverged_at": np.array([-1 if step is None else step for step in self.diverged_at], np.int64),
        }

    def train_window(self, steps: range) -> None:
        """Train through `steps` and leave their values in `record`."""
        self.record = _Record(steps, self._empty_values(steps))
        for step in steps:
            if not self._stack.columns:
                return
            is_measured = self._conditions.program.schedule.measures_at(step)
            if is_measured or step % DROP_EVERY == 0:
                self._flush()
                self._drop_diverged()
            if is_measured and self._stack.columns:
                self._measure(step)
            self._train_step(step)
        self._flush()
        self._forget_after_divergence()

    def _empty_values(self, steps: range) -> dict[Metric, NDArray[np.float64]]:
        schedule = self._conditions.program.schedule
        values = {}
        for metric in (Metric.TRAIN_LOSS, *self._conditions.measurer.metrics):
            num_steps = len(schedule.metric_steps(metric, steps[0]))
            if num_steps:
                num_components = METRIC_INFO[metric].num_components
                shape = (num_steps, self._num_runs, num_components)[: 3 if num_components > 1 else 2]
                values[metric] = np.full(shape, np.nan)
        return values

    def _train_step(self, step: int) -> None:
        if not self._stack.columns:
            return
        conditions, stack = self._conditions, self._stack
        program, network, derivatives = conditions.program, conditions.network, conditions.derivatives
        x_RBD, y_RBC = conditions.batch(stack.seeds, step)
        if step == program.num_steps:
            loss_R = derivatives.forward_loss(network, stack.params, x_RBD, y_RBC, program.loss)
            self.record.pending.append(loss_R)
            return
        loss_R, gradients = derivatives.loss_and_gradients(network, stack.params, x_RBD, y_RBC, program.loss)
        conditions.update.apply_(stack.params, gradients, stack.moments, stack.lr_R11, step)
        self.record.pending.append(loss_R)

    def _measure(self, step: int) -> None:
        measured, eigenvector_RP = self._conditions.measurer.measure(self._stack, step)
        self._stack.eigenvector_RP.copy_(eigenvector_RP)
        row = self._conditions.program.schedule.metric_steps(Metric.SHARPNESS, self.record.steps[0]).index(
            step
        )
        for metric, value_R in measured.items():
            self.record.values[metric][row, list(self._stack.columns)] = value_R

    def _flush(self) -> None:
        """Bring the losses since the last look to the host and note which runs have diverged."""
        record = self.record
        if not record.pending:
            return
        loss_TR = torch.stack(record.pending).to("cpu", torch.float64).numpy()
        columns = list(self._stack.columns)
        first = record.num_flushed
        record.values[Metric.TRAIN_LOSS][first : first + len(loss_TR), columns] = loss_TR
        if record.steps[0] + first == 0:
            self._initial_loss[columns] = loss_TR[0]
        bound_R = self._conditions.program.divergence_factor * self._initial_loss[columns]
        is_bad_TR = ~np.isfinite(loss_TR) | (loss_TR > bound_R)
        for row in np.nonzero(is_bad_TR.any(0))[0]:
            if self.diverged_at[columns[row]] is None:
                self.diverged_at[columns[row]] = record.steps[0] + first + int(is_bad_TR[:, row].argmax())
        record.num_flushed += len(loss_TR)
        record.pending.clear()

    def _drop_diverged(self) -> None:
        alive = [row for row, column in enumerate(self._stack.columns) if self.diverged_at[column] is None]
        if len(alive) < len(self._stack.columns):
            self._stack = self._stack.keep(alive)

    def _forget_after_divergence(self) -> None:
        """Blank what a diverged run left before it was dropped: losses after, measurements at and after."""
        schedule = self._conditions.program.schedule
        for metric, values_TR in self.record.values.items():
            steps_T = np.array(schedule.metric_steps(metric, self.record.steps[0]))
            for column, diverged_at in enumerate(self.diverged_at):
                if diverged_at is not None:
                    last_kept = diverged_at if METRIC_INFO[metric].every_step else diverged_at - 1
                    values_TR[steps_T > last_kept, column] = np.nan


def _merge(trainers: list[_StackTrainer], steps: range) -> Window:
    metrics = trainers[0].record.values
    values = {
        metric: canonical(np.concatenate([trainer.record.values[metric] for trainer in trainers], axis=1))
        for metric in metrics
    }
    diverged_at = [step for trainer in trainers for step in trainer.diverged_at]
    return Window(steps[0], steps[-1], values, diverged_at)
