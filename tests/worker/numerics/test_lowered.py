"""Training steps in bfloat16: products are rounded, weights and curvature are not, other devices refuse."""

import dataclasses

import pytest
import torch
from torch import Tensor

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss, Precision
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.errors import InvalidInput
from muscope.worker.numerics import lowered
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.losses import Targets
from muscope.worker.numerics.lowered import Lowered, of_precision
from muscope.worker.numerics.trainer import train
from tests.worker.numerics.networks_cases import FAMILY_CASES, data_of, network_of, program_of

CPU = torch.device("cpu")
CASES = ["residual_mlp", "convnet", "residual_convnet", "vit", "gpt", "gpt_modern"]


def problem(name: str):
    """Return float32 weights of two runs of a family and a batch."""
    case = FAMILY_CASES[name]
    network, params = network_of(case)
    data = data_of(case)
    index = torch.arange(8)
    y = Targets(data.y_train, data.task, data.num_outputs, torch.float32).rows(index)
    weights = {key: weight.float() for key, weight in params.items()}
    return family_of(case.model), network, weights, data.x_train[index].expand(2, -1, -1), y


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_float32_up_to_the_rounding_of_bfloat16(name):
    family, network, params, x, y = problem(name)
    exact = family.derivatives(network)

    loss_R, gradients = Lowered(family.apply, exact).loss_and_gradients(
        network, params, x, y, Loss.CROSS_ENTROPY
    )

    expected_R, expected = exact.loss_and_gradients(network, params, x, y, Loss.CROSS_ENTROPY)
    torch.testing.assert_close(loss_R, expected_R, rtol=0.02, atol=0.02)
    assert not torch.equal(loss_R, expected_R)
    for key, weight in params.items():
        found, right = (_formed(each[key]) for each in (gradients, expected))
        assert found.dtype is weight.dtype
        assert float((found - right).norm()) < 0.1 * float(right.norm()) + 1e-3


def _formed(gradient) -> Tensor:
    return gradient if isinstance(gradient, Tensor) else gradient.dense()


def test_curvature_stays_exact():
    family, network, params, x, y = problem("gpt_modern")
    exact = family.derivatives(network)
    like = flatten(params)
    v_RP = torch.linspace(-1, 1, like.numel()).view_as(like)

    products = [
        each.curvature(network, params, x, y, Loss.CROSS_ENTROPY).matvec(v_RP)
        for each in (Lowered(family.apply, exact), exact)
    ]

    assert torch.equal(products[0], products[1])


def test_a_cell_trains_in_bfloat16_where_the_device_has_it(monkeypatch):
    monkeypatch.setattr(lowered, "has_bfloat16", lambda _: True)
    case = FAMILY_CASES["gpt_modern"]
    runs = (PlannedRun(0, 2.0**-6, 0),)
    program = program_of(case, runs=runs, num_steps=6, measure_every=6)
    data = data_of(case)

    sides = [
        next(iter(train(dataclasses.replace(program, precision=precision), data))).values
        for precision in Precision
    ]

    losses = [side[Metric.TRAIN_LOSS][:, 0] for side in sides]
    assert abs(losses[0] - losses[1]).max() < 0.05
    assert (losses[0] != losses[1]).any()
    # Measured before the first step: the same weights, and no bfloat16 there.
    assert sides[0][Metric.SHARPNESS][0] == sides[1][Metric.SHARPNESS][0]


def test_a_device_without_bfloat16_refuses_by_name(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    family, network, *_ = problem("gpt")
    exact = family.derivatives(network)

    with pytest.raises(InvalidInput) as refused:
        of_precision(Precision.BFLOAT16, family.apply, exact, CPU)

    assert (refused.value.code, refused.value.params["device"]) == ("device.no_bfloat16", "CPU")
    assert of_precision(Precision.FLOAT32, family.apply, exact, CPU) is exact
