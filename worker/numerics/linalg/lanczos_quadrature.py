"""Spectral density by stochastic Lanczos quadrature.

For a probe z of random signs, K Lanczos steps started at z/‖z‖ give T = S Θ Sᵀ. The Ritz values θ_k are the
nodes and the squared first entries τ_k = S_{1k}² the weights of a Gauss quadrature,

    zᵀ f(A) z / zᵀ z ≈ Σ_k τ_k f(θ_k),

exact for polynomials f up to degree 2K - 1. Its mean over probes estimates tr f(A) / P, and with f the
indicator of a bin the share of the eigenvalues in it (Golub and Meurant 2010; Ghorbani et al. 2019,
arXiv 1901.10159).

Legend: M probes, P dimensions, K Lanczos steps.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# A Krylov direction below this part of ‖T‖ is rounding: the process has seen all the probe can show.
BREAKDOWN_EPSILONS = 16.0


class Quadrature(NamedTuple):
    """Nodes in the matrix's unit and weights that sum to 1 per probe, both [M, K]."""

    node_MK: NDArray[np.float64]
    weight_MK: NDArray[np.float64]


def lanczos_quadrature(matvec: Callable[[Tensor], Tensor], probes_MP: Tensor, num_steps: int) -> Quadrature:
    """Return the quadrature of every probe; its first moment is zᵀAz / zᵀz, exactly.

    Args:
        matvec: products of one matrix with the rows of [M, P].
        probes_MP: rows not zero; reorthogonalised in full, as many steps as dimensions at most.
    """
    basis = [torch.nn.functional.normalize(probes_MP, dim=1)]
    num_steps = min(num_steps, probes_MP.shape[1])
    tridiagonal_MKK = np.zeros((len(probes_MP), num_steps, num_steps))
    epsilon = BREAKDOWN_EPSILONS * torch.finfo(probes_MP.dtype).eps
    for step in range(num_steps):
        w_MP = matvec(basis[-1])
        tridiagonal_MKK[:, step, step] = torch.linalg.vecdot(basis[-1], w_MP).double().cpu().numpy()
        for q_MP in (*basis, *basis):
            w_MP = w_MP - q_MP * torch.linalg.vecdot(q_MP, w_MP)[:, None]
        beta_M = w_MP.norm(dim=1).double().cpu().numpy()
        scale_M = np.abs(tridiagonal_MKK).max((1, 2))
        beta_M = np.where(beta_M <= epsilon * scale_M, 0.0, beta_M)  # nodes beyond get the weight 0
        if step + 1 < num_steps:
            tridiagonal_MKK[:, step, step + 1] = tridiagonal_MKK[:, step + 1, step] = beta_M
            basis.append(torch.nn.functional.normalize(w_MP, dim=1))
    is_finite_M = np.atleast_1d(np.isfinite(tridiagonal_MKK).all((1, 2)))
    node_MK, vector_MKK = np.linalg.eigh(np.where(is_finite_M[:, None, None], tridiagonal_MKK, 0.0))
    node_MK[~is_finite_M] = np.nan
    return Quadrature(node_MK, vector_MKK[:, 0] ** 2)


def binned(quadrature: Quadrature, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the eigenvalues in each bin, mean over probes; the end bins take what is beyond."""
    num_bins = len(edges) - 1
    if not np.isfinite(quadrature.node_MK).all():
        return np.full(num_bins, np.nan)
    bin_MK = np.clip(np.searchsorted(edges, quadrature.node_MK, side="right") - 1, 0, num_bins - 1)
    share = np.bincount(bin_MK.ravel(), quadrature.weight_MK.ravel(), num_bins)
    return share / len(quadrature.node_MK)
