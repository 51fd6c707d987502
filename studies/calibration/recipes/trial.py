"""Trial of a recipe on a dataset: the cells of µP and its control at two widths, coarse to fine.

An octave grid with few seeds finds where a width is best; half octaves with eight seeds around it follow, and
go on to the side where the best one is the last.

Shapes: E learning rates, S seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.plan.defaults import default_loss
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss, control_for
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import UpdateFamily
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import CellProgram
from studies.calibration.kept import Cell
from studies.calibration.recipes.recipe import DATA, PASSES, RECIPES, Recipe
from studies.cells.datasets import dataset
from studies.cells.jobs import Result, Results

BASE, TARGET, DEPTH = 32, 128, 2
BATCH_SIZE, FEWEST_STEPS, MOST_STEPS, MEASUREMENTS = 64, 100, 600, 10
SEEDS = tuple(range(8))
# Seeds of the octave grids at the base and at the target, which only say where to look.
BASE_SCOUTS, TARGET_SCOUTS = SEEDS[:4], SEEDS[:2]
OCTAVES, REACH, STEP = 11, 3, 0.5
MOST_EXTENSIONS = 4
# Seen at most so often, an example is new: the training loss is that of unseen data.
ABOUT_ONCE = 1.5
TAIL_FRACTION = 0.1
LOWEST_ADAM = -11
LOWEST_SGD = {Loss.CROSS_ENTROPY: -6, Loss.SQUARED_ERROR: -9}

Look = Callable[[Cell], Result | None]


@dataclass(frozen=True)
class Sweep:
    """Deciding losses of one width.

    Attributes:
        log2_lrs: ascending.
        losses: [E, S]; a diverged run has its loss at init.
        has_diverged: [E, S].
        initial: mean loss at init.
    """

    log2_lrs: tuple[float, ...]
    losses: Values
    has_diverged: NDArray[np.bool_]
    initial: float

    @property
    def best(self) -> int:
        """Return the place of the LR with the lowest mean loss."""
        return int(self.losses.mean(axis=1).argmin())

    @property
    def is_at_edge(self) -> bool:
        """Tell whether the best LR is the first or the last."""
        return self.best in (0, len(self.log2_lrs) - 1)


@dataclass(frozen=True)
class Trial:
    """One recipe on one dataset for some steps."""

    data: str
    recipe: Recipe
    num_steps: int

    @property
    def name(self) -> str:
        """Return a name for the log."""
        return f"{self.data}, {self.recipe.name}, {self.num_steps} steps"

    @property
    def loss(self) -> Loss:
        """Return the usual loss of the task."""
        return default_loss(dataset(self.data).task)

    @property
    def arms(self) -> tuple[Parametrization, Parametrization]:
        """Return µP and the arm that should fail."""
        return Parametrization.MUP, control_for(self.loss, self.recipe.optimizer)

    @property
    def passes(self) -> float:
        """Return how often an example is seen."""
        return self.num_steps * BATCH_SIZE / len(dataset(self.data).x_train)

    @property
    def deciding(self) -> Metric:
        """Return the loss that decides: of training where an example is seen about once, else validation."""
        return Metric.TRAIN_LOSS if self.passes <= ABOUT_ONCE else Metric.VAL_LOSS

    def plan(self, results: Results) -> list[Cell]:
        """Return every cell known so far."""
        cells: list[Cell] = []

        def look(cell: Cell) -> Result | None:
            cells.append(cell)
            return results.get(cell.key())

        for arm in self.arms:
            self.sweeps(arm, look)
        return cells

    def sweeps(self, arm: Parametrization, look: Look) -> tuple[Sweep, Sweep] | None:
        """Return the sweeps of base and target around their best LRs; None while a cell is missing."""
        lowest = self._lowest()
        scouted = self._sweep(arm, BASE, [_grid(lowest, lowest + OCTAVES - 1, 1.0)], BASE_SCOUTS, look)
        if scouted is None:
            return None
        at_base = scouted.log2_lrs[scouted.best]
        around = _grid(at_base - REACH, at_base + REACH, 1.0)
        scouted = self._sweep(arm, TARGET, [around], TARGET_SCOUTS, look)
        base = self._refined(arm, BASE, at_base, at_base, look)
        if scouted is None or base is None:
            return None
        ends = sorted((base.log2_lrs[base.best], scouted.log2_lrs[scouted.best]))
        target = self._refined(arm, TARGET, ends[0], ends[1], look)
        return None if target is None else (base, target)

    def _refined(self, arm: Parametrization, width: int, low: float, high: float, look: Look) -> Sweep | None:
        parts = [_grid(low - STEP, high + STEP, STEP)]
        while True:
            sweep = self._sweep(arm, width, parts, SEEDS, look)
            if sweep is None or not sweep.is_at_edge or len(parts) > MOST_EXTENSIONS:
                return sweep
            first, last = sweep.log2_lrs[0], sweep.log2_lrs[-1]
            is_below = sweep.best == 0
            parts.append(_grid(first - 2 * STEP, first - STEP, STEP) if is_below else
                         _grid(last + STEP, last + 2 * STEP, STEP))  # fmt: skip

    def _sweep(
        self,
        arm: Parametrization,
        width: int,
        parts: Sequence[tuple[float, ...]],
        seeds: tuple[int, ...],
        look: Look,
    ) -> Sweep | None:
        found = [look(_cell(self, arm, width, part, seeds)) for part in parts]
        known = [result for result in found if result is not None]
        if len(known) < len(found):
            return None
        log2_lrs = [e for part in parts for e in part]
        order = np.argsort(log2_lrs)
        shape = (len(log2_lrs), len(seeds))
        diverged = np.array([at is not None for result in known for at in result.diverged_at]).reshape(shape)
        initial = np.concatenate([result.values[self.deciding][0] for result in known]).reshape(shape)
        losses = np.concatenate([self._final(result) for result in known]).reshape(shape)
        losses = np.where(diverged | ~np.isfinite(losses), initial, losses)
        return Sweep(tuple(log2_lrs[i] for i in order), losses[order], diverged[order], float(initial.mean()))

    def _final(self, result: Result) -> Values:
        """Return the deciding loss [R]: mean of the tail, or the best validation loss so far."""
        values = result.values[self.deciding]
        if self.deciding is Metric.TRAIN_LOSS:
            tail: Values = values[-max(1, round(TAIL_FRACTION * self.num_steps)) :].mean(axis=0)
            return tail
        best: Values = np.where(np.isfinite(values), values, np.inf).min(axis=0)
        return best

    def _lowest(self) -> int:
        optimizer = self.recipe.optimizer
        if optimizer.family is UpdateFamily.ADAM:
            return LOWEST_ADAM
        # A step with momentum 0.9 is up to ten steps: three octaves.
        return LOWEST_SGD[self.loss] - (3 if optimizer.momentum else 0)


def num_steps(num_train: int, passes: int) -> int:
    """Return the steps of so many passes over the data, within bounds."""
    return min(MOST_STEPS, max(FEWEST_STEPS, round(passes * num_train / BATCH_SIZE)))


def trials() -> list[Trial]:
    """Return all trials: few steps first, a dataset's recipes one after the other."""
    settings = {
        (num_steps(len(dataset(name).x_train), passes), place)
        for passes in PASSES
        for place, name in enumerate(DATA)
    }
    dear = [one for one in settings if one[0] == MOST_STEPS]
    once = [one for one in settings if one[0] == num_steps(len(dataset(DATA[one[1]]).x_train), 1)]
    listed = [one for one in sorted(once, key=lambda one: one[1]) if one not in dear]
    listed += sorted(settings - set(once) - set(dear))
    listed += sorted(dear, key=lambda one: -one[1])
    return [Trial(DATA[place], recipe, steps) for steps, place in listed for recipe in RECIPES]


def _grid(low: float, high: float, step: float) -> tuple[float, ...]:
    return tuple(float(e) for e in np.arange(low, high + step / 2, step))


@cache
def _cell(
    trial: Trial, arm: Parametrization, width: int, log2_lrs: tuple[float, ...], seeds: tuple[int, ...]
) -> Cell:
    runs = [PlannedRun(index, 2.0**e, seed) for index, e in enumerate(log2_lrs) for seed in seeds]
    program = CellProgram(
        parametrization=arm,
        width=width,
        depth=DEPTH,
        base_width=BASE,
        model=ResidualMLP(),
        loss=trial.loss,
        runs=tuple(runs),
        num_steps=trial.num_steps,
        measure_every=trial.num_steps // MEASUREMENTS,
        chunk_steps=trial.num_steps + 1,
        batch_size=BATCH_SIZE,
        sharpness_batch_size=BATCH_SIZE,
        optimizer=trial.recipe.optimizer,
        has_curvature=False,
    )
    return Cell(trial.data, program)
