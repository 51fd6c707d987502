from __future__ import annotations

import numpy as np
import pytest
import torch

from muscope.worker.numerics.linalg.block_lanczos import TopEigenpairs, top_eigenpairs
from muscope.worker.numerics.linalg.lanczos import StoppingRule
from tests.worker.numerics.linalg.test_lanczos import symmetric

TIGHT = StoppingRule(tolerance=1e-9, min_steps=1, max_steps=40)


def of(matrix: torch.Tensor, *, count: int = 5, block: int = 5, rule: StoppingRule = TIGHT) -> TopEigenpairs:
    generator = torch.Generator().manual_seed(3)
    start_MP = torch.randn(block, len(matrix), generator=generator, dtype=torch.float64).to(matrix)
    return top_eigenpairs(lambda v_MP: v_MP @ matrix, start_MP, count, rule)


def test_the_largest_algebraic_eigenvalues_come_first():
    matrix = symmetric([-50.0, *np.linspace(-3, 2, 99)])

    pairs = of(matrix)

    assert pairs.value_K == pytest.approx(np.linspace(-3, 2, 99)[:-6:-1], rel=1e-6)
    residual = (pairs.vector_KP @ matrix - torch.from_numpy(pairs.value_K)[:, None] * pairs.vector_KP).norm(
        dim=1
    )
    assert residual.numpy() / 2 == pytest.approx(pairs.residual_K, abs=1e-8)


def test_an_eigenvalue_that_occurs_four_times_is_found_four_times():
    pairs = of(symmetric([7.0] * 4 + [3.0] + [0.0] * 50))

    assert pairs.value_K == pytest.approx([7.0] * 4 + [3.0], rel=1e-8)


def test_single_precision_is_enough_for_a_rank_deficient_matrix():
    pairs = of(symmetric([5.0, 4.0, 1.0] + [0.0] * 60).float(), rule=StoppingRule(1e-4, 1, 20))

    assert pairs.value_K == pytest.approx([5.0, 4.0, 1.0, 0.0, 0.0], abs=1e-5)


def test_fewer_dimensions_than_asked_for_are_filled_with_nan():
    pairs = of(symmetric([2.0, 1.0, -1.0]))

    assert pairs.value_K[:3] == pytest.approx([2.0, 1.0, -1.0])
    assert np.isnan(pairs.value_K[3:]).all()


def test_a_matrix_that_is_not_finite_has_no_eigenvalues():
    assert np.isnan(of(torch.full((9, 9), torch.inf, dtype=torch.float64)).value_K).all()
