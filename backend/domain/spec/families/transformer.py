"""Transformers: a vision transformer for images and a language model, GPT, for text.

A block is an attention branch and a two-layer branch, both multiplied by τ = depth^-branch_exponent. The
scale of the attention logits, 1/d_head under µP and 1/√d_head under SP and NTP (docs/science.md §2.2), is the
forward multiplier of the query weights: (s·x W_q)·(x W_k) = s·(x W_q)·(x W_k). Linear maps have no biases;
layer norms, if enabled, have a gain and a shift, RMS norms a gain alone. Initial constants are those of SP at
base width. Options of the GPT and their rules by width: docs/decisions/0054-gpt-as-people-build-it.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily, Tensors, TensorSpec, require_multiple
from muscope.backend.domain.spec.families.convnet import image_of
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.parametrization import Parametrization, Role, tensor_scaling
from muscope.backend.errors import InvalidInput

POSITION = "position"
CLASS_TOKEN = "class_token"
FINAL_NORM = "final_norm"
ATTENTION_NORM = "attention_norm"
BRANCH_NORM = "mlp_norm"
# Half, so that the mean square of the stream's input at a position is about one: it is a sum of two parts.
EMBEDDING_STD = 0.5**0.5
# GELU preserves about as much variance as ReLU.
GELU_GAIN = 2.0


# Mean square of x σ(x) · b for normal x and b is 0.356.
SWIGLU_GAIN = 2.8
ROTARY_BASE = 10_000.0
GATE = "mlp_gate"


class NormKind(StrEnum):
    """Norm in front of every branch and of the readout."""

    LAYER = "layer"
    RMS = "rms"


class Activation(StrEnum):
    """Activation of the two-layer branch; SwiGLU has a third matrix, the gate's."""

    GELU = "gelu"
    SWIGLU = "swiglu"


class Positions(StrEnum):
    """Positions of tokens: a vector each, or rotations of queries and keys."""

    LEARNED = "learned"
    ROTARY = "rotary"


