"""Neural tangent kernel of the residual MLP, factorised: no Jacobian is ever formed.

The gradient of an output by the weight of a layer is an outer product of the layer's input and the gradient
by its output, so the layer's part of J C Jᵀ is the product, entry by entry, of two Gram matrices
(Jacot et al. 2018; for the factorisation Novak et al. 2022, "Fast finite width NTK").

Legend: R runs, B batch, N width, C classes or outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.worker.numerics.network import Network
from muscope.worker.numerics.networks.residual_mlp.forward import block_name


def tangent_kernel(network: Network, x_BD: Tensor, a: Sequence[Tensor], g_h: Sequence[Tensor]) -> Tensor:
    """Return K = J C Jᵀ / n of one run, [C·B, C·B] with all samples of an output side by side; unit 1/lr.

    With a_l the input of layer l and G_l = ∂f/∂h_{l+1}, layer l adds A_l² C_l (a_l a_lᵀ) ⊙ (G_l G_lᵀ).

    Args:
        network: its forward multipliers are A, its LR multipliers C.
        x_BD: the batch, n = B samples.
        a: φ(h_0)..φ(h_depth), each [B, N].
        g_h: the gradients of every output by h_0..h_depth, each [C, B, N].
    """
    num_outputs, num_samples = g_h[0].shape[:2]
    kernel_CBCB = g_h[0].new_zeros(num_outputs, num_samples, num_outputs, num_samples)
    _add_layer_(kernel_CBCB, x_BD, g_h[0], _weight(network, INPUT, network.scaling[INPUT].forward_mult))
    for block in range(network.depth):
        weight = _weight(network, block_name(block), network.block_mult(block))
        _add_layer_(kernel_CBCB, a[block], g_h[block + 1], weight)
    # Nothing lies between the output layer and the outputs: its part is zero between different outputs.
    weight = _weight(network, OUTPUT, network.scaling[OUTPUT].forward_mult)
    kernel_CBCB.diagonal(dim1=0, dim2=2).add_((a[-1] @ a[-1].mT)[:, :, None], alpha=weight)
    return kernel_CBCB.view(num_outputs * num_samples, -1).div_(num_samples)


def _weight(network: Network, name: str, forward_mult: float) -> float:
    return float(forward_mult**2 * network.scaling[name].lr_mult)


def _add_layer_(kernel_CBCB: Tensor, left_BN: Tensor, g_CBN: Tensor, weight: float) -> None:
    flat = g_CBN.flatten(0, 1)
    gram_CBCB = (flat @ flat.mT).view(kernel_CBCB.shape)
    kernel_CBCB.addcmul_(gram_CBCB, (left_BN @ left_BN.mT)[None, :, None], value=weight)
