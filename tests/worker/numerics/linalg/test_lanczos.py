from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pytest
import torch

from muscope.worker.numerics.linalg.lanczos import StoppingRule, largest_eigenpairs

TIGHT = StoppingRule(tolerance=1e-6, min_steps=3, max_steps=60)


@dataclass
class Dense:
    matrices: torch.Tensor

    def matvec(self, v_RP: torch.Tensor) -> torch.Tensor:
        return torch.bmm(self.matrices, v_RP[:, :, None])[:, :, 0]

    def select(self, keep: torch.Tensor) -> Self:
        return type(self)(self.matrices[keep])


def symmetric(eigenvalues: Any, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = len(eigenvalues)
    basis, _ = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    scaled: torch.Tensor = basis * torch.tensor(eigenvalues, dtype=torch.float64)
    return torch.matmul(scaled, basis.T)


def start(num_runs: int, size: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(num_runs, size, dtype=dtype, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_oracle_07_random_matrices_agree_with_dense_eigenvalues(dtype):
    """Oracle 7: on random symmetric matrices, against dense eigenvalues to 1e-4 relative."""
    matrices = torch.stack([symmetric(np.random.default_rng(i).standard_normal(80), i) for i in range(5)])

    pairs = largest_eigenpairs(Dense(matrices.to(dtype)), start(5, 80, dtype), TIGHT)

    expected = torch.linalg.eigvalsh(matrices)[:, -1].numpy()
    assert pairs.value_R == pytest.approx(expected, rel=1e-4)
    assert pairs.converged_R.all()
    product = torch.bmm(matrices, pairs.vector_RP.double()[:, :, None])[:, :, 0]
    rest = product - torch.from_numpy(pairs.value_R)[:, None] * pairs.vector_RP
    assert rest.norm(dim=1).numpy() / expected == pytest.approx(pairs.residual_R, abs=2e-6)


def test_oracle_07_the_largest_algebraic_eigenvalue_is_found_beside_a_more_negative_one():
    """Oracle 7: the largest *algebraic* eigenvalue is returned even if a more negative one exists."""
    matrices = torch.stack([symmetric([-50.0, *np.linspace(-3, 2, 40)]), symmetric(np.linspace(-9, -1, 41))])

    pairs = largest_eigenpairs(Dense(matrices), start(2, 41), TIGHT)

    assert pairs.value_R == pytest.approx([2.0, -1.0], rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_rank_deficient_matrix_gives_its_largest_eigenvalue_and_never_a_padded_zero(dtype):
    """Runs that end early are beside one that takes many steps; all their eigenvalues are negative or few."""
    early = [symmetric([5.0, 2.0] + [0.0] * 38), symmetric([-3.0] * 40), symmetric([-7.0, -2.0] * 20)]
    matrices = torch.stack([*early, symmetric(np.linspace(0, 1, 40))]).to(dtype)

    pairs = largest_eigenpairs(Dense(matrices), start(4, 40, dtype), TIGHT)

    assert pairs.value_R == pytest.approx([5.0, -3.0, -2.0, 1.0], rel=1e-5)
    assert pairs.converged_R.all()
    assert pairs.num_products_R[1] == 1


def test_a_zero_matrix_has_eigenvalue_zero():
    pairs = largest_eigenpairs(Dense(torch.zeros(1, 6, 6)), start(1, 6, torch.float32), TIGHT)

    assert (pairs.value_R[0], pairs.residual_R[0], pairs.converged_R[0]) == (0.0, 0.0, True)


@pytest.mark.parametrize("value", [-2.0, 0.0, 3.0])
def test_a_one_by_one_matrix_is_its_own_eigenvalue(value):
    pairs = largest_eigenpairs(Dense(torch.full((1, 1, 1), value)), torch.ones(1, 1), TIGHT)

    assert pairs.value_R[0] == value
    assert pairs.converged_R[0]


def test_as_many_steps_as_dimensions_are_exact():
    matrix = symmetric([4.0, -1.0, 3.9])[None]

    pairs = largest_eigenpairs(Dense(matrix), start(1, 3), StoppingRule(1e-300, 3, 25))

    assert pairs.value_R == pytest.approx([4.0], rel=1e-12)
    assert pairs.num_products_R[0] == 3


def test_a_run_that_is_not_finite_is_nan_and_does_not_touch_its_neighbour():
    good = symmetric(np.linspace(0, 2, 20))
    bad = good.clone()
    bad[3, 3] = torch.inf

    pairs = largest_eigenpairs(Dense(torch.stack([bad, good])), start(2, 20), TIGHT)
    alone = largest_eigenpairs(Dense(good[None]), start(2, 20)[1:], TIGHT)

    assert np.isnan(pairs.value_R[0])
    assert not pairs.converged_R[0]
    assert pairs.value_R[1] == pytest.approx(alone.value_R[0], rel=1e-12)


def test_running_out_of_steps_is_flagged():
    matrix = symmetric(np.linspace(0, 1, 200))[None]

    pairs = largest_eigenpairs(Dense(matrix), start(1, 200), StoppingRule(1e-9, 3, 5))

    assert not pairs.converged_R[0]
    assert pairs.num_products_R[0] == 5


def test_a_warm_start_takes_at_least_the_minimum_of_steps_and_then_stops():
    matrix = symmetric([10.0, *np.linspace(0, 1, 99)])[None]
    exact = torch.linalg.eigh(matrix)[1][:, :, -1]

    pairs = largest_eigenpairs(Dense(matrix), exact + 1e-3 * start(1, 100), StoppingRule(1e-3, 3, 12))

    assert pairs.num_products_R[0] == 3
    assert pairs.value_R == pytest.approx([10.0], rel=1e-6)
