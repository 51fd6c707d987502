"""Adam's preconditioned Hessian P^-½ H P^-½, P^-1 = C / (√v̂ + ε): its largest eigenvalue is the sharpness.

Reference: Cohen et al. 2022, "Adaptive gradient methods at the edge of stability" (arXiv 2207.14484);
docs/science.md §4.1. With A = C^½ H C^½ and D = (√v̂ + ε)^-1 it is D^½ A D^½, so that any `Curvature` can be
wrapped.

Legend: R runs, P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from muscope.worker.numerics.derivatives import Curvature
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.optimizers.update import Moments, Update


@dataclass(frozen=True)
class Preconditioned:
    """v -> D^½ A D^½ v of an operator A = C^½ H C^½ and a diagonal D per run."""

    operator: Curvature
    root_RP: Tensor

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return D^½ A D^½ v, [R, P]."""
        return self.root_RP * self.operator.matvec(self.root_RP * v_RP)

    def gauss_newton(self) -> Preconditioned:
        """Return the same of the Gauss-Newton part."""
        return replace(self, operator=self.operator.gauss_newton())

    def residual(self) -> Preconditioned:
        """Return the same of the residual part."""
        return replace(self, operator=self.operator.residual())

    def select(self, keep: Tensor) -> Preconditioned:
        """Return the operator of the runs `keep` (indices) only."""
        return Preconditioned(self.operator.select(keep), self.root_RP[keep])


def adam_root(update: Update, params: Mapping[str, Tensor], moments: Moments, num_updates: int) -> Tensor:
    """Return D^½ = (√v̂ + ε)^-½ of every parameter after `num_updates` >= 1 updates, [R, P].

    It is 0 where √v̂ + ε is 0: such a weight has had no gradient and does not move.
    """
    roots = {
        name: update.adam_denominator(name, moments[name], num_updates=num_updates).rsqrt_()
        for name in params
    }
    return torch.nan_to_num_(flatten(roots), posinf=0.0)
