"""Runs an experiment from its first cell to its verdict, without database or queue.

What the conductor and the workers do, as one loop: ask the protocol, train what it adds on so many processes,
tell it what ended.

Shapes: W sizes, E learning rates, S seeds, R runs of a cell, M measurements, T steps.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import numpy as np

from muscope.backend.analysis.sweep import LOSSES, Losses, Sweep, Values
from muscope.backend.analysis.verdict.group_statistics import with_statistics
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.protocol import Add, Skip, next_cells
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, GroupEvidence, group_of
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, sizes_on
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS, further_seeds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.worker.device import prepare_process
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train

EXPERIMENT = UUID(int=0)
CHUNK_STEPS = 50


@dataclass(frozen=True)
class CellResult:
    """Result of a cell: metrics [T, R] or [M, R], where runs diverged, and how long it took."""

    values: dict[Metric, Values]
    diverged_at: tuple[int | None, ...]
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """Finished experiment: the verdict, what was trained with its results' seconds, and the wall time."""

    verdict: Verdict
    cells: tuple[tuple[PlannedCell, float], ...]
    wall: float


def train_cell(program: CellProgram, data: Callable[[], TrainingData]) -> CellResult:
    """Train one cell in this process."""
    began = time.perf_counter()
    windows = list(train(program, data()))
    metrics = {metric for window in windows for metric in window.values}
    values = {
        metric: np.concatenate([window.values[metric] for window in windows if metric in window.values])
        for metric in metrics
    }
    as_float64 = {metric: array.astype(np.float64) for metric, array in values.items()}
    return CellResult(as_float64, tuple(windows[-1].diverged_at), time.perf_counter() - began)


class Slots:
    """Processes that train side by side, started and warm before the first cell."""

    def __init__(self, count: int, data: Callable[[], TrainingData]) -> None:
        self._data, self._count = data, count
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, mp_context=context, initializer=prepare_process)

    def __enter__(self) -> Self:
        wait([self._pool.submit(self._data) for _ in range(2 * self._count)])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, program: CellProgram) -> Future[CellResult]:
        """Train a cell as soon as a process is free."""
        return self._pool.submit(train_cell, program, self._data)


def run_experiment(spec: ExperimentSpec, shape: DatasetShape, slots: Slots) -> Outcome:
    """Run an experiment on the conditions as given until its protocol is done, and judge it."""
    began, board = time.perf_counter(), Board(spec)
    running: dict[Future[CellResult], PlannedCell] = {}
    while True:
        decision = next_cells(spec, board.evidence(running))
        if isinstance(decision, Skip):
            _skip(decision, running, board)
            continue
        if isinstance(decision, Add):
            dearest_first = sorted(
                decision.cells, key=lambda cell: -predict(spec, shape, cell, DEFAULT_CALIBRATION).seconds
            )
            for cell in dearest_first:
                program = CellProgram.from_spec(spec, cell, chunk_steps=CHUNK_STEPS)
                running[slots.submit(program)] = cell
        if not running:
            break
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            board.add(running.pop(future), future.result())
    verdict = judge(spec, Scenario.AS_GIVEN, board.sweeps(), is_interim=False)
    return Outcome(verdict, tuple(board.finished), time.perf_counter() - began)


def _skip(decision: Skip, running: dict[Future[CellResult], PlannedCell], board: Board) -> None:
    """Take queued cells back; one that has begun meanwhile stays."""
    for future, cell in list(running.items()):
        if cell.id_in(EXPERIMENT) in decision.cell_ids and future.cancel():
            board.lost.append(running.pop(future))


