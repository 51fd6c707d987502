"""Roles of a brought model's tensors, and the rows of the table of parametrizations that they take."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from muscope.backend.domain.spec.parametrization import Role


class TensorRole(StrEnum):
    """Work of a tensor between dimensions that grow with width and dimensions that do not."""

    INPUT = "input"  # from the data to the width
    EMBEDDING = "embedding"  # a lookup into the width
    HIDDEN = "hidden"  # from the width to the width
    OUTPUT = "output"  # from the width to the outputs, nothing after it
    TIED = "tied"  # an embedding that is also the output
    BOTTLENECK = "bottleneck"  # from the width to a fixed size inside the network: GQA keys, a router
    EXPANSION = "expansion"  # from a fixed size inside the network to the width
    NORM = "norm"  # gains of a norm
    BIAS = "bias"
    FIXED = "fixed"  # no dimension grows
    UNKNOWN = "unknown"  # asked, never guessed


class Layout(StrEnum):
    """Order of a tensor's dimensions, flattened to a matrix behind its first one."""

    IN_OUT = "in_out"
    OUT_IN = "out_in"
    NO_MATRIX = "no_matrix"


def layout_of(num_dims: int, summed: tuple[int, ...]) -> Layout:
    """Return the layout of a tensor whose dimensions `summed` are summed over where it is used."""
    if num_dims < 2:
        return Layout.NO_MATRIX
    if summed == (0,):
        return Layout.IN_OUT
    return Layout.OUT_IN if summed == tuple(range(1, num_dims)) else Layout.NO_MATRIX


class Rows(NamedTuple):
    """Row of the table for a tensor's start, and for its LR, weight decay and ε."""

    start: Role
    learning: Role


ROWS: dict[TensorRole, Rows] = {
    TensorRole.INPUT: Rows(Role.INPUT, Role.INPUT),
    TensorRole.EMBEDDING: Rows(Role.INPUT, Role.INPUT),
    TensorRole.TIED: Rows(Role.INPUT, Role.INPUT),
    TensorRole.EXPANSION: Rows(Role.INPUT, Role.INPUT),
    TensorRole.HIDDEN: Rows(Role.HIDDEN, Role.HIDDEN),
    TensorRole.OUTPUT: Rows(Role.OUTPUT, Role.OUTPUT),
    TensorRole.BOTTLENECK: Rows(Role.HIDDEN, Role.OUTPUT),
    TensorRole.NORM: Rows(Role.NORM, Role.NORM),
    TensorRole.BIAS: Rows(Role.BIAS, Role.BIAS),
    TensorRole.FIXED: Rows(Role.FIXED, Role.FIXED),
}
