"""Default plan of a dataset, run when a user changes nothing.

µP and the control that discriminates under the chosen loss, widths 32-256, 5 seeds, LRs one octave apart,
sharpness every 30 steps, trained as the recipe says. A plan that would take too long gets fewer steps, never
fewer seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, Calibration, predict, wall_seconds
from muscope.backend.domain.plan.recipes import MEASURE_EVERY, RECIPE_PLANS, Recipe
from muscope.backend.domain.protocol import foreseen_cells
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss, arms_for
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.model import Model
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization

WIDTHS = (32, 64, 128, 256)
DEPTHS = (3,)
SEEDS = (0, 1, 2, 3, 4)
BATCH_SIZE = 64
SHARPNESS_BATCH_SIZE = 256
MIN_INTERVALS = 2
# Three updates of a copy per run: cheap, and the verdict can check M7 with it (ADR 0018).
MEASURES = (Measure.COORDINATE_CHECK,)
# Below the promised 3 minutes, to allow for start-up and the prediction's error.
TARGET_SECONDS = 150.0

# log2 of the lowest LR of the grid under SGD, from sweeps on built-in datasets (docs/log.md, 2026-11-23, for
# the conv nets 2026-11-24): every optimum seen at default widths has at least one grid point on either side.
LOWEST_LOG2_LR: dict[tuple[Loss, Parametrization], int] = {
    (Loss.CROSS_ENTROPY, Parametrization.MUP): -6,
    (Loss.CROSS_ENTROPY, Parametrization.DEPTH_MUP): -6,
    (Loss.CROSS_ENTROPY, Parametrization.COMPLETEP): -6,
    (Loss.CROSS_ENTROPY, Parametrization.NTP): -5,
    (Loss.CROSS_ENTROPY, Parametrization.SP): -6,
    (Loss.SQUARED_ERROR, Parametrization.MUP): -8,
    (Loss.SQUARED_ERROR, Parametrization.DEPTH_MUP): -8,
    (Loss.SQUARED_ERROR, Parametrization.COMPLETEP): -8,
    (Loss.SQUARED_ERROR, Parametrization.NTP): -8,
    (Loss.SQUARED_ERROR, Parametrization.SP): -9,
}
# Of adapters there is no sweep yet: the grid of the usual arm, to be named by whoever has tuned already.
LOWEST_LOG2_LR |= {
    (loss, rule): LOWEST_LOG2_LR[loss, Parametrization.MUP]
    for loss in (Loss.CROSS_ENTROPY, Loss.SQUARED_ERROR)
    for rule in OF_RANK
}
# A brought network's own loss is of unknown size: the grid of the usual one.
LOWEST_LOG2_LR |= {(Loss.OWN, arm): LOWEST_LOG2_LR[Loss.CROSS_ENTROPY, arm] for arm in Parametrization}
NUM_LRS = 9
# The same under Adam and AdamW, whose steps depend neither on the size of the loss nor on the arm at base:
# the optima of the recipe study lay between 2^-10 and 2^-3 (ADR 0029), those of Muon between 2^-7 and 2^-4
# (ADR 0061).
LOWEST_LOG2_LR_ADAM, NUM_LRS_ADAM = -11, 10
# Of Adafactor's relative steps: optima between 2^-6 and 2^-4, borders at 2^-2 to 2^0 (ADR 0061).
LOWEST_LOG2_LR_RELATIVE = -9


@dataclass(frozen=True)
class Capacity:
    """Capacity a plan is made for: number of slots, speed of each, and their device.

    Attributes:
        gpu_memory_bytes: what a cell may use of the smallest GPU; None means that the CPU trains.
        pace: actual over predicted time of the cells that have run lately: neighbours come and go.
    """

    slots: int
    calibration: Calibration = DEFAULT_CALIBRATION
    gpu_memory_bytes: int | None = None
    pace: float = 1.0


def default_loss(task: Task) -> Loss:
    """Return the usual loss of a task."""
    return Loss.SQUARED_ERROR if task is Task.REGRESSION else Loss.CROSS_ENTROPY


class FamilyDefaults(NamedTuple):
    """Default plan of a model family, where it differs from the residual MLP's."""

    widths: tuple[int, ...] = WIDTHS
    depths: tuple[int, ...] = DEPTHS
    seeds: tuple[int, ...] = SEEDS
    batch_size: int = BATCH_SIZE
    sharpness_batch_size: int = SHARPNESS_BATCH_SIZE


# Smaller grids for costlier models, with three seeds (a provisional verdict).
FAMILY_DEFAULTS: dict[str, FamilyDefaults] = {
    "convnet": FamilyDefaults((16, 32, 64, 128), (1,), SEEDS, 64, 64),
    "residual_convnet": FamilyDefaults((4, 8, 16), (3,), SEEDS[:3], 32, 32),
    "vit": FamilyDefaults((16, 32, 64, 128), (2,), SEEDS[:3], 32, 64),
    "gpt": FamilyDefaults((16, 32, 64, 128), (2,), SEEDS[:3], 16, 16),
}


