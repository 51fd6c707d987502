from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest
import torch

from muscope.worker.numerics.curvature.sharpness import AUDIT_EVERY, measure_sharpness
from muscope.worker.numerics.linalg.lanczos import Eigenpairs


@dataclass
class Diagonal:
    entries: torch.Tensor

    def matvec(self, v_RP: torch.Tensor) -> torch.Tensor:
        return self.entries * v_RP

    def select(self, keep: torch.Tensor) -> Self:
        return type(self)(self.entries[keep])


def measure(eigenvector_RP: torch.Tensor, *, measurement: int, seeds: tuple[int, ...] = (0, 1)) -> Eigenpairs:
    entries_P = torch.linspace(-1, 1, 300)
    entries_P[0], entries_P[1] = 2.0, 3.0
    operator = Diagonal(entries_P.expand(len(seeds), -1))
    return measure_sharpness(
        operator,
        eigenvector_RP,
        spec_seed=0,
        seeds=seeds,
        step=10 * measurement,
        measurement=measurement,
        tolerance=1e-3,
    )


def test_a_cold_start_finds_the_largest_eigenvalue():
    pairs = measure(torch.zeros(2, 300), measurement=0)

    assert pairs.value_R == pytest.approx([3.0, 3.0], rel=1e-3)
    assert pairs.converged_R.all()


def test_a_warm_start_needs_fewer_products():
    cold = measure(torch.zeros(2, 300), measurement=0)

    warm = measure(cold.vector_RP, measurement=1)

    assert warm.value_R == pytest.approx([3.0, 3.0], rel=1e-3)
    assert (warm.num_products_R < cold.num_products_R).all()


def test_an_audit_leaves_an_eigenvector_that_was_overtaken():
    overtaken = torch.zeros(2, 300)
    overtaken[:, 0] = 1.0

    audited = measure(overtaken, measurement=AUDIT_EVERY)

    assert audited.value_R == pytest.approx([3.0, 3.0], rel=1e-3)


def test_a_lost_eigenvector_is_replaced_by_a_random_start():
    pairs = measure(torch.full((2, 300), torch.nan), measurement=1)

    assert np.isfinite(pairs.value_R).all()


def test_a_run_has_its_random_component_wherever_it_sits_in_the_stack():
    first = measure(torch.zeros(2, 300), measurement=0, seeds=(4, 8))
    swapped = measure(torch.zeros(2, 300), measurement=0, seeds=(8, 4))

    torch.testing.assert_close(first.vector_RP, swapped.vector_RP.flip(0))
