"""Adafactor's factored second moment and its clipped, relative step (Shazeer & Stern 2018, arXiv 1804.04235).

    r ← β r + (1-β) mean over outputs of (g² + ε₁),  c likewise over inputs,  β = 1 - t^-0.8
    u = g / √(r c / mean r),     û = u / max(1, rms u),     step = max(ε₂, rms w) û

Means are of one matrix of one run. A vector is a matrix of one row, so that c is its whole second moment.

Legend: R runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from muscope.backend.domain.spec.optimizer import ADAFACTOR

_MATRIX = (-2, -1)


def initial_factors(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return zeros for the row [R, n_in, 1] and the column [R, 1, n_out] of a weight [R, n_in, n_out]."""
    return torch.zeros_like(weight[..., :1]), torch.zeros_like(weight[..., :1, :])


def rms(tensor: Tensor) -> Tensor:
    """Return the root mean square of each run's matrix, [R, 1, 1]."""
    return tensor.square().mean(dim=_MATRIX, keepdim=True).sqrt_()


def step_size(weight: Tensor) -> Tensor:
    """Return max(ε₂, rms w), the size of a relative step of LR 1, [R, 1, 1]."""
    return rms(weight).clamp_(min=ADAFACTOR.epsilon_2)


def clipped_direction(gradient: Tensor, factors: tuple[Tensor, ...], num_updates: int) -> Tensor:
    """Return û [R, n_in, n_out]; changes the factors in place.

    Args:
        gradient: [R, n_in, n_out].
        factors: as `initial_factors` gives them.
        num_updates: t, this update counted.
    """
    row, column = factors
    share = num_updates**-ADAFACTOR.beta2_decay
    squared = gradient.square().add_(ADAFACTOR.epsilon_1)
    row.lerp_(squared.mean(dim=-1, keepdim=True), share)
    column.lerp_(squared.mean(dim=-2, keepdim=True), share)
    # Divided before it is multiplied: the product of two small means would be 0 in float32.
    relative = row / row.mean(dim=-2, keepdim=True)
    direction = gradient * relative.rsqrt_() * column.rsqrt()
    return direction.div_(rms(direction).div_(ADAFACTOR.clipping).clamp_(min=1.0))
