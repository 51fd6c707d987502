"""Hutchinson's estimator of a trace: tr A = E zᵀ A z over random signs z.

(1/M) Σ_m z_mᵀ A z_m is unbiased, exact for a diagonal A; the variance of one probe is 2(‖A‖_F² - Σ a_ii²)
(Hutchinson 1990).

Legend: M probes, P parameters.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from muscope.worker.numerics.linalg.operators import SymmetricOperator


class TraceEstimate(NamedTuple):
    """An estimate and its standard error, both in the unit of A's eigenvalues."""

    value: float
    standard_error: float


def hutchinson_trace(repeated: SymmetricOperator, signs_MP: Tensor) -> TraceEstimate:
    """Estimate the trace of one matrix.

    Args:
        repeated: the matrix, once for every probe.
        signs_MP: entries ±1, M ≥ 2; the products are summed up in float64.
    """
    products_M = torch.linalg.vecdot(signs_MP.double(), repeated.matvec(signs_MP).double())
    return TraceEstimate(float(products_M.mean()), float(products_M.std()) / len(signs_MP) ** 0.5)
