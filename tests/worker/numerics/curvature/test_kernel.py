from __future__ import annotations

import pytest
import torch

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from tests import cases, reference
from tests.worker.numerics.curvature.test_measures import EVERY_CASE, largest, taken
from tests.worker.numerics.curvature.trained import SEEDS, trained


@pytest.mark.parametrize("parametrization", cases.UNDER_SGD)
@pytest.mark.parametrize("row", range(len(SEEDS)))
def test_oracle_04_the_factorised_kernel_is_the_one_of_jacobian_rows(row, parametrization):
    case = trained(parametrization=parametrization)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in case.weights(row).items()}
    f_BC = reference.outputs(leaves, case.data.x_train, case.network.scaling)

    kernel = case.hessian().tangent_kernel(row)

    expected = reference.jacobian_kernel(f_BC, leaves, case.network.scaling)
    torch.testing.assert_close(kernel, expected, rtol=1e-10, atol=1e-12)
    slow = case.jacobian(row)
    torch.testing.assert_close(kernel, slow @ slow.T / len(f_BC), rtol=1e-10, atol=1e-12)


@EVERY_CASE
def test_its_largest_eigenvalues_are_measured(loss, parametrization):
    case = trained(loss, parametrization)

    values_RK = taken(case, Measure.NTK)[Metric.NTK_EIGENVALUES]

    for row in range(len(SEEDS)):
        assert values_RK[row] == pytest.approx(largest(case.hessian().tangent_kernel(row), 5), rel=1e-8)


def test_under_squared_error_its_top_is_that_of_the_gauss_newton_part():
    """Oracle 4."""
    case = trained(Loss.SQUARED_ERROR)

    values = taken(case, Measure.NTK, Measure.GAUSS_NEWTON)

    expected_R = values[Metric.GAUSS_NEWTON_SHARPNESS]
    assert values[Metric.NTK_EIGENVALUES][:, 0] == pytest.approx(expected_R, rel=1e-6)
