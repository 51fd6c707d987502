"""The convolutional nets of arXiv 2402.17457: the two-layer net of its first figure, and the residual one.

Images are (rows, columns, channels); a convolution's weight is (3·3·n_in, n_out). Width counts channels.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataDims, ImageShape
from muscope.backend.domain.spec.families.base import ModelFamily, Tensors, TensorSpec, require_multiple
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT, RELU_GAIN, layer_name
from muscope.backend.domain.spec.parametrization import Role
from muscope.backend.errors import InvalidInput

KERNEL = 9  # 3 × 3 positions
HIDDEN = "hidden"
FIRST_STRIDE = 2
SECOND_STRIDE = 4
NUM_STAGES = 3
MIN_SIDE = 4
# Flops that take as long as copying a number into overlapping patches and back in the backward pass; measured
# on the residual net, where the copies outweigh the products (docs/log.md, 2026-11-24).
PATCH_FLOPS = 150.0


class Grid(NamedTuple):
    """Rows and columns of a feature map."""

    height: int
    width: int

    @property
    def positions(self) -> int:
        """Return the number of positions."""
        return self.height * self.width

    def convolved(self, stride: int) -> Grid:
        """Return the map after a 3 × 3 convolution with one ring of padding."""
        return Grid((self.height - 1) // stride + 1, (self.width - 1) // stride + 1)

    def pooled(self) -> Grid:
        """Return the map after 2 × 2 max pooling; a side of 1 stays, an odd rest is left out."""
        return Grid(max(1, self.height // 2), max(1, self.width // 2))


def image_of(dims: DataDims) -> ImageShape:
    """Return the image shape, which `require_data` has checked."""
    if dims.image is None:
        raise InvalidInput("spec.family_needs_images", family="convnet")
    return dims.image


def _convolution(role: Role, n_in: int, n_out: int, gain: float, *, is_in_branch: bool = False) -> TensorSpec:
    fan_in = KERNEL * n_in
    return TensorSpec(role, (fan_in, n_out), (gain / fan_in) ** 0.5, is_in_branch=is_in_branch)


def _readout(positions: int, width: int, num_outputs: int) -> TensorSpec:
    fan_in = positions * width
    return TensorSpec(Role.OUTPUT, (fan_in, num_outputs), fan_in**-0.5)


def _convolution_flops(grid: Grid, n_in: int, n_out: int) -> float:
    return 2.0 * grid.positions * KERNEL * n_in * n_out


class ConvNet(ModelFamily):
    """Convolution (stride 2), ReLU, pool, convolution (stride 4), ReLU, pool, readout: "2-layer conv"."""

    takes_images_only: ClassVar[bool] = True
    has_branches: ClassVar[bool] = False
    family: Literal["convnet"] = "convnet"

    @staticmethod
    def grids(dims: DataDims) -> tuple[Grid, Grid, Grid]:
        """Return the maps after the first convolution, after its pool, and after the second convolution."""
        image = image_of(dims)
        first = Grid(image.height, image.width).convolved(FIRST_STRIDE)
        return first, first.pooled(), first.pooled().convolved(SECOND_STRIDE)

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:  # noqa: ARG002 - one depth only
        """Return every tensor by name, in forward order."""
        *_, last = self.grids(dims)
        return {
            INPUT: _convolution(Role.INPUT, image_of(dims).channels, width, 1.0),
            HIDDEN: _convolution(Role.HIDDEN, width, width, RELU_GAIN),
            OUTPUT: _readout(last.pooled().positions, width, dims.num_outputs),
        }

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:  # noqa: ARG002
        """Count the multiplications and additions of a forward pass of one example."""
        first, _, last = self.grids(dims)
        readout = 2.0 * last.pooled().positions * width * dims.num_outputs
        convolutions = _convolution_flops(first, image_of(dims).channels, width)
        return convolutions + _convolution_flops(last, width, width) + readout

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:  # noqa: ARG002
        """Count the numbers a forward pass of one example stores for its backward pass."""
        first, pooled, last = self.grids(dims)
        patches = KERNEL * (first.positions * image_of(dims).channels + last.positions * width)
        return patches + width * (2 * first.positions + pooled.positions + 3 * last.positions)

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:  # noqa: ARG002
        """Refuse a depth other than 1, and images too small to convolve twice."""
        if depth != 1:
            raise InvalidInput("spec.depth_is_fixed", family=self.family, given=depth, allowed=1)
        _require_side(dims, self.family)


class ResidualConvNet(ModelFamily):
    """Convolution, three stages of blocks h + τ · conv φ(h) with pools and convolutions between, readout.

    Attributes:
        layers_per_block: k convolutions a block; with k ≥ 2 the paper finds no transfer over depth.
    """

    takes_images_only: ClassVar[bool] = True
    family: Literal["residual_convnet"] = "residual_convnet"
    branch_exponent: float = Field(default=0.5, ge=0.0, le=2.0)
    layers_per_block: int = Field(default=1, ge=1, le=4)

    @staticmethod
    def grids(dims: DataDims) -> list[Grid]:
        """Return the map of each stage."""
        image = image_of(dims)
        grids = [Grid(image.height, image.width)]
        for _ in range(NUM_STAGES - 1):
            grids.append(grids[-1].pooled())
        return grids

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:
        """Return every tensor by name, in forward order."""
        branch = _convolution(Role.HIDDEN, width, width, RELU_GAIN, is_in_branch=True)
        between = _convolution(Role.HIDDEN, width, width, RELU_GAIN)
        tensors = {INPUT: _convolution(Role.INPUT, image_of(dims).channels, width, 1.0)}
        for stage in range(NUM_STAGES):
            if stage:
                tensors[stage_name(stage)] = between
            for block in blocks_of(stage, depth):
                for layer in range(self.layers_per_block):
                    tensors[layer_name(block, layer, self.layers_per_block)] = branch
        last = self.grids(dims)[-1].pooled()
        return tensors | {OUTPUT: _readout(last.positions, width, dims.num_outputs)}

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the flops of a forward pass of one example, including the copies into patches."""
        grids = self.grids(dims)
        per_stage = len(blocks_of(0, depth)) * self.layers_per_block
        flops = _convolution_flops(grids[0], image_of(dims).channels, width)
        for stage, grid in enumerate(grids):
            patches = PATCH_FLOPS * grid.positions * KERNEL * width
            flops += (per_stage + bool(stage)) * (_convolution_flops(grid, width, width) + patches)
        return flops + 2.0 * grids[-1].pooled().positions * width * dims.num_outputs

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers a forward pass of one example stores for its backward pass."""
        per_stage = len(blocks_of(0, depth)) * self.layers_per_block + 1
        maps = sum(grid.positions for grid in self.grids(dims)) * per_stage
        return (KERNEL + 3) * width * maps + KERNEL * dims.num_features

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:  # noqa: ARG002
        """Refuse a depth that is no multiple of the three stages, and images too small to pool."""
        require_multiple("spec.depth_not_a_multiple", depth, NUM_STAGES)
        _require_side(dims, self.family)


def stage_name(stage: int) -> str:
    """Return the name of the convolution in front of stage 1 or 2."""
    return f"stage_{stage}"


def blocks_of(stage: int, depth: int) -> range:
    """Return the indices of the blocks of a stage within the whole net."""
    per_stage = depth // NUM_STAGES
    return range(stage * per_stage, (stage + 1) * per_stage)


def _require_side(dims: DataDims, family: str) -> None:
    image = image_of(dims)
    side = min(image.height, image.width)
    if side < MIN_SIDE:
        raise InvalidInput("spec.images_too_small", family=family, given=side, allowed=MIN_SIDE)
