from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pytest
import torch
from torch import Tensor

from muscope.worker.numerics.linalg.trace import hutchinson_trace
from muscope.worker.numerics.randomness import signs


@dataclass
class Repeated:
    matrix: Tensor

    def matvec(self, v_RP: Tensor) -> Tensor:
        return v_RP @ self.matrix

    def select(self, keep: Tensor) -> Self:  # noqa: ARG002
        return self


def probes(num_probes: int, size: int) -> Tensor:
    return torch.from_numpy(signs(0, 1, 2, num_probes, size)).double()


def test_oracle_08_a_diagonal_matrix_has_its_exact_trace_from_any_probe():
    """Oracle 8: Hutchinson is exact for diagonal matrices."""
    estimate = hutchinson_trace(
        Repeated(torch.diag(torch.linspace(-3, 7, 50, dtype=torch.float64))), probes(2, 50)
    )

    assert estimate.value == pytest.approx(100.0, rel=1e-12)
    assert estimate.standard_error == pytest.approx(0.0, abs=1e-12)


def test_oracle_08_the_variance_is_twice_the_squared_norm_off_the_diagonal():
    """Oracle 8: the variance of one probe is 2(‖A‖_F² - Σ a_ii²)."""
    half = torch.randn(40, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    matrix = (half + half.T) / 2

    estimate = hutchinson_trace(Repeated(matrix), probes(4000, 40))

    variance = estimate.standard_error**2 * 4000
    expected = 2 * (matrix.square().sum() - matrix.diagonal().square().sum())
    assert variance == pytest.approx(float(expected), rel=0.06)
    assert estimate.value == pytest.approx(float(matrix.trace()), abs=4 * estimate.standard_error)


def test_probes_are_signs_and_depend_on_seed_and_step_alone():
    drawn = signs(0, 1, 2, 3, 1000)

    assert set(drawn.flatten()) == {-1.0, 1.0}
    assert abs(drawn.mean()) < 0.1
    assert (drawn == signs(0, 1, 2, 3, 1000)).all()
    assert (drawn != signs(0, 1, 3, 3, 1000)).any()
