"""Rotary positions (Su et al. 2021, arXiv 2104.09864): queries and keys are turned by their position.

Unit i of a head is paired with unit i + E/2, as in Llama and GPT-NeoX, and the pair of position t is turned
by the angle t · 10000^(-2i/E). A rotation is linear and orthogonal, so its transpose turns back.

Legend: T tokens, E width of a head.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from muscope.backend.domain.spec.families.transformer import ROTARY_BASE


def turned(x_TE: Tensor, *, is_back: bool = False) -> Tensor:
    """Return rows [..., T, E] turned by their positions 0..T-1, or back."""
    cosine, sine = _angles(*x_TE.shape[-2:], x_TE.dtype, x_TE.device)
    first, second = x_TE.chunk(2, dim=-1)
    if is_back:
        sine = -sine
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


@lru_cache(maxsize=16)
def _angles(
    num_tokens: int, head_width: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return cosines and sines [T, E/2], computed in float64."""
    half = head_width // 2
    rates = ROTARY_BASE ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.outer(torch.arange(num_tokens, dtype=torch.float64), rates)
    return angles.cos().to(device, dtype), angles.sin().to(device, dtype)
