"""The neural tangent kernel of any model, one Jacobian row after another: slow, and right for all.

Legend: B batch, C classes or outputs, P parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from backend.domain.spec.parametrization import TensorScaling


def jacobian_kernel(
    f_BC: Tensor, params: Mapping[str, Tensor], scaling: Mapping[str, TensorScaling] | None = None
) -> Tensor:
    """Return J C Jᵀ / n, [C·B, C·B] with all samples of an output side by side.

    Args:
        f_BC: outputs of leaf `params`, with their graph.
        scaling: its LR multipliers are C; C = 1 without.
    """
    leaves = list(params.values())
    rows = [torch.autograd.grad(f, leaves, retain_graph=True) for f in f_BC.T.flatten()]
    weights = [scaling[name].lr_mult if scaling else 1.0 for name in params]
    kernel = f_BC.new_zeros(f_BC.numel(), f_BC.numel())
    for place, weight in enumerate(weights):
        jacobian = torch.stack([row[place].flatten() for row in rows])
        kernel.addmm_(jacobian, jacobian.mT, alpha=weight / len(f_BC))
    return kernel.detach()
