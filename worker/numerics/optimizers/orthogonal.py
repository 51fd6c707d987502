"""Orthogonal factor of stacked matrices by Newton-Schulz iterations, as Muon takes it.

The iteration X ← a X + (b A + c A²) X with A = X Xᵀ drives singular values towards 1; its coefficients are
those of Jordan et al. (2024), which reach about [0.7, 1.2] in five steps and do not converge further. It runs
in the precision of training, not in bfloat16 as in the libraries, which rounds the step by a few percent.

Legend: R runs.
"""

from __future__ import annotations

from torch import Tensor

from muscope.backend.domain.spec.optimizer import NEWTON_SCHULZ


def orthogonalised(matrix_RIO: Tensor) -> Tensor:
    """Return U S' Vᵀ of each matrix U S Vᵀ [R, n_in, n_out], with all of S' near 1."""
    is_tall = matrix_RIO.shape[-2] > matrix_RIO.shape[-1]
    wide = matrix_RIO.transpose(-2, -1) if is_tall else matrix_RIO
    norm_R11: Tensor = wide.flatten(-2).norm(dim=-1).clamp(min=NEWTON_SCHULZ.smallest_norm)[:, None, None]
    found: Tensor = wide / norm_R11
    a, b, c = NEWTON_SCHULZ.coefficients
    for _ in range(NEWTON_SCHULZ.num_steps):
        gram = found @ found.transpose(-2, -1)
        polynomial = gram.baddbmm(gram, gram, beta=b, alpha=c)
        found = found.baddbmm(polynomial, found, beta=a)
    return found.transpose(-2, -1) if is_tall else found
