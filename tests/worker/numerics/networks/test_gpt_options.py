"""Options of the GPT against a language model written with torch's modules, as a user would write it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from muscope.backend.domain.plan.adoption import adoption_recipe
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.families.transformer import GPT, Activation, Positions
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_SIZE, Parametrization, Role
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.verdicts.adoption_kit import kit_text
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import Targets
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.networks.transformer.rotary import turned
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import BatchOrder, initial_normals
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.worker.numerics.networks_cases import FamilyCase, data_of, network_of
from tests.worker.numerics.user_gpt import Config, UserGPT, as_user, names_of

MUP = Parametrization.MUP
ALL: dict[str, Any] = {
    "norm": "rms",
    "has_tied_embeddings": True,
    "activation": "swiglu",
    "positions": "rotary",
    "num_kv_heads": 1,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "rms": {"norm": "rms"},
    "tied": {"has_tied_embeddings": True},
    "swiglu": {"activation": "swiglu"},
    "rotary": {"positions": "rotary"},
    "gqa": {"num_kv_heads": 1},
    "all": ALL,
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
BASE, WIDTH, BATCH, LR = 8, 16, 4, 2.0**-7


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gpt(options: dict[str, Any]) -> GPT:
    return GPT.model_validate({"num_heads": 2} | options)


def user_model(model: GPT, network: Network, width: int, attention_scale: float) -> UserGPT:
    """Return the user's network with the options of a family."""
    config = Config(
        width=width,
        depth=network.depth,
        heads=model.num_heads,
        kv_heads=model.key_heads,
        hidden=model.mlp_ratio * width,
        vocabulary=network.dims.num_outputs,
        context=network.dims.num_features,
        norm=model.norm.value if model.has_norm else None,
        is_tied=model.has_tied_embeddings,
        is_gated=model.activation is Activation.SWIGLU,
        is_rotary=model.positions is Positions.ROTARY,
        attention_scale=attention_scale,
        branch_mult=network.branch_mult,
        readout_mult=network.readout_mult,
    )
    return UserGPT(config).double()


def effective(network: Network, name: str) -> float:
    """Return the factor that the user's weight holds: the multiplier of all but queries, whose is outside."""
    is_query = network.model.tensors(network.dims, 4, 1).get(name.replace("block_1", "block_0"))
    return 1.0 if is_query and is_query.role is Role.QUERY else network.scaling[name].forward_mult


def copied(user: UserGPT, network: Network, params: Params, run: int) -> UserGPT:
    """Set the user's weights to those of a run."""
    with torch.no_grad():
        for name, parameter in user.named_parameters():
            ours = names_of(user)[name]
            parameter.copy_(as_user(name, params[ours][run]) * effective(network, ours))
    return user


@every_option
@pytest.mark.parametrize("loss", cases.LOSSES)
def test_losses_gradients_and_hessian_products_are_those_of_the_users_network(options, loss):
    case = FamilyCase(GPT.model_validate({"num_heads": 2} | options), 2, is_text=True)
    network, params = network_of(case)
    data = data_of(case, torch.float64)
    index = torch.arange(4)
    x, y = data.x_train[index], Targets(data.y_train, data.task, 7, torch.float64).rows(index)
    derivatives = family_of(case.model).derivatives(network)
    loss_R, gradients = derivatives.loss_and_gradients(network, params, x.expand(2, -1, -1), y, loss)
    v = unflatten(torch.linspace(-1, 1, flatten(params).numel(), dtype=torch.float64).view(2, -1), params)
    curvature = derivatives.curvature(network, params, x.expand(2, -1, -1), y, loss).unweighted()
    products = unflatten(curvature.matvec(flatten(v)), params)

    for run in range(2):
        scale = network.scaling["block_0_query"].forward_mult
        assert isinstance(case.model, GPT)
        user = copied(user_model(case.model, network, 4, scale), network, params, run)
        names, weights = names_of(user), dict(user.named_parameters())
        with sdpa_kernel(SDPBackend.MATH):  # the fused one has no second derivative
            f = user(x)
        targets = data.y_train[index].flatten()
        hot = nn.functional.one_hot(targets, 7).to(f)
        squared = 0.5 * (f - hot).square().sum(-1).mean()
        found = nn.functional.cross_entropy(f, targets) if loss is Loss.CROSS_ENTROPY else squared
        torch.testing.assert_close(loss_R[run], found.detach(), rtol=1e-11, atol=0)
        slopes = torch.autograd.grad(found, list(weights.values()), create_graph=True)
        along = [as_user(name, v[names[name]][run]) * effective(network, names[name]) for name in weights]
        slope_along = torch.stack([(g * d).sum() for g, d in zip(slopes, along, strict=True)]).sum()
        slope_along.backward(inputs=list(weights.values()))
        for (name, weight), slope in zip(weights.items(), slopes, strict=True):
            factor = effective(network, names[name])
            assert weight.grad is not None
            for ours, theirs in ((gradients, slope.detach()), (products, weight.grad)):
                made = ours[names[name]]
                assert isinstance(made, Tensor)
                expected = as_user(name, made[run])
                torch.testing.assert_close(theirs * factor, expected, rtol=1e-9, atol=1e-12)


