"""Batched Lanczos for the largest algebraic eigenvalue of many symmetric operators at once.

From a unit vector q_1, with β_0 = 0,

    w = A q_k - β_{k-1} q_{k-1},   α_k = q_kᵀ w,   β_k = ‖w - α_k q_k‖,   q_{k+1} = (w - α_k q_k) / β_k

gives Q_Kᵀ A Q_K = T_K, tridiagonal with α on and β beside the diagonal. Its largest eigenvalue θ approaches
that of A from below, with ‖A y - θ y‖ = β_K |s_K| for T_K s = θ s and y = Q_K s (Parlett 1998, ch. 13).

Vectors keep the dtype of the start vector; T is solved in float64. Full reorthogonalisation, a second time
where much was cancelled (Giraud et al. 2005: twice is enough). Finished runs leave the batch.

Legend: R runs, P parameters, K Lanczos vectors.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.worker.numerics.linalg.operators import SymmetricOperator, neighbours

# A new Krylov direction below this multiple of the dtype's epsilon, relative to ‖T‖, is rounding only.
BREAKDOWN_EPSILONS = 16.0
# Below this share of new direction in a product, rounding spoils its orthogonality: project again.
REORTHOGONALISE_BELOW = 0.1


@dataclass(frozen=True)
class StoppingRule:
    """Stop at an estimated relative error ≤ `tolerance`, after at least `min_steps`, at most `max_steps`."""

    tolerance: float
    min_steps: int
    max_steps: int


@dataclass(frozen=True)
class Eigenpairs:
    """Largest eigenvalue and vector of every run.

    Attributes:
        value_R: NaN where the operator gave a number that is not finite.
        vector_RP: unit Ritz vectors, zero rows where the value is NaN.
        residual_R: ‖Av - λv‖ / |λ|.
        num_products_R: operator products taken.
        converged_R: whether the stopping rule's tolerance was met.
    """

    value_R: NDArray[np.float64]
    vector_RP: Tensor
    residual_R: NDArray[np.float64]
    num_products_R: NDArray[np.int64]
    converged_R: NDArray[np.bool_]


def largest_eigenpairs(operator: SymmetricOperator, start_RP: Tensor, rule: StoppingRule) -> Eigenpairs:
    """Return the largest algebraic eigenvalue and its vector for every run.

    The relative error is estimated as min(res, res²/gap) / |λ|, with res = β|s_K| the Ritz residual and gap
    the distance of the two largest Ritz values (Parlett 1998, §11.7). An invariant subspace (β ≈ 0, or as
    many steps as dimensions) ends a run at once: its Ritz values are exact, and no padded row or column
    ever enters the matrix that is solved.

    Args:
        start_RP: start vectors, not zero; normalised here.
    """
    num_runs, size = start_RP.shape
    result = _empty_result(start_RP)
    active = np.arange(num_runs)
    max_steps = min(rule.max_steps, size)
    basis = [start_RP / start_RP.norm(dim=1, keepdim=True)]
    tridiagonal_RKK = np.zeros((num_runs, max_steps + 1, max_steps + 1))
    for step in range(max_steps):
        w_RP = operator.matvec(basis[-1])
        alpha_R, beta_R = _orthogonalise_(w_RP, basis)
        tridiagonal_RKK[:, step, step] = alpha_R
        tridiagonal_RKK[:, step, step + 1] = tridiagonal_RKK[:, step + 1, step] = beta_R
        ritz = _ritz(tridiagonal_RKK[:, : step + 1, : step + 1], beta_R, _epsilon(start_RP))
        is_exact_R = ritz.is_invariant_R | (step + 1 == size)
        is_good_R = (ritz.error_R <= rule.tolerance) & (step + 1 >= rule.min_steps) | is_exact_R
        is_good_R &= ritz.is_finite_R
        is_done_R = is_good_R | ~ritz.is_finite_R | (step + 1 == max_steps)
        _store(result, active, is_done_R, is_good_R, ritz, basis)
        if is_done_R.all():
            break
        if is_done_R.any():
            (kept,) = np.nonzero(~is_done_R)
            keep = torch.from_numpy(kept).to(start_RP.device)
            operator, active, tridiagonal_RKK = operator.select(keep), active[kept], tridiagonal_RKK[kept]
            rows = neighbours(keep)
            basis, w_RP, beta_R = [q_RP[rows] for q_RP in basis], w_RP[rows], beta_R[kept]
        basis.append(w_RP.div_(torch.as_tensor(beta_R, dtype=w_RP.dtype, device=w_RP.device)[:, None]))
    return result


@dataclass(frozen=True)
class _Ritz:
    value_R: NDArray[np.float64]
    coefficients_RK: NDArray[np.float64]
    residual_R: NDArray[np.float64]
    error_R: NDArray[np.float64]
    is_invariant_R: NDArray[np.bool_]
    is_finite_R: NDArray[np.bool_]


def _empty_result(start_RP: Tensor) -> Eigenpairs:
    num_runs = len(start_RP)
    return Eigenpairs(
        value_R=np.full(num_runs, np.nan),
        vector_RP=torch.zeros_like(start_RP),
        residual_R=np.full(num_runs, np.nan),
        num_products_R=np.zeros(num_runs, np.int64),
        converged_R=np.zeros(num_runs, np.bool_),
    )


def _epsilon(start_RP: Tensor) -> float:
    return BREAKDOWN_EPSILONS * torch.finfo(start_RP.dtype).eps


def _orthogonalise_(w_RP: Tensor, basis: list[Tensor]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the basis out of `w_RP` in place; return α, the overlap with its last vector, and β, the rest."""
    alpha_R, beta_R, overlap_R = _remove_span_(w_RP, basis)
    (again,) = np.nonzero(beta_R < REORTHOGONALISE_BELOW * overlap_R)
    if len(again):
        rows = torch.from_numpy(again).to(w_RP.device)
        w_again_RP = w_RP[rows]
        more_alpha_R, beta_R[again], _ = _remove_span_(w_again_RP, [q_RP[rows] for q_RP in basis])
        alpha_R[again] += more_alpha_R
        w_RP[rows] = w_again_RP
    return alpha_R, beta_R


