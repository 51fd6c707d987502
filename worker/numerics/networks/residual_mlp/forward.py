"""Residual MLP of arXiv 2402.17457 as a pure function of stacked weights.

    h_0 = A_in · x W_in;  h_{l+1} = h_l + τ · A_l · φ(h_l) W_l;  f = A_out · φ(h_L) W_out;  τ = depth^-α

φ = ReLU, no biases. Gains at the base width: 1 for input and output; 2 for hidden, so that A φ(h) W has the
mean square of h and the residual stream grows by (1 + τ²) a block: at α = ½ at most by e over any depth, at
α = 0 by 2^depth (docs/science.md §8, oracle 22). A branch may have k layers, and a block may have no skip.

Legend: R runs, B batch, D inputs, N width, C classes or outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT, ResidualMLP, layer_name
from muscope.worker.numerics.network import ActivationHook, Network, Params, linear, no_hook


def block_name(block: int) -> str:
    """Return the name of the weight of block 0..depth-1 of the plain residual MLP."""
    return layer_name(block, 0, 1)


def is_plain(network: Network) -> bool:
    """Tell whether blocks are h + τ · A φ(h) W: what the hand-written derivatives know."""
    model = network.model
    return isinstance(model, ResidualMLP) and model.has_skip and model.layers_per_block == 1


def apply(network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook) -> Tensor:
    """Return the outputs [R, B, C] of R stacked networks.

    Args:
        params: by name, weights [R, n_in, n_out].
        x_RBD: inputs; a batch shared by all runs may be an expanded view.
        hook: is shown the first layer's output and the stream in front of the readout.
    """
    h_RBN = torch.bmm(x_RBD, params[INPUT]) * network.scaling[INPUT].forward_mult
    hook(Part.INPUT, h_RBN)
    for block in range(network.depth):
        if is_plain(network):
            weight_RNN = params[block_name(block)]
            h_RBN = torch.baddbmm(h_RBN, torch.relu(h_RBN), weight_RNN, alpha=network.block_mult(block))
        else:
            h_RBN = _block(network, params, block, h_RBN)
    hook(Part.HIDDEN, h_RBN)
    return torch.bmm(torch.relu(h_RBN), params[OUTPUT]) * network.scaling[OUTPUT].forward_mult


def _block(network: Network, params: Params, block: int, h_RBN: Tensor) -> Tensor:
    model = network.model
    assert isinstance(model, ResidualMLP)
    branch_RBN = h_RBN
    for layer in range(model.layers_per_block):
        name = layer_name(block, layer, model.layers_per_block)
        branch_RBN = linear(network, params, name, torch.relu(branch_RBN))
    return torch.add(h_RBN, branch_RBN, alpha=network.branch_mult) if model.has_skip else branch_RBN
