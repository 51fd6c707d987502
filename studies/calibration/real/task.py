"""Definition of a real task: networks of several sizes, the largest of which are hidden from the verdict.

Visible sizes are trained as the preset Standard does, half-octave grid and eight seeds; the reused LR and the
one an octave below it once more with sharpness, on fewer seeds. The seeds that the settle stage may add are
trained at the largest visible size, near what base and that size like best. The truth is measured with other
seeds on the same grid: at the base, at the largest visible size ("measured") and at the hidden sizes
("beyond"), in a window around what base and visible sizes like best.

Shapes: W sizes, E learning rates, S seeds, M measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.domain.spec.scaling.scaling_table import ScalingTable
from muscope.backend.domain.spec.size import Axis, Size
from muscope.worker.numerics.program import CellProgram
from studies.calibration.kept import Cell
from studies.cells.datasets import dataset
from studies.cells.jobs import Result, Results

SEEDS = tuple(range(8))
FEWER_SEEDS = SEEDS[:5]
# Seeds the settle stage may add at the largest visible size, and those it asks for if these decide nothing.
SETTLE_SEEDS, LATE_SEEDS = tuple(range(8, 24)), tuple(range(24, 48))
# Seeds of the truth, at the largest visible size and, fewer of them, at the others.
TRUE_SEEDS = tuple(range(100, 112))
NUM_TRUE_BEYOND = 8
TAIL_FRACTION = 0.1
# The truth is looked for so far beyond what base and largest visible size like best, in octaves; further
# seeds are trained so far from it.
WINDOW, SETTLE_WINDOW, STEP = 1.5, 1.0, 0.5
MEASUREMENTS = 10
UNREAD = 8
PLAIN_MLP = ResidualMLP()


@dataclass(frozen=True)
class Task:
    """Question whose answer is known: a dataset, a network, a parametrization, and visible and hidden sizes.

    Attributes:
        visible, hidden: extents on the axis, ascending; the first visible one is the base.
        other: the extent that stays, depth on the width axis and width on the depth axis.
        lowest_log2_lr, num_octaves, is_fine: where the grid of the visible sizes begins, how far it goes, and
            whether it steps by half octaves.
        towards_sp: how far the constants of the parametrization are moved to SP's, 1 all the way: an error in
            the implementation of which nobody knows; negative: beyond their own.
        expected: what the literature leads one to expect, `transfers`, `near` or `fails`.
        has_late_seeds: the last seeds of the settle stage are trained too.
    """

    name: str
    data: str
    loss: Loss
    parametrization: Parametrization
    expected: str
    optimizer: OptimizerSpec = PLAIN_SGD
    axis: Axis = Axis.WIDTH
    visible: tuple[int, ...] = (8, 16, 32, 64)
    hidden: tuple[int, ...] = (128,)
    other: int = 2
    lowest_log2_lr: int = -6
    num_octaves: int = 8
    num_steps: int = 200
    batch_size: int = 32
    model: ModelFamily = PLAIN_MLP
    towards_sp: float = 0.0
    is_fine: bool = True
    has_late_seeds: bool = False

    @property
    def log2_lrs(self) -> tuple[float, ...]:
        """Return the grid of the visible sizes, in half octaves where it is fine."""
        return tuple(sorted(self._octaves + self._half_octaves))

    @property
    def _octaves(self) -> tuple[float, ...]:
        return tuple(float(self.lowest_log2_lr + index) for index in range(self.num_octaves + 1))

    @property
    def _half_octaves(self) -> tuple[float, ...]:
        return tuple(octave + STEP for octave in self._octaves[:-1]) if self.is_fine else ()

    @property
    def _per_octave(self) -> int:
        return round(1 / STEP) if self.is_fine else 1

    @property
    def measure_every(self) -> int:
        """Return the cadence of the runs with sharpness."""
        return max(1, self.num_steps // MEASUREMENTS)

    @property
    def sharpness_batch(self) -> int:
        """Return how many examples sharpness is measured on."""
        return 128

    def size(self, extent: int) -> Size:
        """Return the size of that extent on the axis."""
        return Size(extent, self.other) if self.axis is Axis.WIDTH else Size(self.other, extent)

    def plan(self, results: Results) -> list[Cell]:
        """Return every cell known so far: the truth and the sharpness follow once the base is tuned."""
        cells = self.visible_cells()
        if any(cell.key() not in results for cell in cells):
            return cells
        base, largest = self.best_at_ends(results)
        return [*cells, *_later_cells(self, base, largest)]

    def settle_cells(self, base: tuple[int, ...], largest: tuple[int, ...]) -> list[Cell]:
        """Return the further seeds at the largest visible size, on the grid of the visible sizes."""
        reach = round(SETTLE_WINDOW * self._per_octave)
        near = {place + by for place in (*base, *largest) for by in range(-reach, reach + 1)}
        indices = sorted(near & set(range(len(self.log2_lrs))))
        lrs = [(index, self.log2_lrs[index]) for index in indices]
        batches = (SETTLE_SEEDS, LATE_SEEDS) if self.has_late_seeds else (SETTLE_SEEDS,)
        return [self._cell(self.visible[-1], lrs, seeds) for seeds in batches]

    def visible_cells(self) -> list[Cell]:
        """Return what a verdict sees, the base first; a size is trained in parts."""
        return [cell for cells in _visible_cells(self) for cell in cells]

    def visible_results(self, results: Results) -> list[Result]:
        """Return the sweep of every visible size as one result, its runs ordered by LR, then by seed."""
        return [together([(cell, results[cell.key()]) for cell in cells]) for cells in _visible_cells(self)]

    def best_at_ends(self, results: Results) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return where the base and the largest visible size are best on the grid."""
        found = self.visible_results(results)
        return self.best_places(found[0]), self.best_places(found[-1])

    def curvature_cells(self, base: tuple[int, ...]) -> list[Cell]:
        """Return the same runs at the reused LR and an octave below, with sharpness, base first."""
        below = (0, self._per_octave)
        indices = sorted({max(0, index - by) for index in base[:1] for by in below})
        return [
            self._cell(
                extent, [(index, self.log2_lrs[index]) for index in indices], FEWER_SEEDS, self.measure_every
            )
            for extent in self.visible
        ]

    def true_cells(self, base: tuple[int, ...], largest: tuple[int, ...]) -> list[Cell]:
        """Return the sweeps of the truth: the base, the largest visible size, then the hidden sizes."""
        around_base = [self.log2_lrs[index] for index in base]
        around_all = [*around_base, *(self.log2_lrs[index] for index in largest)]
        fewer = TRUE_SEEDS[:NUM_TRUE_BEYOND]
        return [
            self._cell(extent, list(enumerate(_window(around))), seeds)
            for extent, around, seeds in (
                (self.visible[0], around_base, fewer),
                (self.visible[-1], around_all, TRUE_SEEDS),
                *((size, around_all, fewer) for size in self.hidden),
            )
        ]

    def best_places(self, result: Result) -> tuple[int, ...]:
        """Return where a visible size is best: by the best validation loss, then by the train loss."""
        shape = (len(self.log2_lrs), len(SEEDS))
        last = max(1, round(TAIL_FRACTION * self.num_steps))
        finals = (
            result.values[Metric.VAL_LOSS].min(axis=0),
            result.values[Metric.TRAIN_LOSS][-last:].mean(axis=0),
        )
        has_diverged = np.array([at is not None for at in result.diverged_at]).reshape(shape).any(axis=1)
        means = [np.where(has_diverged, np.inf, final.reshape(shape).mean(axis=1)) for final in finals]
        return tuple(int(np.where(np.isfinite(mean), mean, np.inf).argmin()) for mean in means)

    def _cell(
        self,
        extent: int,
        lrs: list[tuple[int, float]],
        seeds: tuple[int, ...],
        measure_every: int | None = None,
    ) -> Cell:
        width, depth = self.size(extent)
        base = self.size(self.visible[0])
        program = CellProgram(
            parametrization=self.parametrization,
            width=width,
            depth=depth,
            base_width=base.width,
            base_depth=base.depth,
            model=self.model,
            loss=self.loss,
            runs=tuple(PlannedRun(index, 2.0**e, seed) for index, e in lrs for seed in seeds),
            num_steps=self.num_steps,
            measure_every=measure_every or self.measure_every,
            chunk_steps=self.num_steps + 1,
            batch_size=self.batch_size,
            sharpness_batch_size=UNREAD if measure_every is None else self.sharpness_batch,
            sharpness_tolerance=1e-2,
            optimizer=self.optimizer,
            has_curvature=measure_every is not None,
        )
        return Cell(self.data, replace(program, scaling=self._scaling(program)))

    def _scaling(self, program: CellProgram) -> ScalingTable | None:
        """Return constants between the parametrization's and SP's, None where they are its own."""
        if not self.towards_sp:
            return None
        dims = dataset(self.data).dims
        own, sp = (
            replace(program, parametrization=name).scaling_of(dims)
            for name in (self.parametrization, Parametrization.SP)
        )
        return {name: _between(own[name], sp[name], self.towards_sp) for name in own}


