"""Residual MLP of arXiv 2402.17457: plain, or with several layers per block, or without skips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily, Tensors, TensorSpec
from muscope.backend.domain.spec.parametrization import Role

INPUT = "input"
OUTPUT = "output"
# Gain of A φ(h) W over ReLU that preserves the mean square of a block's input.
RELU_GAIN = 2.0


class ResidualMLP(ModelFamily):
    """h ← h + τ · W φ(h), φ = ReLU, no biases (arXiv 2402.17457, appendix).

    Attributes:
        layers_per_block: k; a branch is W_k φ(… W_1 φ(h)). With k ≥ 2 the paper finds no transfer over depth.
        has_skip: without it a block is h ← W φ(h), and no branch multiplier applies.
    """

    family: Literal["residual_mlp"] = "residual_mlp"
    branch_exponent: float = Field(default=0.5, ge=0.0, le=2.0)
    layers_per_block: int = Field(default=1, ge=1, le=8)
    has_skip: bool = True

    @property
    def scales_branches(self) -> bool:
        """Return whether there are residual branches with a multiplier."""
        return self.has_skip

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:
        """Return every tensor by name, in forward order."""
        hidden = TensorSpec(
            Role.HIDDEN, (width, width), (RELU_GAIN / width) ** 0.5, is_in_branch=self.has_skip
        )
        names = [
            layer_name(block, layer, self.layers_per_block)
            for block in range(depth)
            for layer in range(self.layers_per_block)
        ]
        return {
            INPUT: TensorSpec(Role.INPUT, (dims.num_features, width), dims.num_features**-0.5),
            **dict.fromkeys(names, hidden),
            OUTPUT: TensorSpec(Role.OUTPUT, (width, dims.num_outputs), width**-0.5),
        }

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the multiplications and additions of a forward pass of one example."""
        return 2.0 * self.num_parameters(dims, width, depth)

    def input_flops(self, dims: DataDims, width: int) -> float:
        """Count the multiplications and additions of the first layer."""
        return 2.0 * dims.num_features * width

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers a forward pass of one example stores for its backward pass."""
        return dims.num_features + width * (1 + depth * self.layers_per_block) + dims.num_outputs


def layer_name(block: int, layer: int, layers_per_block: int) -> str:
    """Return the name of one weight of residual block 0..depth-1."""
    return f"block_{block}" if layers_per_block == 1 else f"block_{block}_layer_{layer}"
