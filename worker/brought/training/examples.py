"""Examples of a brought network as rows of numbers, and back as the network takes them.

A row is the network's input, or for a network with a loss of its own the whole of an example, one tensor
after another. Whole numbers are exact in float32 up to 2²⁴.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from muscope.backend.domain.spec.dataset import ImageShape
from muscope.backend.domain.spec.families.brought import Example, Leaf
from muscope.backend.errors import InvalidInput

_LARGEST_EXACT = 1 << 24


def leaves_of(batch: Any) -> tuple[list[Tensor], tuple[str, ...]]:
    """Return the tensors of a batch, and its keys if it is a dictionary; raises InvalidInput otherwise."""
    if isinstance(batch, Tensor):
        return [batch], ()
    keys = tuple(map(str, batch)) if isinstance(batch, Mapping) else ()
    values = list(batch.values()) if isinstance(batch, Mapping) else batch
    if not isinstance(values, tuple | list) or not values or not all(map(torch.is_tensor, values)):
        raise InvalidInput("brought.batch_not_tensors", given=type(batch).__name__)
    if any(value.ndim == 0 or len(value) != len(values[0]) for value in values):
        shapes = ", ".join(str(tuple(value.shape)) for value in values)
        raise InvalidInput("brought.batch_sizes_differ", shapes=shapes)
    return list(values), keys


def leaf_of(tensor: Tensor) -> Leaf:
    """Return the form of one example's part of a batched tensor."""
    return Leaf(shape=tuple(tensor.shape[1:]), is_integer=not tensor.is_floating_point())


def packed(leaves: list[Tensor]) -> Tensor:
    """Return a batch as rows [B, D]; raises InvalidInput for whole numbers too large to be exact."""
    for leaf in leaves:
        if not leaf.is_floating_point() and leaf.numel() and int(leaf.abs().max()) > _LARGEST_EXACT:
            raise InvalidInput("brought.numbers_too_large", given=int(leaf.abs().max()))
    return torch.cat([leaf.reshape(len(leaf), -1).to(torch.float32) for leaf in leaves], dim=1)


def unpacked(rows_BD: Tensor, example: Example, image: ImageShape | None = None) -> Any:
    """Return rows as the network takes them: a tensor, or the batch as `example` says.

    Args:
        image: of data of ours, whose pixels are (rows, columns, channels); the network takes channels first.
    """
    sizes = [leaf.size for leaf in example.leaves]
    parts = torch.split(rows_BD, sizes, dim=-1) if len(sizes) > 1 else (rows_BD,)
    shaped = [_shaped(part, leaf, image) for part, leaf in zip(parts, example.leaves, strict=True)]
    if example.keys:
        return dict(zip(example.keys, shaped, strict=True))
    return tuple(shaped) if example.is_whole_batch else shaped[0]


def _shaped(rows_BD: Tensor, leaf: Leaf, image: ImageShape | None) -> Tensor:
    if image is not None and len(leaf.shape) == 3:
        channels_last = rows_BD.reshape(len(rows_BD), image.height, image.width, image.channels)
        return channels_last.permute(0, 3, 1, 2).reshape(len(rows_BD), *leaf.shape)
    shaped = rows_BD.reshape(len(rows_BD), *leaf.shape)
    return shaped.long() if leaf.is_integer else shaped