def program_of(model: GPT, width: int, optimizer: OptimizerSpec, num_steps: int) -> CellProgram:
    return CellProgram(
        parametrization=MUP,
        width=width,
        depth=1,
        base_width=BASE,
        model=model,
        loss=Loss.CROSS_ENTROPY,
        runs=(PlannedRun(0, LR, 0),),
        num_steps=num_steps,
        measure_every=num_steps,
        chunk_steps=num_steps + 1,
        batch_size=BATCH,
        sharpness_batch_size=4,
        optimizer=optimizer,
        has_curvature=False,
    )


def trajectory(program: CellProgram, data: TrainingData) -> np.ndarray:
    (window,) = train(program, data)
    return window.values[Metric.TRAIN_LOSS][:, 0]


def own_loop(user: UserGPT, data: TrainingData, steps: list[torch.optim.Optimizer], num: int) -> list[float]:
    """Train the user's network in a plain loop on µScope's batches, and return its losses."""
    order = BatchOrder(0, len(data.x_train), BATCH)
    losses = []
    for step in range(num + 1):
        index = torch.from_numpy(order.indices(0, step))
        loss = nn.functional.cross_entropy(user(data.x_train[index]), data.y_train[index].flatten())
        losses.append(loss.item())
        user.zero_grad()
        loss.backward()
        for each in steps:
            each.step()
    return losses


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


def recipe_of(model: GPT, data: TrainingData, optimizer: OptimizerSpec, num_steps: int) -> ModuleType:
    """Return `recipe.py` of the larger width as a module."""
    spec = ExperimentSpec(
        dataset_sha256="ab" * 32,
        model=model,
        arms=(Arm(parametrization=MUP, lrs=(LR,)),),
        widths=(BASE, WIDTH),
        depths=(1,),
        base_width=BASE,
        seeds=(0,),
        loss=Loss.CROSS_ENTROPY,
        optimizer=optimizer,
        batch_size=BATCH,
        num_steps=num_steps,
        measure_every=num_steps,
        sharpness_batch_size=4,
    )
    recipe = ModuleType("recipe")
    text = kit_text(
        adoption_recipe(spec, data.dims, MUP, Size(WIDTH, 1)), name="a test", lr=LR, num_steps=num_steps
    )
    exec(text, recipe.__dict__)
    return recipe


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
    program = program_of(model, WIDTH, optimizer, 200)
    recipe = recipe_of(model, data, optimizer, 200)
    scale = recipe.ATTENTION_SCALE["block_0_query"]
    network = dataclasses.replace(
        program.network_for(data.dims), branch_mult=recipe.BRANCH_MULT, readout_mult=recipe.READOUT_MULT
    )
    user = user_model(model, network, WIDTH, scale)
    drawn = normals(user, model, data, WIDTH)

    recipe.init_(user, names_of(user), normal=lambda name, _: drawn[name])
    losses = own_loop(user, data, [recipe.optimizer(user, names=names_of(user))], 200)

    np.testing.assert_allclose(losses, trajectory(program, data), rtol=1e-6)


@every_option
def test_muon_moves_the_users_network_as_ours(monkeypatch, options):
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)  # torch rounds to it inside the iteration
    optimizer = OptimizerSpec.model_validate({"kind": "muon", "muon_scale": "original", "weight_decay": 0.0})
    model, num = gpt(options), 20
    data = data_of(FamilyCase(model, 1, is_text=True), torch.float64)
    program = program_of(model, BASE, optimizer, num)
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


