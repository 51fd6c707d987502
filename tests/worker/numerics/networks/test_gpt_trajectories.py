"""Trajectories of the GPT's options, by `recipe.py` and under torch's Muon, in a loop as a user writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.randomness import initial_normals
from tests.worker.numerics.adopted import BASE, WIDTH, own_loop, program_of, recipe_of, spec_of, trajectory
from tests.worker.numerics.gpt_options import OPTIONS, every_option, gpt, user_model
from tests.worker.numerics.networks_cases import FamilyCase, data_of
from tests.worker.numerics.user_gpt import UserGPT, as_user, names_of

LR = 2.0**-7


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def normals(user: UserGPT, model: GPT, data: TrainingData, width: int) -> dict[str, Tensor]:
    """Return µScope's initial standard normals in the shapes of the user's parameters."""
    tensors = model.tensors(data.dims, width, 1)
    names = names_of(user)
    return {
        name: as_user(name, torch.from_numpy(initial_normals(0, 0, names[name], tensors[names[name]].shape)))
        for name, _ in user.named_parameters()
    }


RECIPE_OPTIMIZERS = {
    "sgd": OptimizerSpec.model_validate("sgd").changed(momentum=0.5, weight_decay=0.01),
    "adamw": OptimizerSpec.model_validate("adamw").changed(weight_decay=0.1),
    "muon": OptimizerSpec.model_validate("muon").changed(weight_decay=0.1),
    "adafactor": OptimizerSpec.model_validate("adafactor").changed(weight_decay=0.1),
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "adamw") for name in OPTIONS if name != "none"),
        *(("all", kind) for kind in ("sgd", "muon", "adafactor")),
    ],
)
def test_the_users_network_with_the_recipe_follows_the_trajectory_over_200_steps(name, kind):
    model, optimizer = gpt(OPTIONS[name]), RECIPE_OPTIMIZERS[kind]
    data = data_of(FamilyCase(model, 1, is_text=True), torch.float64)
    spec = spec_of(model, optimizer, depth=1, lr=LR)
    program, recipe = program_of(spec), recipe_of(spec, data)
    scale = recipe.ATTENTION_SCALE["block_0_query"]
    network = dataclasses.replace(
        program.network_for(data.dims), branch_mult=recipe.BRANCH_MULT, readout_mult=recipe.READOUT_MULT
    )
    user = user_model(model, network, WIDTH, scale)
    drawn = normals(user, model, data, WIDTH)

    recipe.init_(user, names_of(user), normal=lambda name, _: drawn[name])
    losses = own_loop(user, data, [recipe.optimizer(user, names=names_of(user))])

    np.testing.assert_allclose(losses, trajectory(program, data), rtol=1e-6)


@every_option
def test_muon_moves_the_users_network_as_ours(monkeypatch, options):
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)  # torch rounds to it inside the iteration
    optimizer = OptimizerSpec.model_validate({"kind": "muon", "muon_scale": "original", "weight_decay": 0.0})
    model, num = gpt(options), 20
    data = data_of(FamilyCase(model, 1, is_text=True), torch.float64)
    program = program_of(spec_of(model, optimizer, depth=1, lr=LR), width=BASE, num_steps=num)
    network = program.network_for(data.dims)
    user = user_model(model, network, BASE, network.scaling["block_0_query"].forward_mult)
    drawn, names = normals(user, model, data, BASE), names_of(user)
    hidden: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, weight in user.named_parameters():
        constants = network.scaling[names[name]]
        weight.data.copy_(constants.init_mean + constants.init_std * drawn[name])
        (hidden if constants.is_orthogonalised else rest).append(weight)
    momentum, nesterov = optimizer.momentum, optimizer.nesterov
    muon = torch.optim.Muon(
        hidden, lr=LR, weight_decay=0.0, momentum=momentum, nesterov=nesterov, adjust_lr_fn="original"
    )
    betas, ratio = (optimizer.beta1, optimizer.beta2), optimizer.adam_lr_ratio
    adam = torch.optim.AdamW(rest, lr=LR * ratio, betas=betas, eps=optimizer.epsilon, weight_decay=0.0)

    losses = own_loop(user, data, [muon, adam], num)

    np.testing.assert_allclose(losses, trajectory(program, data), rtol=1e-6)
