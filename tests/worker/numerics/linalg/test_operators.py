from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.worker.numerics.linalg.lanczos import StoppingRule, largest_eigenpairs
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import mean_loss, target_rows
from muscope.worker.numerics.networks.residual_mlp.forward import apply
from tests import cases, reference
from tests.autograd_hessian import AutogradHessian

EXACT = StoppingRule(tolerance=1e-13, min_steps=3, max_steps=60)


def top_eigenvalue(loss_R: Tensor, params: dict[str, Tensor]) -> NDArray[np.float64]:
    operator = AutogradHessian(loss_R, params)
    size = flatten(params).shape[1]
    start_RP = torch.randn(len(loss_R), size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return largest_eigenpairs(operator, start_RP, EXACT).value_R


def normals(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_oracle_01_the_hessian_of_linear_regression_is_the_covariance():
    """Oracle 1: with the loss ‖Xw-y‖²/(2n), λ_max(H) = λ_max(XᵀX/n)."""
    x, y = normals(30, 5), normals(30, 1, seed=1)
    w = normals(2, 5, 1, seed=2).requires_grad_()

    value_R = top_eigenvalue(mean_loss(x.expand(2, -1, -1) @ w, y, Loss.SQUARED_ERROR), {"w": w})

    expected = torch.linalg.eigvalsh(x.T @ x / 30)[-1]
    assert value_R == pytest.approx([float(expected)] * 2, rel=1e-10)


def test_oracle_01_the_mean_over_outputs_of_torch_has_another_factor():
    """Oracle 1: with torch's MSELoss(mean) and k outputs the factor is 2/(n·k), not 1/n."""
    x, y = normals(30, 5), normals(30, 4, seed=1)
    w = normals(1, 5, 4, seed=2).requires_grad_()
    loss_R = torch.nn.functional.mse_loss(x.expand(1, -1, -1) @ w, y.expand(1, -1, -1))[None]

    value_R = top_eigenvalue(loss_R, {"w": w})

    expected = 2 / (30 * 4) * torch.linalg.eigvalsh(x.T @ x)[-1]
    assert value_R == pytest.approx([float(expected)], rel=1e-8)


@pytest.mark.parametrize("num_classes", [2, 3, 7])
def test_oracle_02_softmax_regression_at_zero_has_the_covariance_over_the_class_count(num_classes):
    """Oracle 2: at W = 0 with C classes λ_max = λ_max(XᵀX/n)/C."""
    x = normals(40, 6)
    y = target_rows(torch.arange(40) % num_classes, cases.classification().task, num_classes, torch.float64)
    w = torch.zeros(1, 6, num_classes, dtype=torch.float64, requires_grad=True)

    value_R = top_eigenvalue(mean_loss(x.expand(1, -1, -1) @ w, y, Loss.CROSS_ENTROPY), {"w": w})

    expected = torch.linalg.eigvalsh(x.T @ x / 40)[-1] / num_classes
    assert value_R == pytest.approx([float(expected)], rel=1e-10)


def test_oracle_02_the_binary_logit_at_zero_has_a_quarter_of_the_covariance():
    """Oracle 2: of the binary logit it is λ_max(XᵀX/n)/4."""
    x, y = normals(40, 6), (torch.arange(40) % 2).double()
    w = torch.zeros(1, 6, 1, dtype=torch.float64, requires_grad=True)
    logits_RB = (x.expand(1, -1, -1) @ w)[..., 0]
    loss_R = torch.nn.functional.binary_cross_entropy_with_logits(logits_RB, y.expand(1, -1))[None]

    value_R = top_eigenvalue(loss_R, {"w": w})

    assert value_R == pytest.approx([float(torch.linalg.eigvalsh(x.T @ x / 40)[-1] / 4)], rel=1e-10)


def test_oracle_03_the_scalar_net_has_its_closed_hessian():
    """Oracle 3: of ½(uv - y)², H = [[v², 2uv-y], [2uv-y, u²]]; where uv = y, λ_max = u² + v²."""
    u = torch.tensor([[2.0], [3.0]], dtype=torch.float64, requires_grad=True)
    v = torch.tensor([[0.5], [1.5]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.0, 2.0], dtype=torch.float64)  # the first run fits its target

    value_R = top_eigenvalue(0.5 * ((u * v)[:, 0] - y) ** 2, {"u": u, "v": v})

    second = torch.tensor([[1.5**2, 2 * 4.5 - 2], [2 * 4.5 - 2, 3.0**2]], dtype=torch.float64)
    operator = AutogradHessian(0.5 * ((u * v)[:, 0] - y) ** 2, {"u": u, "v": v})
    columns = [operator.matvec(axis.expand(2, 2))[1] for axis in torch.eye(2, dtype=torch.float64)]
    torch.testing.assert_close(torch.stack(columns, dim=1), second)
    assert value_R == pytest.approx([2.0**2 + 0.5**2, float(torch.linalg.eigvalsh(second)[-1])], rel=1e-10)


# torch.func loads its forward-mode rules through torch.jit.script, which warns of its own end.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("loss", cases.LOSSES)
def test_oracle_06_products_by_double_backward_equal_forward_over_reverse_and_are_symmetric(loss):
    """Oracle 6: double backward = forward-over-reverse (float64, 1e-8), and u'Hv = v'Hu."""
    network, data = cases.network(), cases.classification(torch.float64)
    params = cases.parameters(network)
    y = target_rows(data.y_train, data.task, data.num_outputs, torch.float64)
    u_RP, v_RP = normals(2, flatten(params).shape[1]), normals(2, flatten(params).shape[1], seed=1)

    def summed_loss(named: dict[str, Tensor]) -> Tensor:
        return mean_loss(apply(network, named, data.x_train.expand(2, -1, -1)), y, loss).sum()

    leaves = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
    loss_R = mean_loss(apply(network, leaves, data.x_train.expand(2, -1, -1)), y, loss)
    operator = AutogradHessian(loss_R, leaves)
    hv_RP, hu_RP = operator.matvec(v_RP), operator.matvec(u_RP)

    tangent = torch.func.jvp(torch.func.grad(summed_loss), (params,), (unflatten(v_RP, params),))[1]
    torch.testing.assert_close(hv_RP, flatten(tangent), rtol=1e-8, atol=1e-10)
    torch.testing.assert_close((u_RP * hv_RP).sum(1), (v_RP * hu_RP).sum(1), rtol=1e-10, atol=1e-12)


def test_oracle_06_products_agree_with_central_differences_in_float32():
    """Oracle 6: central differences agree to 1e-4 in float32, on one linear layer, where no ReLU switches."""
    data = cases.classification()
    y = target_rows(data.y_train, data.task, data.num_outputs, torch.float32)
    w, v = normals(1, 6, 3).float(), torch.nn.functional.normalize(normals(1, 18, seed=1).float())

    def gradient(weight: Tensor) -> Tensor:
        leaf = weight.clone().requires_grad_()
        value = mean_loss(data.x_train.expand(1, -1, -1) @ leaf, y, Loss.CROSS_ENTROPY).sum()
        return torch.autograd.grad(value, leaf)[0].flatten(1)

    leaf = w.clone().requires_grad_()
    loss_R = mean_loss(data.x_train.expand(1, -1, -1) @ leaf, y, Loss.CROSS_ENTROPY)
    product = AutogradHessian(loss_R, {"w": leaf}).matvec(v)

    epsilon = 1e-2
    step = epsilon * v.view_as(w)
    difference = (gradient(w + step) - gradient(w - step)) / (2 * epsilon)
    assert (difference - product).norm() / product.norm() < 1e-4


@pytest.mark.parametrize("parametrization", cases.UNDER_SGD)
def test_products_are_weighted_with_the_learning_rate_multipliers(parametrization):
    network, data = cases.network(parametrization, width=16), cases.classification(torch.float64)
    params = cases.parameters(network, width=16, seeds=(5,))
    y = target_rows(data.y_train, data.task, data.num_outputs, torch.float64)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
    loss_R = mean_loss(apply(network, leaves, data.x_train[None]), y, Loss.CROSS_ENTROPY)
    v_RP = normals(1, flatten(params).shape[1])

    product_RP = AutogradHessian(loss_R, leaves, network.scaling).matvec(v_RP)

    weights = {name: tensor[0] for name, tensor in params.items()}
    args = (data.x_train, data.y_train, data, Loss.CROSS_ENTROPY, network.scaling)
    torch.testing.assert_close(product_RP[0], reference.dense_hessian(weights, *args) @ v_RP[0])


def test_selected_runs_keep_their_products():
    params = {"w": normals(3, 4).requires_grad_()}
    operator = AutogradHessian((params["w"] ** 4).sum(1), params)
    v_RP = normals(3, 4, seed=1)

    selected = operator.select(torch.tensor([2, 0])).matvec(v_RP[[2, 0]])

    torch.testing.assert_close(selected, operator.matvec(v_RP)[[2, 0]])
