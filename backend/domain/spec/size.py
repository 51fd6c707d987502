"""Sizes of a model, and along which axis each differs from the base."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Size(NamedTuple):
    """Width and depth of one model."""

    width: int
    depth: int


class Axis(StrEnum):
    """What grows from the base to a size: its width, its depth, or both at once."""

    WIDTH = "width"
    DEPTH = "depth"
    BOTH = "both"


def axis_of(size: Size, base: Size) -> Axis | None:
    """Return the axis on which `size` is larger than `base`; None where it is not larger."""
    if size.width < base.width or size.depth < base.depth or size == base:
        return None
    if size.depth == base.depth:
        return Axis.WIDTH
    return Axis.DEPTH if size.width == base.width else Axis.BOTH
