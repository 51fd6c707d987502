"""The adoption kit of a brought model: a plain loop with `recipe.py` follows µScope's trajectory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.domain.plan.adoption import adoption_recipe
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.verdicts.adoption_kit import kit_text
from muscope.worker.brought.loading import load_model
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.randomness import BatchOrder
from tests.worker.brought.toys import write
from tests.worker.brought.trained import SHA256, described, program, trained

# A kernel, a norm, a fixed kernel per channel, hidden matrices one of which is kept as (inputs, outputs).
NETWORK = """
import torch
from torch import nn

sizes = (8, 16, 32, 64)


class Network(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.GroupNorm(2, width)
        self.wide = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.mixed = nn.Parameter(torch.randn(2 * width, width) / width**0.5)
        self.last = nn.Linear(width, 3)

    def forward(self, x):
        h = torch.relu(self.norm(self.first(x)))
        return self.last(torch.relu(torch.relu(self.wide(h)).mean((2, 3)) @ self.mixed))


def build(width):
    return Network(width)


def batches(split, seed):
    drawn = torch.Generator().manual_seed(seed + (split == "val"))
    for _ in range(2):
        x = torch.randn(16, 1, 4, 4, generator=drawn)
        yield x, x.flatten(1)[:, :3].argmax(1)
"""
BASE, WIDTH, STEPS, BATCH, LR = 8, 16, 200, 4, 2.0**-8
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.5, "weight_decay": 0.01},
    "adamw": {"weight_decay": 0.1},
    "muon": {"weight_decay": 0.1, "muon_scale": "unit_rms"},
    "lion": {"weight_decay": 0.1},
    "adafactor": {"weight_decay": 0.1},
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("adopted"), NETWORK)


def recipe_of(family: Brought, data: TrainingData, optimizer: OptimizerSpec) -> ModuleType:
    """Return `recipe.py` of the larger width as a module."""
    spec = ExperimentSpec(
        dataset_sha256=SHA256,
        model=family,
        arms=(Arm(parametrization=Parametrization.MUP, lrs=(LR,)),),
        widths=(BASE, WIDTH),
        depths=(family.tables[0].depth,),
        base_width=BASE,
        seeds=(0,),
        loss=Loss.CROSS_ENTROPY,
        optimizer=optimizer,
        batch_size=BATCH,
        num_steps=STEPS,
        measure_every=STEPS,
        sharpness_batch_size=BATCH,
    )
    found = adoption_recipe(spec, data.dims, Parametrization.MUP, Size(WIDTH, family.tables[0].depth))
    recipe = ModuleType("recipe")
    exec(kit_text(found, name="a test", lr=LR, num_steps=STEPS), recipe.__dict__)
    return recipe


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_users_loop_with_the_recipe_follows_the_trajectory(file: Path, kind: str) -> None:
    found, own = described(file)
    data = replace(own, x_train=own.x_train.double(), x_val=own.x_val.double())
    optimizer = OptimizerSpec.model_validate({"kind": kind} | OPTIMIZERS[kind])
    recipe = recipe_of(found.family, data, optimizer)
    model = load_model(file).build(WIDTH, 0).double()
    recipe.init_(model)
    steps = recipe.optimizer(model)
    order, losses = BatchOrder(0, len(data.x_train), BATCH), []
    for step in range(STEPS + 1):
        index = torch.from_numpy(order.indices(0, step))
        outputs = model(data.x_train[index].view(-1, 1, 4, 4))
        loss = torch.nn.functional.cross_entropy(outputs, data.y_train[index])
        losses.append(float(loss.detach()))
        steps.zero_grad()
        loss.backward()
        steps.step()

    planned = program(
        found.family,
        data,
        parametrization=Parametrization.MUP,
        width=WIDTH,
        runs=(PlannedRun(0, LR, 0),),
        num_steps=STEPS,
        measure_every=STEPS,
        chunk_steps=STEPS + 1,
        batch_size=BATCH,
        optimizer=optimizer,
    )
    followed = trained(file, planned, data).values[Metric.TRAIN_LOSS][:, 0]
    np.testing.assert_allclose(losses, followed, rtol=1e-6)