class Transformer(ModelFamily):
    """Base class of both transformers.

    Attributes:
        num_heads: attention heads; the width must be a multiple.
        mlp_ratio: hidden units of the two-layer branch per unit of width.
        has_norm: a norm in front of every branch and of the readout.
    """

    branch_exponent: float = Field(default=0.5, ge=0.0, le=2.0)
    num_heads: int = Field(default=4, ge=1, le=64)
    mlp_ratio: int = Field(default=2, ge=1, le=8)
    has_norm: bool = True

    @property
    def norm_kind(self) -> NormKind:
        """Return the kind of its norms, where it has any."""
        return NormKind.LAYER

    @property
    def is_gated(self) -> bool:
        """Return whether the two-layer branch has a gate: SwiGLU, not GELU."""
        return False

    @property
    def is_rotary(self) -> bool:
        """Return whether queries and keys are turned by their positions."""
        return False

    @property
    def key_heads(self) -> int:
        """Count the heads of keys and values; each serves as many heads of queries."""
        return self.num_heads

    def block_tensors(self, width: int, block: int) -> Tensors:
        """Return the tensors of one block, by name."""
        square, gain = (width, width), width**-0.5
        inner = self.mlp_ratio * width
        parts: Tensors = {}
        if self.has_norm:
            parts |= norm_tensors(ATTENTION_NORM, width, self.norm_kind, is_in_branch=True)
        parts["query"] = TensorSpec(
            Role.QUERY, square, gain, forward_mult=(width / self.num_heads) ** -0.5, is_in_branch=True
        )
        kv = (width, self.key_heads * (width // self.num_heads))
        for name, shape in (("key", kv), ("value", kv), ("attention_out", square)):
            parts[name] = TensorSpec(Role.HIDDEN, shape, gain, is_in_branch=True)
        if self.has_norm:
            parts |= norm_tensors(BRANCH_NORM, width, self.norm_kind, is_in_branch=True)
        if self.is_gated:
            parts[GATE] = TensorSpec(Role.HIDDEN, (width, inner), gain, is_in_branch=True)
        parts["mlp_in"] = TensorSpec(Role.HIDDEN, (width, inner), gain, is_in_branch=True)
        out_std = ((SWIGLU_GAIN if self.is_gated else GELU_GAIN) / inner) ** 0.5
        parts["mlp_out"] = TensorSpec(Role.HIDDEN, (inner, width), out_std, is_in_branch=True)
        return {part_name(block, part): tensor for part, tensor in parts.items()}

    def body_tensors(self, width: int, depth: int, num_outputs: int) -> Tensors:
        """Return the tensors from the first block to the readout."""
        tensors: Tensors = {}
        for block in range(depth):
            tensors |= self.block_tensors(width, block)
        if self.has_norm:
            tensors |= norm_tensors(FINAL_NORM, width, self.norm_kind)
        if self.is_tied:
            return tensors
        return tensors | {OUTPUT: TensorSpec(Role.OUTPUT, (width, num_outputs), width**-0.5)}

    def body_flops(self, num_tokens: int, width: int, depth: int) -> float:
        """Count the multiplications and additions of the blocks of one example."""
        square = width * width
        kv = 2 * square * self.key_heads // self.num_heads
        matrices = 2 * square + kv + (3 if self.is_gated else 2) * self.mlp_ratio * square
        attention = 2 * num_tokens * width
        return 2.0 * depth * num_tokens * (matrices + attention)

    def body_activations(self, num_tokens: int, width: int, depth: int) -> int:
        """Count the numbers the blocks of one example store for the backward pass."""
        hidden = (5 if self.is_gated else 3) * self.mlp_ratio
        per_token = (8 + hidden) * width + 3 * self.num_heads * num_tokens
        return depth * num_tokens * per_token

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:  # noqa: ARG002
        """Refuse a width that the heads do not divide."""
        if width % self.num_heads:
            raise InvalidInput("spec.heads_do_not_divide", width=width, heads=self.num_heads)


class ViT(Transformer):
    """A vision transformer: patches, a class token, pre-norm blocks, readout of the class token."""

    takes_images_only: ClassVar[bool] = True
    family: Literal["vit"] = "vit"
    patch_size: int = Field(default=4, ge=1, le=32)

    def num_tokens(self, dims: DataDims) -> int:
        """Count the patches and the class token."""
        image = image_of(dims)
        return (image.height // self.patch_size) * (image.width // self.patch_size) + 1

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:
        """Return every tensor by name, in forward order."""
        patch = self.patch_size**2 * image_of(dims).channels
        stem = {
            INPUT: TensorSpec(Role.INPUT, (patch, width), (0.5 / patch) ** 0.5),
            CLASS_TOKEN: TensorSpec(Role.INPUT, (1, width), EMBEDDING_STD),
            POSITION: TensorSpec(Role.INPUT, (self.num_tokens(dims), width), EMBEDDING_STD),
        }
        return stem | self.body_tensors(width, depth, dims.num_outputs)

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the multiplications and additions of a forward pass of one example."""
        ends = 2.0 * width * (dims.num_features + dims.num_outputs)
        return ends + self.body_flops(self.num_tokens(dims), width, depth)

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers a forward pass of one example stores for its backward pass."""
        return dims.num_features + self.body_activations(self.num_tokens(dims), width, depth)

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:
        """Refuse a width that the heads do not divide, and patches that do not tile the image."""
        super().require_size(dims, width, depth)
        image = image_of(dims)
        for side in (image.height, image.width):
            require_multiple("spec.patches_do_not_tile", side, self.patch_size)


class GPT(Transformer):
    """A language model: embeddings of token and position, causal pre-norm blocks, readout.

    Attributes:
        norm: kind of the norms, where `has_norm`.
        activation: of the two-layer branch.
        positions: how positions enter.
        num_kv_heads: heads of keys and values, a divisor of `num_heads`; by default as many.
        has_tied_embeddings: the readout is the embedding matrix, transposed, times `readout_mult`.
    """

    takes_text: ClassVar[bool] = True
    family: Literal["gpt"] = "gpt"
    norm: NormKind = NormKind.LAYER
    activation: Activation = Activation.GELU
    positions: Positions = Positions.LEARNED
    num_kv_heads: int | None = Field(default=None, ge=1, le=64)
    has_tied_embeddings: bool = False

    @property
    def norm_kind(self) -> NormKind:
        """Return the kind of its norms, where it has any."""
        return self.norm

    @property
    def is_gated(self) -> bool:
        """Return whether the two-layer branch has a gate: SwiGLU, not GELU."""
        return self.activation is Activation.SWIGLU

    @property
    def is_rotary(self) -> bool:
        """Return whether queries and keys are turned by their positions."""
        return self.positions is Positions.ROTARY

    @property
    def key_heads(self) -> int:
        """Count the heads of keys and values; each serves as many heads of queries."""
        return self.num_kv_heads or self.num_heads

    @property
    def is_tied(self) -> bool:
        """Return whether the readout uses the embedding matrix."""
        return self.has_tied_embeddings

    def readout_mult(self, parametrization: Parametrization, *, width: int, base_width: int) -> float:
        """Return the factor on a tied readout, with which initial outputs scale as those of an own readout.

        Rows of the embedding matrix have its std, √½, at every width; an own readout has A·B of its role.
        """
        if not self.has_tied_embeddings:
            return 1.0
        own = tensor_scaling(
            parametrization, Role.OUTPUT, base_init_std=base_width**-0.5, width_mult=width / base_width
        )
        return own.forward_mult * own.init_std / EMBEDDING_STD

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:
        """Return every tensor by name, in forward order."""
        stem = {
            INPUT: TensorSpec(Role.INPUT, (dims.num_outputs, width), EMBEDDING_STD),
        }
        if not self.is_rotary:
            stem[POSITION] = TensorSpec(Role.INPUT, (dims.num_features, width), EMBEDDING_STD)
        return stem | self.body_tensors(width, depth, dims.num_outputs)

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:
        """Refuse a width or a number of heads that the heads cannot have, and a kind of no norms."""
        super().require_size(dims, width, depth)
        if self.norm is not NormKind.LAYER and not self.has_norm:
            raise InvalidInput("spec.norm_without_norms", given=self.norm.value)
        if self.num_heads % self.key_heads:
            raise InvalidInput("spec.kv_heads_do_not_divide", heads=self.num_heads, given=self.key_heads)
        if self.is_rotary and width // self.num_heads % 2:
            raise InvalidInput("spec.rotary_needs_even_heads", width=width, heads=self.num_heads)

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the multiplications and additions of a forward pass of one example: one window."""
        readout = 2.0 * dims.num_features * width * dims.num_outputs
        return readout + self.body_flops(dims.num_features, width, depth)

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers a forward pass of one example stores for its backward pass."""
        return dims.num_features * 3 * dims.num_outputs + self.body_activations(
            dims.num_features, width, depth
        )


def part_name(block: int, part: str) -> str:
    """Return the name of a tensor of block 0..depth-1."""
    return f"block_{block}_{part}"


def norm_tensors(name: str, width: int, kind: NormKind, *, is_in_branch: bool = False) -> Tensors:
    """Return the gain of a norm, initialised to 1, and of a layer norm the shift, initialised to 0."""
    gain = TensorSpec(Role.NORM, (1, width), 0.0, mean=1.0, is_in_branch=is_in_branch)
    if kind is NormKind.RMS:
        return {f"{name}_gain": gain}
    shift = TensorSpec(Role.BIAS, (1, width), 0.0, is_in_branch=is_in_branch)
    return {f"{name}_gain": gain, f"{name}_shift": shift}