def usual_measures(loss: Loss, model: ModelFamily) -> tuple[Measure, ...]:
    """Return what is measured besides where nothing else is asked for."""
    return () if loss is Loss.OWN or isinstance(model, Adapted) else MEASURES


def has_own_loss(model: ModelFamily) -> bool:
    """Return whether it is a brought network that trains on a loss of its own."""
    return isinstance(model, Brought) and model.example is not None and model.example.is_whole_batch


def _family_defaults(model: ModelFamily) -> FamilyDefaults:
    """Return the defaults of a family; of a brought network, the widths that its workers have looked at."""
    if isinstance(model, Adapted) and model.is_described:
        return FamilyDefaults(_ranks(model.largest_rank), (model.network_depth or 1,), SEEDS[:3], 32, 64)
    if isinstance(model, Brought) and model.is_described:
        return FamilyDefaults(model.sizes[:4], (model.tables[0].depth,), SEEDS[:3], 32, 64)
    return FAMILY_DEFAULTS.get(model.name, FamilyDefaults())


def _ranks(largest: int) -> tuple[int, ...]:
    """Return four ranks one octave apart, up to 32 or as far as the layers allow."""
    highest = min(5, largest.bit_length() - 1)
    return tuple(2**power for power in range(max(0, highest - 3), highest + 1))


def default_model(shape: DatasetShape) -> Model:
    """Return the default family of a kind of data: GPT for text, the residual MLP for everything else."""
    return GPT() if shape.task is Task.LANGUAGE_MODELLING else ResidualMLP()


def default_arm(
    loss: Loss,
    parametrization: Parametrization,
    optimizer: OptimizerSpec = PLAIN_SGD,
) -> Arm:
    """Return an arm with the default LR grid; momentum b multiplies a step by up to 1/(1-b)."""
    if optimizer.family is not UpdateFamily.SGD:
        is_relative = optimizer.family is UpdateFamily.RELATIVE
        lowest, count = LOWEST_LOG2_LR_RELATIVE if is_relative else LOWEST_LOG2_LR_ADAM, NUM_LRS_ADAM
    else:
        lowest = LOWEST_LOG2_LR[loss, parametrization] + round(math.log2(1.0 - optimizer.momentum))
        count = NUM_LRS
    return Arm(parametrization=parametrization, lrs=tuple(2.0 ** (lowest + i) for i in range(count)))


def default_spec(
    dataset_sha256: str,
    shape: DatasetShape,
    *,
    loss: Loss | None = None,
    optimizer: OptimizerSpec | None = None,
    model: Model | None = None,
    recipe: Recipe = Recipe.USUAL,
) -> ExperimentSpec:
    """Return the default plan for a dataset, with the full number of steps."""
    plan = RECIPE_PLANS[recipe]
    model = model or default_model(shape)
    loss = loss or (Loss.OWN if has_own_loss(model) else default_loss(shape.task))
    defaults = _family_defaults(model)
    optimizer = optimizer or plan.optimizer_of(model)
    batch_size = min(defaults.batch_size, shape.num_train)
    arms = arms_for(model, loss, optimizer)
    return ExperimentSpec(
        dataset_sha256=dataset_sha256,
        model=model,
        arms=tuple(default_arm(loss, arm, optimizer) for arm in arms),
        widths=defaults.widths,
        depths=defaults.depths,
        base_width=defaults.widths[0],
        seeds=defaults.seeds,
        loss=loss,
        optimizer=optimizer,
        batch_size=batch_size,
        num_steps=plan.num_steps(shape.num_train, batch_size),
        measure_every=MEASURE_EVERY,
        measures=usual_measures(loss, model),
        sharpness_batch_size=min(defaults.sharpness_batch_size, shape.num_train),
    )


def plan_seconds(
    spec: ExperimentSpec, cells: Sequence[PlannedCell], shape: DatasetShape, capacity: Capacity
) -> float:
    """Predict the wall time of these cells."""
    costs = [predict(spec, shape, cell, capacity.calibration) for cell in cells]
    return wall_seconds([cost.seconds for cost in costs], slots=capacity.slots)


def cut_steps(
    spec: ExperimentSpec,
    shape: DatasetShape,
    capacity: Capacity,
    *,
    target_seconds: float = TARGET_SECONDS,
) -> ExperimentSpec:
    """Remove whole measurement intervals from the end until the expected path fits the target time.

    A step up in training is left out: it takes what was asked for, however short its base is. Measures that
    were asked for besides the usual ones take more time and no steps: other steps would be another question.
    """
    asked = spec
    spec = spec.model_copy(update={"measures": usual_measures(spec.loss, spec.model)})
    cells = [cell for cell in foreseen_cells(spec) if not cell.scenario.is_step_up]
    least = MIN_INTERVALS * spec.measure_every
    while plan_seconds(spec, cells, shape, capacity) > target_seconds:
        if spec.num_steps - spec.measure_every < least:
            break
        spec = spec.model_copy(update={"num_steps": spec.num_steps - spec.measure_every})
    return asked.model_copy(update={"num_steps": spec.num_steps})
