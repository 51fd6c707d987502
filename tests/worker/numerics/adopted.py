"""Training outside µScope by `recipe.py` beside µScope's own: both sides of the tests of the adoption kit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from muscope.backend.domain.plan.adoption import adoption_recipe
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.verdicts.adoption_kit import kit_text
from muscope.worker.numerics.families import FamilyNetwork
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import BatchOrder
from muscope.worker.numerics.trainer import train

MUP = Parametrization.MUP
BASE, WIDTH, BATCH, STEPS = 8, 16, 4, 200


def spec_of(model: ModelFamily, optimizer: OptimizerSpec, *, depth: int, lr: float) -> ExperimentSpec:
    """Return an experiment of two widths, whose larger one is adopted."""
    return ExperimentSpec(
        dataset_sha256="ab" * 32,
        model=model,
        arms=(Arm(parametrization=MUP, lrs=(lr,)),),
        widths=(BASE, WIDTH),
        depths=(depth,),
        base_width=BASE,
        seeds=(0,),
        loss=Loss.CROSS_ENTROPY,
        optimizer=optimizer,
        batch_size=BATCH,
        num_steps=STEPS,
        measure_every=STEPS,
        sharpness_batch_size=BATCH,
    )


def recipe_of(spec: ExperimentSpec, data: TrainingData) -> ModuleType:
    """Return `recipe.py` of the larger width as a module."""
    found = adoption_recipe(spec, data.dims, MUP, Size(WIDTH, spec.depths[0]))
    recipe = ModuleType("recipe")
    text = kit_text(found, name="a test", lr=spec.arms[0].lrs[0], num_steps=spec.num_steps)
    exec(text, recipe.__dict__)
    return recipe


def program_of(spec: ExperimentSpec, *, width: int = WIDTH, num_steps: int = STEPS) -> CellProgram:
    """Return one run of an experiment."""
    return CellProgram(
        parametrization=MUP,
        width=width,
        depth=spec.depths[0],
        base_width=BASE,
        model=spec.model,
        loss=spec.loss,
        runs=(PlannedRun(0, spec.arms[0].lrs[0], 0),),
        num_steps=num_steps,
        measure_every=num_steps,
        chunk_steps=num_steps + 1,
        batch_size=BATCH,
        sharpness_batch_size=BATCH,
        optimizer=spec.optimizer,
        has_curvature=False,
    )


def trajectory(program: CellProgram, data: TrainingData, family: FamilyNetwork | None = None) -> np.ndarray:
    """Return µScope's loss before every step, and after the last."""
    (window,) = train(program, data, family)
    return window.values[Metric.TRAIN_LOSS][:, 0]


def own_loop(
    model: nn.Module,
    data: TrainingData,
    optimizers: Iterable[torch.optim.Optimizer],
    num_steps: int = STEPS,
    as_given: Callable[[Tensor], Tensor] = lambda x: x,
) -> list[float]:
    """Train in a plain loop of torch on µScope's batches, and return the same losses."""
    order = BatchOrder(0, len(data.x_train), BATCH)
    losses = []
    for step in range(num_steps + 1):
        index = torch.from_numpy(order.indices(0, step))
        outputs = model(as_given(data.x_train[index]))
        loss = nn.functional.cross_entropy(outputs, data.y_train[index].flatten())
        losses.append(loss.item())
        model.zero_grad()
        torch.autograd.backward(loss)
        for each in optimizers:
            each.step()
    return losses
