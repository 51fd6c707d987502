"""Operators: symmetric matrices of stacked models, known by their products, and parameters as flat vectors.

Legend: R runs, P parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

import torch
from torch import Tensor


class SymmetricOperator(Protocol):
    """R symmetric matrices, one per run, known by their products only."""

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return the product of each run's matrix with its row of `v_RP`, [R, P]."""

    def select(self, keep: Tensor) -> Self:
        """Return the operator of the runs `keep` (indices) only."""


def flatten(tensors: Mapping[str, Tensor]) -> Tensor:
    """Return tensors [R, ...] side by side as [R, P], in the order of their names."""
    return torch.cat([tensor.flatten(1) for tensor in tensors.values()], dim=1)


def unflatten(v_RP: Tensor, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the rows of `v_RP` as views shaped like the tensors of `like`; the inverse of `flatten`."""
    sizes = [tensor[0].numel() for tensor in like.values()]
    parts = torch.split(v_RP, sizes, dim=1)
    return {
        name: part.reshape(tensor.shape) for (name, tensor), part in zip(like.items(), parts, strict=True)
    }


def neighbours(keep: Tensor) -> Tensor | slice:
    """Return `keep` as a slice where its rows are neighbours: indexing with it copies nothing."""
    first, last = int(keep[0]), int(keep[-1])
    is_range = last - first + 1 == len(keep) and bool((keep.diff() == 1).all())
    return slice(first, last + 1) if is_range else keep
