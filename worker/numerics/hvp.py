"""Hessian-vector products of stacked models by double backward: the generic path and the oracle of the fast.

Legend: R runs, P parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

import torch
from torch import Tensor

from backend.domain.parametrization import TensorScaling


class SymmetricOperator(Protocol):
    """R symmetric matrices, one per run, known by their products only."""

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return the product of each run's matrix with its row of `v_RP`, [R, P]."""

    def select(self, keep: Tensor) -> Self:
        """Return the operator of the runs `keep` (indices) only."""


class AutogradHessian:
    """v -> C^½ H C^½ v by a second backward through the retained graph of the summed loss.

    Runs are independent, so the gradient of the sum stacks their gradients and one product serves all
    (Pearlmutter 1994). C is the diagonal of LR multipliers (science.md §4.1).
    """

    def __init__(
        self,
        loss_R: Tensor,
        params: Mapping[str, Tensor],
        scaling: Mapping[str, TensorScaling] | None = None,
        keep: Tensor | None = None,
        gradients: tuple[Tensor, ...] | None = None,
    ) -> None:
        """Take the losses [R] of leaf `params` [R, ...]; without `scaling`, C = 1."""
        self._loss_R = loss_R
        self._params = dict(params)
        self._scaling = scaling
        self._keep = torch.arange(len(loss_R), device=loss_R.device) if keep is None else keep
        self._gradients = gradients or torch.autograd.grad(
            loss_R.sum(), list(self._params.values()), create_graph=True
        )

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return C^½ H C^½ v, [R, P]."""
        # Rows of runs that were selected away stay zero: the graph always covers the whole stack.
        full_RP = v_RP.new_zeros(len(self._loss_R), v_RP.shape[1]).index_copy(0, self._keep, v_RP)
        v = self._weighted(unflatten(full_RP, self._params))
        products = torch.autograd.grad(
            self._gradients, list(self._params.values()), grad_outputs=list(v.values()), retain_graph=True
        )
        return flatten(self._weighted(dict(zip(self._params, products, strict=True))))[self._keep]

    def select(self, keep: Tensor) -> AutogradHessian:
        """Return the operator of the runs `keep` (indices) only."""
        return AutogradHessian(
            self._loss_R, self._params, self._scaling, self._keep[keep], gradients=self._gradients
        )

    def _weighted(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if self._scaling is None:
            return dict(tensors)
        return {name: tensor * self._scaling[name].lr_mult ** 0.5 for name, tensor in tensors.items()}


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
