"""The forward pass and its hand-written derivatives against one network at a time and against autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization, Role
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.losses import mean_loss, target_rows
from muscope.worker.numerics.network import Network, Params, init
from muscope.worker.numerics.networks.residual_mlp.derivatives import (
    HandWrittenResidualMlp,
    ResidualMlpHessian,
)
from muscope.worker.numerics.networks.residual_mlp.forward import apply
from muscope.worker.numerics.program import TrainingData
from tests import cases, reference
from tests.autograd_hessian import AutogradHessian

PROBLEMS = [
    (cases.classification, Loss.CROSS_ENTROPY),
    (cases.classification, Loss.SQUARED_ERROR),
    (cases.regression, Loss.SQUARED_ERROR),
]


def problem(
    make_data: Callable[[torch.dtype], TrainingData], parametrization: Parametrization = Parametrization.MUP
) -> tuple[TrainingData, Network, Params, torch.Tensor, torch.Tensor]:
    data = make_data(torch.float64)
    network = cases.network(parametrization, width=16, outputs=data.num_outputs)
    params = cases.parameters(network, width=16, outputs=data.num_outputs)
    y = target_rows(data.y_train, data.task, data.num_outputs, torch.float64)
    return data, network, params, data.x_train.expand(2, -1, -1), y


@pytest.mark.parametrize("parametrization", cases.UNDER_SGD)
@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_oracle_06_stacked_outputs_and_losses_equal_one_network_at_a_time(make_data, loss, parametrization):
    data, network, params, x_RBD, y = problem(make_data, parametrization)

    f_RBC = apply(network, params, x_RBD)

    for run in range(2):
        weights = {name: tensor[run] for name, tensor in params.items()}
        expected = reference.outputs(weights, data.x_train, network.scaling)
        torch.testing.assert_close(f_RBC[run], expected)
        expected_loss = reference.loss_of(expected, data.y_train, data, loss)
        torch.testing.assert_close(mean_loss(f_RBC, y, loss)[run], expected_loss)


@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_the_hand_written_gradient_equals_autograd(make_data, loss):
    _, network, params, x_RBD, y = problem(make_data)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
    expected_loss = mean_loss(apply(network, leaves, x_RBD), y, loss)
    expected = torch.autograd.grad(expected_loss.sum(), list(leaves.values()))

    loss_R, gradients = cases.loss_and_gradients(network, params, x_RBD, y, loss)

    assert list(gradients) == list(params)
    torch.testing.assert_close(loss_R, expected_loss.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(tuple(gradients.values()), expected, rtol=1e-10, atol=1e-13)
    assert torch.equal(HandWrittenResidualMlp().forward_loss(network, params, x_RBD, y, loss), loss_R)


@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_the_r_operator_equals_double_backward(make_data, loss):
    """Oracle 6: a second, independent derivation of the same product."""
    _, network, params, x_RBD, y = problem(make_data)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
    expected = AutogradHessian(mean_loss(apply(network, leaves, x_RBD), y, loss), leaves, network.scaling)
    generator = torch.Generator().manual_seed(4)
    v_RP = torch.randn(2, flatten(params).shape[1], dtype=torch.float64, generator=generator)

    operator = ResidualMlpHessian.at(network, params, x_RBD, y, loss)

    torch.testing.assert_close(operator.matvec(v_RP), expected.matvec(v_RP), rtol=1e-9, atol=1e-12)
    second = operator.select(torch.tensor([1]))
    torch.testing.assert_close(second.matvec(v_RP[1:]), expected.matvec(v_RP)[1:], rtol=1e-9, atol=1e-12)


def test_tensors_have_the_roles_and_shapes_of_the_table():
    shapes = cases.tensor_shapes(6, 8, 2, 3)

    assert shapes == {"input": (6, 8), "block_0": (8, 8), "block_1": (8, 8), "output": (8, 3)}
    tensors = ResidualMLP().tensors(DataDims(6, 3), 8, 2)
    assert [tensor.role for tensor in tensors.values()] == [Role.INPUT, Role.HIDDEN, Role.HIDDEN, Role.OUTPUT]


def test_runs_of_one_seed_start_with_the_same_weights_in_any_stack():
    network, shapes = cases.network(), cases.tensor_shapes(6, 8, 2, 3)

    stacked = init(shapes, network.scaling, spec_seed=0, seeds=(4, 9, 4))
    alone = init(shapes, network.scaling, spec_seed=0, seeds=(4,))

    for name, tensor in stacked.items():
        assert torch.equal(tensor[0], alone[name][0])
        assert torch.equal(tensor[2], alone[name][0])
        assert not torch.equal(tensor[1], alone[name][0])


@pytest.mark.parametrize("depth", [1, 4, 16])
def test_the_residual_stream_grows_by_a_bounded_factor_over_any_depth(depth):
    """Mean square of the outputs stays between that of one block and e times the input's half."""
    network = cases.network(Parametrization.SP, width=128, depth=depth)
    params = cases.parameters(network, width=128, seeds=tuple(range(8)))
    data = cases.classification(torch.float64)

    f_RBC = apply(network, params, data.x_train.expand(8, -1, -1))

    expected = data.x_train.square().mean() * (1 + 1 / depth) ** depth / 2
    assert f_RBC.square().mean() == pytest.approx(float(expected), rel=0.3)