def together(parts: list[tuple[Cell, Result]]) -> Result:
    """Return the parts of one sweep as one result, its runs ordered by LR, then by seed."""
    runs = [(run.lr, run.seed) for cell, _ in parts for run in cell.program.runs]
    order = sorted(range(len(runs)), key=runs.__getitem__)
    found = [result for _, result in parts]
    diverged_at = [at for result in found for at in result.diverged_at]
    values = {name: [result.values[name] for result in found] for name in found[0].values}
    return Result(
        found[0].steps,
        {name: np.concatenate(arrays, axis=1)[:, order] for name, arrays in values.items()},
        tuple(diverged_at[index] for index in order),
        sum(result.seconds for result in found),
    )


@cache
def _visible_cells(task: Task) -> tuple[tuple[Cell, ...], ...]:
    """Return the parts of every visible size, so that a finer grid or more seeds leave what is trained."""
    parts = (
        (task._octaves, FEWER_SEEDS),
        (task._half_octaves, FEWER_SEEDS),
        (task.log2_lrs, SEEDS[len(FEWER_SEEDS) :]),
    )
    return tuple(
        tuple(task._cell(extent, list(enumerate(lrs)), seeds) for lrs, seeds in parts if lrs)
        for extent in task.visible
    )


@cache
def _later_cells(task: Task, base: tuple[int, ...], largest: tuple[int, ...]) -> tuple[Cell, ...]:
    cells = (*task.true_cells(base, largest), *task.curvature_cells(base))
    return (*cells, *task.settle_cells(base, largest))


def _window(centres: list[float]) -> list[float]:
    """Return half-octave steps from below the lowest centre to above the highest."""
    low, high = min(centres) - WINDOW, max(centres) + WINDOW
    return [low + STEP * index for index in range(round((high - low) / STEP) + 1)]


def _between(own: TensorScaling, other: TensorScaling, share: float) -> TensorScaling:
    """Return the weighted geometric mean of two tables' constants."""

    def mixed(a: float, b: float) -> float:
        return float(a ** (1.0 - share) * b**share)

    return own._replace(
        forward_mult=mixed(own.forward_mult, other.forward_mult),
        init_std=mixed(own.init_std, other.init_std),
        lr_mult=mixed(own.lr_mult, other.lr_mult),
        epsilon_mult=mixed(own.epsilon_mult, other.epsilon_mult),
    )