def test_a_network_with_rms_norms_is_blind_to_the_size_of_its_stream():
    """The stream is the embeddings' alone, since branches are multiplied by 0."""
    case = FamilyCase(GPT(num_heads=2, norm="rms"), 1, is_text=True)
    network, params = network_of(case)
    network = dataclasses.replace(network, branch_mult=0.0)
    x = data_of(case).x_train[:3].expand(2, -1, -1)
    larger = params | {name: 1000.0 * params[name] for name in ("input", "position")}

    outputs = [family_of(case.model).apply(network, each, x) for each in (params, larger)]

    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-3, atol=1e-4)


def test_with_a_key_head_for_each_query_head_the_network_is_that_without_groups():
    case = FamilyCase(GPT(num_heads=2), 2, is_text=True)
    network, params = network_of(case)
    grouped = dataclasses.replace(network, model=GPT(num_heads=2, num_kv_heads=2))
    data = data_of(case, torch.float64)
    y = Targets(data.y_train, data.task, 7, torch.float64).rows(torch.arange(3))
    x = data.x_train[:3].expand(2, -1, -1)

    sides = [
        family_of(each.model).derivatives(each).loss_and_gradients(each, params, x, y, Loss.CROSS_ENTROPY)
        for each in (network, grouped)
    ]

    assert torch.equal(sides[0][0], sides[1][0])
    for name in params:
        torch.testing.assert_close(sides[0][1][name], sides[1][1][name], rtol=0, atol=0)


def test_a_group_of_query_heads_reads_the_key_head_that_they_share():
    """As many key heads as query heads, with equal weights in a group, are the network with groups."""
    case = FamilyCase(GPT(num_heads=4, num_kv_heads=2), 1, is_text=True)
    network, params = network_of(case)
    tokens = data_of(case).x_train[:3].expand(2, -1, -1)
    spread = {
        name: torch.unflatten(weight, 2, (2, -1)).repeat_interleave(2, dim=2).flatten(2)
        for name, weight in params.items()
        if name.endswith(("_key", "_value"))
    }
    every = dataclasses.replace(network, model=GPT(num_heads=4))

    outputs = [
        family_of(each.model).apply(each, weights, tokens)
        for each, weights in ((network, params), (every, params | spread))
    ]

    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-12, atol=1e-13)


def test_logits_with_rotary_positions_depend_on_the_distance_of_two_tokens_alone():
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 8, generator=generator, dtype=torch.float64)
    logits = turned(q.expand(12, 8)) @ turned(k.expand(12, 8)).mT

    for distance in range(-11, 12):
        along = logits.diagonal(distance)
        torch.testing.assert_close(along, along[:1].expand_as(along), rtol=0, atol=1e-12)
    assert logits[0].unique().numel() > 1


def test_turning_back_undoes_a_rotation():
    x = torch.linspace(-1, 1, 40, dtype=torch.float64).view(5, 8)

    torch.testing.assert_close(turned(turned(x), is_back=True), x, rtol=0, atol=1e-14)
    torch.testing.assert_close(turned(x).norm(dim=1), x.norm(dim=1), rtol=0, atol=1e-14)


@pytest.mark.parametrize("arm", OF_SIZE)
def test_a_tied_readout_starts_with_outputs_as_large_as_those_of_an_own_readout(arm):
    """By rows that are independent of the stream: at init, √½ · m-factor is A·B of an output tensor."""
    tied, own = gpt({"has_tied_embeddings": True}), gpt({})
    optimizer = OptimizerSpec.model_validate("adamw")
    dims = data_of(FamilyCase(tied, 1, is_text=True)).dims
    for width in (8, 32, 128):
        output = own.constants(
            "output",
            own.tensors(dims, 8, 1)["output"],
            arm,
            width=width,
            base_width=8,
            optimizer=optimizer,
        )
        factor = tied.readout_mult(arm, width=width, base_width=8)
        assert factor * 0.5**0.5 == pytest.approx(output.forward_mult * output.init_std, rel=1e-12)
    assert "output" not in tied.tensors(dims, 8, 1)
