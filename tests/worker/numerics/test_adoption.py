"""The adoption kit: a plain loop of torch with `recipe.py` follows µScope's trajectory, for every family."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.model import FAMILIES
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.families import NETWORKS, network_of
from muscope.worker.numerics.network import Network
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.randomness import initial_normals
from tests.worker.numerics.adopted import own_loop, program_of, recipe_of, spec_of, trajectory

LR = 2.0**-7
OPTIMIZERS = {
    "sgd": OptimizerSpec.model_validate("sgd").changed(momentum=0.5, weight_decay=0.01),
    "adamw": OptimizerSpec.model_validate("adamw").changed(weight_decay=0.1),
    "muon": OptimizerSpec.model_validate("muon").changed(weight_decay=0.1, adam_lr_ratio=0.5),
    "muon, original": OptimizerSpec(kind="muon", muon_scale="original", nesterov=False, weight_decay=0.1),
    "lion": OptimizerSpec.model_validate("lion").changed(weight_decay=0.1),
    "adafactor": OptimizerSpec.model_validate("adafactor").changed(weight_decay=0.1),
    "adafactor, not relative": OptimizerSpec(kind="adafactor", scale_parameter=False, weight_decay=0.1),
}
TRAINED = [family for family in FAMILIES if family().name in NETWORKS]
CASES = [(family, optimizer) for optimizer in ("sgd", "adamw", "muon") for family in TRAINED]
CASES += [
    (ResidualMLP, "muon, original"),
    (ConvNet, "lion"),
    (GPT, "lion"),
    (GPT, "adafactor"),
    (ConvNet, "adafactor"),
    (ResidualMLP, "adafactor, not relative"),
]
IMAGE = ImageShape(height=4, width=4, channels=1)


def data_for(family: ModelFamily) -> TrainingData:
    """Return a little data that the family reads, in float64."""
    drawn = np.random.default_rng(0)
    if family.takes_text:
        tokens = torch.from_numpy(drawn.integers(0, 7, (16, 5)))
        x, y = tokens[:, :-1], tokens[:, 1:]
        return TrainingData(x, y, x, y, Task.LANGUAGE_MODELLING, 7, text_dtype=torch.float64)
    x = torch.from_numpy(drawn.standard_normal((16, 16)))
    y = torch.from_numpy(drawn.integers(0, 3, 16))
    return TrainingData(x, y, x, y, Task.CLASSIFICATION, 3, image=IMAGE)


def depth_of(family: ModelFamily) -> int:
    """Return a depth that the family can have."""
    return 3 if family.name == "residual_convnet" else 1


class Plain(nn.Module):
    """The network without µScope's multipliers: parameters as a user would have them."""

    def __init__(self, spec: ExperimentSpec, data: TrainingData, recipe: ModuleType) -> None:
        super().__init__()
        tensors = spec.model.tensors(data.dims, recipe.WIDTH, recipe.DEPTH)
        for name, tensor in tensors.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(tensor.shape, dtype=torch.float64)))
        plain = {name: TensorScaling(recipe.ATTENTION_SCALE.get(name, 1.0), 1.0, 1.0) for name in tensors}
        self._network = Network(plain, recipe.DEPTH, recipe.BRANCH_MULT, spec.model, data.dims)
        self._apply_family = network_of(spec.model).apply

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        stacked = {name: parameter[None] for name, parameter in self.named_parameters()}
        return self._apply_family(self._network, stacked, x[None])[0]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("family", "optimizer"), CASES)
def test_a_loop_with_the_recipe_follows_the_trajectory(family: type[ModelFamily], optimizer: str) -> None:
    data = data_for(family())
    spec = spec_of(family(), OPTIMIZERS[optimizer], depth=depth_of(family()), lr=LR)
    recipe = recipe_of(spec, data)

    model = Plain(spec, data, recipe)
    recipe.init_(
        model, normal=lambda name, shape: torch.from_numpy(initial_normals(0, 0, name, tuple(shape)))
    )
    losses = own_loop(model, data, [recipe.optimizer(model)])

    np.testing.assert_allclose(losses, trajectory(program_of(spec), data), rtol=1e-6)
