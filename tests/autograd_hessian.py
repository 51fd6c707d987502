"""Hessian-vector products by double backward through autograd, the reference for the worker's products.

Legend: R runs, P parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.linalg.operators import flatten, unflatten


class AutogradHessian:
    """v -> C^½ H C^½ v by a second backward through the retained graph of the summed loss.

    Runs are independent, so the gradient of the sum stacks their gradients and one product serves all
    (Pearlmutter 1994). C is the diagonal of LR multipliers (docs/science.md §4.1).
    """

    def __init__(
        self,
        loss_R: Tensor,
        params: Mapping[str, Tensor],
        scaling: Mapping[str, TensorScaling] | None = None,
        keep: Tensor | None = None,
        gradients: tuple[Tensor, ...] | None = None,
    ) -> None:
        """Store the losses [R] of leaf `params` [R, ...]; without `scaling`, C = 1."""
        self._loss_R = loss_R
        self._params = dict(params)
        self._scaling = scaling
        self._keep = torch.arange(len(loss_R), device=loss_R.device) if keep is None else keep
        self._gradients = gradients or torch.autograd.grad(
            loss_R.sum(), list(self._params.values()), create_graph=True
        )

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return C^½ H C^½ v, [R, P]."""
        # Rows of runs that are not selected stay zero: the graph always covers the whole stack.
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
