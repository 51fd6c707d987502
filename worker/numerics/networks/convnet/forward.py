"""Convolutional nets of arXiv 2402.17457 as pure functions of stacked weights.

A convolution is a matrix product with the 3 × 3 patches of its input, so that runs stack as they do for the
MLP: grouped convolutions, and convolutions under vmap, are slower on a CPU than a loop (docs/engine.md §2).

Legend: R runs, B batch, D inputs, H rows, W columns, N channels, C classes or outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.families.convnet import (
    FIRST_STRIDE,
    HIDDEN,
    NUM_STAGES,
    SECOND_STRIDE,
    ResidualConvNet,
    blocks_of,
    image_of,
    stage_name,
)
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT, layer_name
from muscope.worker.numerics.network import ActivationHook, Network, Params, linear, no_hook


def apply_convnet(
    network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook
) -> Tensor:
    """Return the outputs [R, B, C] of R stacked two-layer convolutional nets."""
    h = convolution(network, params, INPUT, _images(network, x_RBD), FIRST_STRIDE)
    hook(Part.INPUT, h)
    h = convolution(network, params, HIDDEN, pooled(torch.relu(h)), SECOND_STRIDE)
    hook(Part.HIDDEN, h)
    return linear(network, params, OUTPUT, pooled(torch.relu(h)).flatten(2))


def apply_residual_convnet(
    network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook
) -> Tensor:
    """Return the outputs [R, B, C] of R stacked residual convolutional nets."""
    model = network.model
    assert isinstance(model, ResidualConvNet)
    h = convolution(network, params, INPUT, _images(network, x_RBD), 1)
    hook(Part.INPUT, h)
    for stage in range(NUM_STAGES):
        if stage:
            h = convolution(network, params, stage_name(stage), pooled(torch.relu(h)), 1)
        for block in blocks_of(stage, network.depth):
            branch = h
            for layer in range(model.layers_per_block):
                name = layer_name(block, layer, model.layers_per_block)
                branch = convolution(network, params, name, torch.relu(branch), 1)
            h = torch.add(h, branch, alpha=network.branch_mult)
    hook(Part.HIDDEN, h)
    return linear(network, params, OUTPUT, pooled(torch.relu(h)).flatten(2))


def _images(network: Network, x_RBD: Tensor) -> Tensor:
    """Return [R, B, H, W, channels]."""
    image = image_of(network.dims)
    return x_RBD.reshape(*x_RBD.shape[:2], image.height, image.width, image.channels)


def patches(h_RBHWN: Tensor, stride: int) -> Tensor:
    """Return the 3 × 3 patches around every `stride`-th position, zeros outside: [R, B, H', W', 9·N]."""
    height, width = h_RBHWN.shape[2:4]
    padded = torch.nn.functional.pad(h_RBHWN, (0, 0, 1, 1, 1, 1))
    shifted = [
        padded[:, :, row : row + height : stride, column : column + width : stride]
        for row in range(3)
        for column in range(3)
    ]
    return torch.cat(shifted, dim=-1)


def convolution(network: Network, params: Params, name: str, h_RBHWN: Tensor, stride: int) -> Tensor:
    """Return A times the 3 × 3 convolution of `h` with weight `name` [R, 9·N, M]: [R, B, H', W', M]."""
    x = patches(h_RBHWN, stride)
    return linear(network, params, name, x.flatten(1, 3)).view(*x.shape[:4], -1)


def pooled(h_RBHWN: Tensor) -> Tensor:
    """Return the maximum over 2 × 2 positions; a side of 1 stays, an odd rest is left out."""
    h = h_RBHWN
    for axis in (2, 3):
        if h.shape[axis] > 1:
            half = h.shape[axis] // 2
            halves = h.narrow(axis, 0, 2 * half).reshape(*h.shape[:axis], half, 2, *h.shape[axis + 1 :])
            h = halves.amax(axis + 1)
    return h
