"""Stacked networks: weights by name with their constants, how they are drawn, and the product with one.

Legend: R runs, B batch, D inputs, C classes or outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP, layer_name
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.randomness import initial_normals

# By name, [R, n_in, n_out].
Params = dict[str, Tensor]


@dataclass(frozen=True)
class Network:
    """Everything but the weights that a forward pass needs.

    Attributes:
        scaling: the constants A, B, C of every tensor, by name.
        depth: the number of blocks.
        branch_mult: τ, the factor in front of every residual branch.
        model: the family with its options.
        dims: the kind of its data.
        readout_mult: the factor on a readout that is the embedding matrix.
    """

    scaling: Mapping[str, TensorScaling]
    depth: int
    branch_mult: float
    model: ModelFamily = field(default_factory=ResidualMLP)
    dims: DataDims = field(default_factory=lambda: DataDims(1, 1))
    readout_mult: float = 1.0

    def block_mult(self, block: int) -> float:
        """Return the factor in front of φ(h) W of a block of the plain residual MLP: τ · A."""
        return self.branch_mult * self.scaling[layer_name(block, 0, 1)].forward_mult


# From a network, its stacked weights and inputs [R, B, D] to outputs [R, B, C]; of text, [R, B·D, C].
Apply = Callable[[Network, Params, Tensor], Tensor]
# Is shown the activations [R, ...] of a part as they are computed; of several in a row, the last one counts.
ActivationHook = Callable[[Part, Tensor], None]


def no_hook(part: Part, activations: Tensor) -> None:
    """Ignore the activations: the default hook."""


class HookedApply(Protocol):
    """Forward pass of a family that calls an activation hook with its parts as it computes them."""

    def __call__(
        self, network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook
    ) -> Tensor:
        """Return the outputs [R, B, C]; of text, [R, B·D, C]."""


def init(
    shapes: Mapping[str, tuple[int, int]],
    scaling: Mapping[str, TensorScaling],
    *,
    spec_seed: int,
    seeds: Sequence[int],
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Params:
    """Draw the weights of one run per entry of `seeds`.

    Args:
        seeds: seed of each of R runs; runs of one seed get the same weights.

    Returns:
        By name, [R, n_in, n_out] weights with standard deviation B around the tensor's initial mean.
    """
    params: Params = {}
    for name, shape in shapes.items():
        constants = scaling[name]
        of_seed = {
            seed: initial_normals(spec_seed, seed, name, shape) * constants.init_std + constants.init_mean
            for seed in dict.fromkeys(seeds)
        }
        stacked = np.stack([of_seed[seed] for seed in seeds])
        params[name] = torch.from_numpy(stacked).to(device=device, dtype=dtype)
    return params


def scaled(tensor: Tensor, factor: float) -> Tensor:
    """Return factor · tensor, without a pass over it when the factor is 1."""
    return tensor if factor == 1.0 else tensor * factor


def linear(network: Network, params: Params, name: str, x_RBN: Tensor) -> Tensor:
    """Return x (A · W) of tensor `name`, [R, B, n_out]; a weight is smaller than what it is applied to."""
    return torch.bmm(x_RBN, scaled(params[name], network.scaling[name].forward_mult))
