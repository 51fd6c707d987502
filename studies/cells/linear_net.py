"""Two-layer linear net of the paper, f = A_out · (A_in · x W_in) W_out, as a model family.

It is no product family: it learns linear maps only. Being in the registry is all the trainer needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal
from unittest import mock

import torch
from torch import Tensor

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily, Tensors, TensorSpec
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.parametrization import Role
from muscope.worker.numerics.ensemble import runs_of_mlp
from muscope.worker.numerics.families import NETWORKS, FamilyNetwork
from muscope.worker.numerics.network import ActivationHook, Network, Params, linear, no_hook


class LinearNet(ModelFamily):
    """Two linear layers without biases; depth is always 1."""

    has_branches: ClassVar[bool] = False
    family: Literal["linear_net"] = "linear_net"

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:  # noqa: ARG002
        """Return both weights, in forward order."""
        return {
            INPUT: TensorSpec(Role.INPUT, (dims.num_features, width), dims.num_features**-0.5),
            OUTPUT: TensorSpec(Role.OUTPUT, (width, dims.num_outputs), width**-0.5),
        }

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the multiplications and additions of a forward pass of one example."""
        return 2.0 * self.num_parameters(dims, width, depth)

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:  # noqa: ARG002
        """Count the numbers a forward pass of one example leaves for its backward pass."""
        return dims.num_features + width + dims.num_outputs


def apply_linear_net(
    network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook
) -> Tensor:
    """Return the outputs [R, B, C] of R stacked linear nets."""
    hidden: Tensor = linear(network, params, INPUT, x_RBD)
    hook(Part.INPUT, hidden)
    hook(Part.HIDDEN, hidden)
    return torch.bmm(hidden, params[OUTPUT]) * network.scaling[OUTPUT].forward_mult


LINEAR_NETWORK = FamilyNetwork(apply_linear_net, runs_of_mlp)


@contextmanager
def registered() -> Iterator[None]:
    """Let the trainer know the family meanwhile; the product's own registry is left as it was."""
    with mock.patch.dict(NETWORKS, {"linear_net": LINEAR_NETWORK}):
        yield
