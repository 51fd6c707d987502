"""Block Lanczos for the K largest algebraic eigenvalues of one symmetric matrix.

A block finds eigenvalues that lie close together, or coincide, which a single vector cannot (Golub and
Underwood 1977). Every block is orthogonalised twice against all before it, and the projected matrix is made
of the measured overlaps Qᵀ A Q, so that its eigenvalues never exceed the true ones.

Legend: M vectors of a block, P dimensions, K eigenvalues.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.worker.numerics.linalg.lanczos import StoppingRule


@dataclass(frozen=True)
class TopEigenpairs:
    """Largest first; `residual_K` is ‖Av - λv‖ / |λ₁|. Not finite, or beyond P: NaN and zero vectors."""

    value_K: NDArray[np.float64]
    vector_KP: Tensor
    residual_K: NDArray[np.float64]
    num_products: int


def top_eigenpairs(
    matvec: Callable[[Tensor], Tensor], start_MP: Tensor, count: int, rule: StoppingRule
) -> TopEigenpairs:
    """Return the `count` largest algebraic eigenvalues and their vectors.

    Args:
        matvec: products of the matrix with the rows of [M, P].
        start_MP: linearly independent rows, M ≥ 1.
        rule: steps count blocks; the error, relative to the largest eigenvalue, is estimated as
            min(res, res²/gap), gap the distance to the first eigenvalue left out.
    """
    block_MP = _orthonormal(start_MP[: start_MP.shape[1]])
    num_rows, size = block_MP.shape
    basis_KP = block_MP[:0]
    projected_KK = np.zeros((0, 0))
    for step in range(1, rule.max_steps + 1):
        basis_KP = torch.cat([basis_KP, block_MP])
        rest_MP, overlap_KM = _split(matvec(block_MP), basis_KP)
        projected_KK = _grown(projected_KK, overlap_KM.double().cpu().numpy())
        if not np.isfinite(projected_KK).all():
            break
        block_MP, coupling_MM = _next_block(rest_MP, basis_KP)
        pairs, error = _ritz(projected_KK, basis_KP, coupling_MM, count)
        is_exhausted = len(basis_KP) + num_rows > size
        if is_exhausted or step == rule.max_steps or (error <= rule.tolerance and step >= rule.min_steps):
            return pairs
    nothing = np.full(count, np.nan)
    return TopEigenpairs(nothing, start_MP.new_zeros(count, size), nothing, len(basis_KP))


def _orthonormal(rows_MP: Tensor) -> Tensor:
    basis_PM: Tensor = torch.linalg.qr(rows_MP.mT)[0]
    return basis_PM.mT.contiguous()


def _split(product_MP: Tensor, basis_KP: Tensor) -> tuple[Tensor, Tensor]:
    """Return what of the products lies outside the basis, [M, P], and their overlaps with it, [K, M]."""
    overlap_KM = basis_KP @ product_MP.mT
    rest_MP = product_MP - overlap_KM.mT @ basis_KP
    again_KM = basis_KP @ rest_MP.mT
    return rest_MP - again_KM.mT @ basis_KP, overlap_KM + again_KM


def _grown(projected_KK: NDArray[np.float64], overlap_KM: NDArray[np.float64]) -> NDArray[np.float64]:
    size, known = len(overlap_KM), len(projected_KK)
    grown_KK = np.zeros((size, size))
    grown_KK[:known, :known] = projected_KK
    grown_KK[:, known:] = overlap_KM
    grown_KK[known:, :] = overlap_KM.T
    new_MM = overlap_KM[known:]
    grown_KK[known:, known:] = (new_MM + new_MM.T) / 2
    return grown_KK


def _next_block(rest_MP: Tensor, basis_KP: Tensor) -> tuple[Tensor, NDArray[np.float64]]:
    """Return an orthonormal block beside the basis, whatever the rank of the rest, and the coupling."""
    directions_PM, coupling_MM = torch.linalg.qr(rest_MP.mT)
    block_MP = _orthonormal(_split(directions_PM.mT, basis_KP)[0])
    return block_MP, coupling_MM.double().cpu().numpy()


def _ritz(
    projected_KK: NDArray[np.float64], basis_KP: Tensor, coupling_MM: NDArray[np.float64], count: int
) -> tuple[TopEigenpairs, float]:
    values, vectors = np.linalg.eigh(projected_KK)
    values, vectors = values[::-1], vectors[:, ::-1]
    found = min(count, len(values))
    scale = max(abs(values[0]), np.finfo(float).tiny)
    residual = np.linalg.norm(coupling_MM @ vectors[-len(coupling_MM) :, :found], axis=0)
    gap = values[:found] - values[found] if len(values) > found else np.zeros(found)
    error = residual**2 / np.maximum(np.maximum(gap, residual), np.finfo(float).tiny)
    padding = (0, count - found)
    coefficients = torch.from_numpy(np.pad(vectors[:, :found], ((0, 0), padding)).T.copy()).to(basis_KP)
    pairs = TopEigenpairs(
        np.pad(values[:found], padding, constant_values=np.nan),
        coefficients @ basis_KP,
        np.pad(residual / scale, padding, constant_values=np.nan),
        len(basis_KP),
    )
    return pairs, float(error.max()) / scale
