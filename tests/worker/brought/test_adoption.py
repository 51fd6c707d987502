"""The adoption kit of a brought model: a plain loop with `recipe.py` follows µScope's trajectory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.worker.brought.loading import load_model
from muscope.worker.brought.training.family import brought_family
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described
from tests.worker.numerics.adopted import WIDTH, own_loop, program_of, recipe_of, spec_of, trajectory

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
LR = 2.0**-8
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


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_users_loop_with_the_recipe_follows_the_trajectory(file: Path, kind: str) -> None:
    found, own = described(file)
    data = replace(own, x_train=own.x_train.double(), x_val=own.x_val.double())
    optimizer = OptimizerSpec.model_validate({"kind": kind} | OPTIMIZERS[kind])
    spec = spec_of(found.family, optimizer, depth=found.family.tables[0].depth, lr=LR)
    recipe = recipe_of(spec, data)
    model = load_model(file).build(WIDTH, 0).double()
    recipe.init_(model)
    losses = own_loop(model, data, [recipe.optimizer(model)], as_given=lambda x_BD: x_BD.view(-1, 1, 4, 4))

    family = brought_family(load_model(file), found.family, WIDTH, spec.depths[0])
    np.testing.assert_allclose(losses, trajectory(program_of(spec), data, family), rtol=1e-6)