def _remove_span_(w_RP: Tensor, basis: list[Tensor]) -> NDArray[np.float64]:
    """Subtract the projection onto the basis in place; return [3, R]: last overlap, rest, ‖overlaps‖."""
    # One vector at a time (modified Gram-Schmidt): a batched product with one column runs 2-8 times slower.
    overlaps = []
    for q_RP in basis:
        overlaps.append(torch.linalg.vecdot(q_RP, w_RP))
        w_RP.addcmul_(q_RP, overlaps[-1][:, None], value=-1)
    norms_3R = torch.stack([overlaps[-1], w_RP.norm(dim=1), torch.stack(overlaps).norm(dim=0)])
    return norms_3R.to("cpu", torch.float64).numpy()


def _ritz(tridiagonal_RKK: NDArray[np.float64], beta_R: NDArray[np.float64], epsilon: float) -> _Ritz:
    is_finite_R = np.isfinite(tridiagonal_RKK).all((1, 2)) & np.isfinite(beta_R)
    # LAPACK refuses a whole batch for one non-finite entry.
    safe_RKK = np.where(is_finite_R[:, None, None], tridiagonal_RKK, 0.0)
    values_RK, vectors_RKK = np.linalg.eigh(safe_RKK)
    top_R = values_RK[:, -1]
    beta_R = np.where(is_finite_R, beta_R, 0.0)
    residual_R = beta_R * np.abs(vectors_RKK[:, -1, -1])
    gap_R = top_R - values_RK[:, -2] if values_RK.shape[1] > 1 else np.zeros_like(top_R)
    bound_R = residual_R * residual_R / np.maximum(np.maximum(gap_R, residual_R), np.finfo(float).tiny)
    scale_R = np.maximum(np.abs(top_R), np.finfo(float).tiny)
    largest_R = np.abs(values_RK).max(1)
    return _Ritz(
        value_R=top_R,
        coefficients_RK=vectors_RKK[:, :, -1],
        residual_R=residual_R / scale_R,
        error_R=bound_R / scale_R,
        is_invariant_R=beta_R <= epsilon * np.maximum(largest_R, np.finfo(float).tiny),
        is_finite_R=is_finite_R,
    )


def _store(
    result: Eigenpairs,
    active: NDArray[np.int64],
    is_done_R: NDArray[np.bool_],
    is_good_R: NDArray[np.bool_],
    ritz: _Ritz,
    basis: list[Tensor],
) -> None:
    result.num_products_R[active] += 1
    (finite,) = np.nonzero(is_done_R & ritz.is_finite_R)
    if not len(finite):
        return
    rows = active[finite]
    result.value_R[rows] = ritz.value_R[finite]
    result.residual_R[rows] = ritz.residual_R[finite]
    result.converged_R[rows] = is_good_R[finite]
    coefficients_RK = torch.from_numpy(ritz.coefficients_RK[finite]).to(basis[0])
    found = neighbours(torch.from_numpy(finite).to(basis[0].device))
    vector_RP = basis[0][found] * coefficients_RK[:, :1]
    for q_RP, c_R in zip(basis[1:], coefficients_RK.unbind(1)[1:], strict=True):
        vector_RP.addcmul_(q_RP[found], c_R[:, None])
    result.vector_RP[torch.from_numpy(rows).to(basis[0].device)] = vector_RP
