"""Options of the GPT against a language model written with torch's modules, as a user would write it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_SIZE, Parametrization, Role
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import Targets
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.networks.transformer.rotary import turned
from tests import cases
from tests.worker.numerics.gpt_options import every_option, gpt, user_model
from tests.worker.numerics.networks_cases import FamilyCase, data_of, network_of
from tests.worker.numerics.user_gpt import UserGPT, as_user, names_of

MUP = Parametrization.MUP


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
