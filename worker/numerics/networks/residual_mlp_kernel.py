"""The neural tangent kernel of the residual MLP, factorised: no Jacobian is ever formed.

The gradient of an output by the weight of a layer is an outer product of what enters the layer and what
comes back to it, so the layer's part of J C Jᵀ is the product, entry by entry, of two Gram matrices
(Jacot et al. 2018; for the factorisation Novak et al. 2022, "Fast finite width NTK").

Legend: R runs, B batch, N width, C classes or outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from worker.numerics.networks.residual_mlp import block_name

if TYPE_CHECKING:
    from worker.numerics.networks.residual_mlp_derivatives import ResidualMlpHessian


def tangent_kernel(hessian: ResidualMlpHessian, row: int) -> Tensor:
    """Return J C Jᵀ / n of one run, [C·B, C·B] with all samples of an output side by side; unit 1/lr.

    Args:
        hessian: holds the weights, the batch and its activations; its loss does not enter.
        row: which of its runs.
    """
    num_samples, num_outputs = hessian.forward.f_RBC.shape[1:]
    one = hessian.select(
        torch.full((num_outputs,), row, device=hessian.x_RBD.device)
    )  # once for every output
    g_f_CBC = torch.diag_embed(one.forward.f_RBC.new_ones(num_samples, num_outputs)).transpose(0, 1)
    g_h = one.backward_pass(g_f_CBC)
    network, a = one.network, [left[0] for left in one.forward.a]
    kernel_CBCB = g_f_CBC.new_zeros(num_outputs, num_samples, num_outputs, num_samples)
    _add_layer_(kernel_CBCB, one.x_RBD[0], g_h[0], _weight(one, INPUT, network.scaling[INPUT].forward_mult))
    for block in range(network.depth):
        weight = _weight(one, block_name(block), network.block_mult(block))
        _add_layer_(kernel_CBCB, a[block], g_h[block + 1], weight)
    # Nothing lies between the output layer and the outputs: its part is zero between different outputs.
    weight = _weight(one, OUTPUT, network.scaling[OUTPUT].forward_mult)
    kernel_CBCB.diagonal(dim1=0, dim2=2).add_((a[-1] @ a[-1].mT)[:, :, None], alpha=weight)
    return kernel_CBCB.view(num_outputs * num_samples, -1).div_(num_samples)


def _weight(hessian: ResidualMlpHessian, name: str, forward_mult: float) -> float:
    return float(forward_mult**2 * hessian.network.scaling[name].lr_mult)


def _add_layer_(kernel_CBCB: Tensor, left_BN: Tensor, g_CBN: Tensor, weight: float) -> None:
    flat = g_CBN.flatten(0, 1)
    gram_CBCB = (flat @ flat.mT).view(kernel_CBCB.shape)
    kernel_CBCB.addcmul_(gram_CBCB, (left_BN @ left_BN.mT)[None, :, None], value=weight)
