from __future__ import annotations

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.measures import DensityGrid, Measure
from muscope.backend.domain.spec.metrics import NUM_DENSITY_BINS, Metric
from muscope.worker.numerics.linalg.lanczos_quadrature import binned, lanczos_quadrature
from muscope.worker.numerics.randomness import signs
from tests.worker.numerics.curvature.test_measures import EVERY_CASE, largest, taken
from tests.worker.numerics.curvature.trained import SEEDS, trained
from tests.worker.numerics.linalg.test_lanczos import symmetric

EDGES = np.array(DensityGrid().edges())


def probes(num_probes: int, size: int) -> torch.Tensor:
    return torch.from_numpy(signs(0, 1, 2, num_probes, size)).double()


def test_oracle_09_the_density_is_a_distribution_whose_first_moment_is_the_trace_per_dimension():
    """Oracle 9: the density integrates to 1 and its first moment is trace/p."""
    matrix = symmetric(np.random.default_rng(0).standard_normal(120) * 3 + 1)
    probes_MP = probes(200, 120)

    quadrature = lanczos_quadrature(lambda v_MP: v_MP @ matrix, probes_MP, 30)

    assert binned(quadrature, EDGES).sum() == pytest.approx(1.0, rel=1e-12)
    moment_M = (quadrature.node_MK * quadrature.weight_MK).sum(1)
    assert moment_M == pytest.approx(((probes_MP @ matrix) * probes_MP).sum(1).numpy() / 120, rel=1e-10)
    error = moment_M.std() / 200**0.5
    assert moment_M.mean() == pytest.approx(float(matrix.trace()) / 120, abs=4 * error)


def test_as_many_steps_as_dimensions_give_the_spectrum_itself():
    matrix = torch.diag(torch.tensor([-3.0, -3.0, 0.5, 2.0, 900.0, 1e6], dtype=torch.float64))

    share = binned(lanczos_quadrature(lambda v_MP: v_MP @ matrix, probes(2, 6), 6), EDGES)

    expected = np.histogram(np.clip(matrix.diagonal().numpy(), None, 0.99e4), EDGES)[0] / 6
    assert share == pytest.approx(expected, abs=1e-9)


def test_the_grid_is_symmetric_ascending_and_as_fine_as_declared():
    assert len(EDGES) == NUM_DENSITY_BINS + 1
    assert (np.diff(EDGES) > 0).all()
    assert pytest.approx(-EDGES[::-1]) == EDGES
    assert EDGES[-1] == pytest.approx(1e4)


@EVERY_CASE
def test_the_measured_density_is_near_the_dense_one(loss, parametrization):
    case = trained(loss, parametrization)

    density_RK = taken(case, Measure.HESSIAN_DENSITY)[Metric.HESSIAN_DENSITY]

    for row in range(len(SEEDS)):
        exact = np.histogram(torch.linalg.eigvalsh(case.dense(row)).numpy(), EDGES)[0] / len(
            case.root_lr_mult()
        )
        assert density_RK[row].sum() == pytest.approx(1.0, rel=1e-12)
        assert np.abs(np.cumsum(density_RK[row] - exact))[EDGES[1:] > 0.1].max() < 0.06


@EVERY_CASE
def test_the_largest_eigenvalues_of_the_hessian_are_measured(loss, parametrization):
    case = trained(loss, parametrization)

    values_RK = taken(case, Measure.HESSIAN_EIGENVALUES)[Metric.HESSIAN_EIGENVALUES]

    for row in range(len(SEEDS)):
        assert values_RK[row] == pytest.approx(largest(case.dense(row), 5), rel=1e-6)
