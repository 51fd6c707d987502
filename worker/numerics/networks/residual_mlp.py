"""The residual MLP of arXiv 2402.17457 as an init/apply pair over stacked weights.

    h_0 = A_in · x W_in;  h_{l+1} = h_l + τ · A_l · φ(h_l) W_l;  f = A_out · φ(h_L) W_out;  τ = depth^-α

φ = ReLU, no biases. Gains at the base width: 1 for input and output; 2 for hidden, so that A φ(h) W has the
mean square of h and the residual stream grows by (1 + τ²) a block: at α = ½ at most by e over any depth, at
α = 0 by 2^depth (science.md §8, oracle 22).

Legend: R runs, B batch, D inputs, N width, C classes or outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backend.domain.parametrization import Role, TensorScaling
from worker.numerics.randomness import initial_normals

INPUT = "input"
OUTPUT = "output"
BASE_GAIN: dict[Role, float] = {Role.INPUT: 1.0, Role.HIDDEN: 2.0, Role.OUTPUT: 1.0}

Params = dict[str, Tensor]


@dataclass(frozen=True)
class Network:
    """What `apply` needs besides the weights: the constants of each tensor and the branch multiplier τ."""

    scaling: Mapping[str, TensorScaling]
    depth: int
    branch_mult: float

    def block_mult(self, block: int) -> float:
        """Return the factor in front of φ(h) W of a block: τ · A."""
        return self.branch_mult * self.scaling[block_name(block)].forward_mult


def block_name(block: int) -> str:
    """Return the name of the weight of residual block 0..depth-1."""
    return f"block_{block}"


def tensor_role(name: str) -> Role:
    """Return the row of the (A, B, C) table a tensor belongs to."""
    return {INPUT: Role.INPUT, OUTPUT: Role.OUTPUT}.get(name, Role.HIDDEN)


def tensor_shapes(num_features: int, width: int, depth: int, num_outputs: int) -> dict[str, tuple[int, int]]:
    """Return (fan_in, fan_out) of every weight, by name, in forward order."""
    blocks = {block_name(block): (width, width) for block in range(depth)}
    return {INPUT: (num_features, width), **blocks, OUTPUT: (width, num_outputs)}


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
        By name, [R, n_in, n_out] weights with standard deviation B.
    """
    params: Params = {}
    for name, shape in shapes.items():
        std = scaling[name].init_std
        of_seed = {seed: initial_normals(spec_seed, seed, name, shape) * std for seed in dict.fromkeys(seeds)}
        stacked = np.stack([of_seed[seed] for seed in seeds])
        params[name] = torch.from_numpy(stacked).to(device=device, dtype=dtype)
    return params


def apply(network: Network, params: Params, x_RBD: Tensor) -> Tensor:
    """Return the outputs [R, B, C] of R stacked networks.

    Args:
        params: by name, weights [R, n_in, n_out].
        x_RBD: inputs; a batch shared by all runs may be an expanded view.
    """
    h_RBN = torch.bmm(x_RBD, params[INPUT]) * network.scaling[INPUT].forward_mult
    for block in range(network.depth):
        weight_RNN = params[block_name(block)]
        h_RBN = torch.baddbmm(h_RBN, torch.relu(h_RBN), weight_RNN, alpha=network.block_mult(block))
    return torch.bmm(torch.relu(h_RBN), params[OUTPUT]) * network.scaling[OUTPUT].forward_mult
