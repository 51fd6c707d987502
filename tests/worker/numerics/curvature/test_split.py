"""The Hessian as Gauss-Newton plus residual part, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from tests import cases
from tests.worker.numerics.curvature.trained import SEEDS, trained


def normals(size: int) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(len(SEEDS), size, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("loss", cases.LOSSES)
def test_oracle_05_the_parts_add_up_to_the_hessian(loss):
    """Oracle 5: H = G + R, as an identity of products."""
    hessian = trained(loss).hessian()
    v_RP = normals(flatten(hessian.params).shape[1])

    parts_RP = hessian.gauss_newton().matvec(v_RP) + hessian.residual().matvec(v_RP)

    torch.testing.assert_close(parts_RP, hessian.matvec(v_RP), rtol=1e-12, atol=1e-13)


def test_oracle_05_without_a_residual_there_is_no_residual_part():
    """Oracle 5: R = 0 where every output equals its target, and H = G there."""
    case = trained(Loss.SQUARED_ERROR)
    f_RBC = case.hessian().forward.f_RBC
    x_RBD = case.data.x_train.expand(len(SEEDS), -1, -1)
    fitted = ResidualMlpHessian.at(case.network, case.params, x_RBD, f_RBC, Loss.SQUARED_ERROR)
    v_RP = normals(flatten(case.params).shape[1])

    product_RP = fitted.matvec(v_RP)

    assert not fitted.residual().matvec(v_RP).any()
    torch.testing.assert_close(fitted.gauss_newton().matvec(v_RP), product_RP, rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(case.hessian().gauss_newton().matvec(v_RP), product_RP, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("loss", cases.LOSSES)
def test_oracle_05_the_gauss_newton_part_is_positive_semidefinite_and_made_of_the_jacobian(loss):
    """Oracle 5: G is positive semidefinite, and (1/n) Σ Jᵀ (∂²ℓ/∂f²) J with a Jacobian taken row by row."""
    case = trained(loss)
    size = flatten(case.params).shape[1]
    operator = case.hessian().gauss_newton().select(torch.zeros(size, dtype=torch.int64))

    dense = operator.matvec(torch.eye(size, dtype=torch.float64))

    f_BC = case.hessian().forward.f_RBC[0]
    p_BC = torch.softmax(f_BC, -1)
    curvature_BCC = torch.diag_embed(p_BC) - p_BC[:, :, None] * p_BC[:, None]
    if loss is Loss.SQUARED_ERROR:
        curvature_BCC = torch.eye(f_BC.shape[1], dtype=torch.float64).expand_as(curvature_BCC)
    rows_CBP = case.jacobian(0).unflatten(0, (f_BC.shape[1], -1))
    expected = torch.einsum("cbp,bcd,dbq->pq", rows_CBP, curvature_BCC, rows_CBP) / len(f_BC)
    torch.testing.assert_close(dense, expected, rtol=1e-10, atol=1e-12)
    assert torch.linalg.eigvalsh(dense)[0] > -1e-12


def test_oracle_04_under_squared_error_the_gauss_newton_part_has_the_eigenvalues_of_the_tangent_kernel():
    """Oracle 4: the non-zero eigenvalues of G under squared error are those of JJᵀ/n."""
    case = trained(Loss.SQUARED_ERROR)
    size = flatten(case.params).shape[1]
    operator = case.hessian().gauss_newton().select(torch.zeros(size, dtype=torch.int64))

    dense = operator.matvec(torch.eye(size, dtype=torch.float64))

    rows = case.jacobian(0)
    kernel = rows @ rows.T / len(case.data.x_train)
    count = len(kernel)
    expected = torch.linalg.eigvalsh(kernel)
    torch.testing.assert_close(torch.linalg.eigvalsh(dense)[-count:], expected, rtol=1e-9, atol=1e-11)