@dataclass
class Board:
    """Arrays of every arm, filled cell by cell."""

    spec: ExperimentSpec
    finished: list[tuple[PlannedCell, float]] = field(default_factory=list)
    lost: list[PlannedCell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sizes = sizes_on(self.spec, Axis.WIDTH)
        # The settle stage adds seeds at a few LRs only: they have arrays of their own.
        self._added = further_seeds(self.spec.seeds, MOST_SEEDS)
        self._arms, self._further = (
            {
                arm.parametrization: _ArmArrays(self.spec, seeds, len(self._sizes), len(arm.lrs))
                for arm in self.spec.arms
            }
            for seeds in (self.spec.seeds, self._added)
        )
        self._known: dict[CellGroup, GroupEvidence] = {}

    def add(self, cell: PlannedCell, result: CellResult) -> None:
        """Enter what a cell gave."""
        self.finished.append((cell, result.seconds))
        index = self._sizes.index(Size(cell.width, cell.depth))
        arrays = self._further if cell.runs[0].seed in self._added else self._arms
        arrays[cell.parametrization].add(index, cell, result)

    def sweeps(self) -> dict[Parametrization, list[Sweep]]:
        """Return what is known so far."""
        return {arm.parametrization: [self._sweep(arm)] for arm in self.spec.arms}

    def _sweep(self, arm: Arm) -> Sweep:
        planned, further = (
            arrays[arm.parametrization].sweep(self.spec, self._sizes, arm.lrs)
            for arrays in (self._arms, self._further)
        )
        return replace(planned, further=further) if further.is_measured.any() else planned

    def evidence(self, running: dict[Future[CellResult], PlannedCell]) -> Evidence:
        """Return the evidence for the protocol."""
        indices: dict[CellGroup, GroupEvidence] = {}
        waiting = [cell for future, cell in running.items() if not (future.running() or future.done())]
        finished = [cell for cell, _ in self.finished]
        for name, cells in (("finished", finished), ("open", running.values()), ("lost", self.lost)):
            for cell in cells:
                known = indices.get(group_of(cell), GroupEvidence())
                runs = frozenset((run.lr_index, run.seed) for run in cell.runs)
                changes: dict[str, Any] = {name: getattr(known, name) | runs}
                indices[group_of(cell)] = replace(known, num_cells=known.num_cells + 1, **changes)
        sweeps = {(Scenario.AS_GIVEN, name): of_arm for name, of_arm in self.sweeps().items()}
        self._known = with_statistics(indices, sweeps, self.spec.thresholds, self._known)
        return Evidence(self._known, {cell.id_in(EXPERIMENT): group_of(cell) for cell in waiting})


class _ArmArrays:
    """Losses, divergences, sharpness and curves of all runs of one arm, NaN where there is nothing yet."""

    def __init__(self, spec: ExperimentSpec, seeds: tuple[int, ...], num_sizes: int, num_lrs: int) -> None:
        self._seeds, self._tail = seeds, spec.tail_steps()
        shape = (num_sizes, num_lrs, len(seeds))
        self._steps = np.array(spec.schedule(spec.num_steps + 1).metric_steps(Metric.SHARPNESS, 0), np.int64)
        self._final = {loss: np.full(shape, np.nan) for loss in LOSSES}
        self._initial = {loss: np.full(shape, np.nan) for loss in LOSSES}
        self._diverged_at = np.full(shape, -1, np.int64)
        self._is_measured = np.zeros(shape, np.bool_)
        self._sharpness = np.full((*shape, len(self._steps)), np.nan)
        self._curves = np.full((*shape, spec.num_steps + 1), np.nan)

    def add(self, size: int, cell: PlannedCell, result: CellResult) -> None:
        """Enter a cell's runs."""
        for column, run in enumerate(cell.runs):
            at = size, run.lr_index, self._seeds.index(run.seed)
            train, val = (result.values[loss][:, column] for loss in (Metric.TRAIN_LOSS, Metric.VAL_LOSS))
            diverged_at = result.diverged_at[column]
            self._initial[Metric.TRAIN_LOSS][at], self._initial[Metric.VAL_LOSS][at] = train[0], val[0]
            if diverged_at is None:
                self._final[Metric.TRAIN_LOSS][at] = train[-self._tail :].mean()
                self._final[Metric.VAL_LOSS][at] = val.min()
            self._diverged_at[at] = -1 if diverged_at is None else diverged_at
            self._is_measured[at] = True
            self._curves[at] = train
            if Metric.SHARPNESS in result.values:
                self._sharpness[at] = result.values[Metric.SHARPNESS][:, column]

    def sweep(self, spec: ExperimentSpec, sizes: tuple[Size, ...], lrs: tuple[float, ...]) -> Sweep:
        """Return what is there; the grid of these experiments ascends."""
        curves = self._curves
        return Sweep(
            sizes=sizes,
            lrs=lrs,
            lr_indices=tuple(range(len(lrs))),
            base_index=0,
            num_seeds=len(self._seeds),
            num_steps=spec.num_steps,
            tail_steps=self._tail,
            losses={loss: Losses(self._final[loss].copy(), self._initial[loss].copy()) for loss in LOSSES},
            diverged_at=self._diverged_at.copy(),
            is_measured=self._is_measured.copy(),
            is_planned=self._is_measured.copy(),
            sharpness=self._sharpness.copy(),
            measurement_steps=self._steps,
            train_curves=lambda size, lr: curves[size, lr].T,
            kappa=spec.optimizer.kappa,
            declared_loss=spec.deciding_loss,
            settle=spec.settle,
        )
