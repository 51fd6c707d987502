"""Roles of a model's tensors, from their shapes at several widths and a trace of one pass.

A dimension grows if it is proportional to the width within `TOLERANCE` of the power 1, and is fixed within as
much of 0; anything between is asked about. A role that neither shapes nor trace decide is asked too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from torch import nn

from muscope.backend.domain.brought.measured import TensorRow
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.structure import Pass
from muscope.worker.brought.tracing import Use, UseKind

TOLERANCE = 0.05
Shapes = tuple[tuple[int, ...], ...]


class _Answer(NamedTuple):
    role: TensorRole
    question: str | None = None


def infer_roles(models: Mapping[int, nn.Module], traced: Pass) -> tuple[TensorRow, ...]:
    """Return the role table in the order of the first model's parameters.

    Args:
        models: by width, ascending, at least three.
        traced: a pass of the narrowest of them.

    Raises:
        InvalidInput: no shape depends on the width, or tensors appear or vanish with it.
    """
    shapes = _common_shapes(models)
    if all(len(set(of_name)) == 1 for of_name in shapes.values()):
        raise InvalidInput("brought.ignores_width", widths=", ".join(map(str, models)))
    tied = _tied_names(next(iter(models.values())))
    uses: dict[str, list[tuple[int, Use]]] = {}
    for index, use in enumerate(traced.uses):
        uses.setdefault(use.tensor, []).append((index, use))
    rows = []
    for name, of_name in shapes.items():
        powers = _powers(of_name, tuple(models))
        growing = tuple(axis for axis, power in enumerate(powers) if power == 1)
        answer = _role(powers, uses.get(name, []), traced.last)
        fan_in, fan_out = _fans(of_name[0], uses.get(name, []))
        rows.append(
            TensorRow(
                name=name,
                shapes=of_name,
                role=answer.role,
                growing=growing,
                question=answer.question,
                tied=tied.get(name, ()),
                summed=_summed(uses.get(name, [])),
                fan_in=fan_in,
                fan_out=fan_out,
            )
        )
    return tuple(rows)


def _common_shapes(models: Mapping[int, nn.Module]) -> dict[str, Shapes]:
    by_width = {
        width: {name: tuple(p.shape) for name, p in model.named_parameters()}
        for width, model in models.items()
    }
    first_width, first = next(iter(by_width.items()))
    for width, named in by_width.items():
        for name in sorted(set(first) ^ set(named)):
            raise InvalidInput(
                "brought.tensor_comes_and_goes",
                tensor=name,
                width=width if name in named else first_width,
                other=first_width if name in named else width,
            )
    for name in first:
        if len({len(named[name]) for named in by_width.values()}) > 1:
            raise InvalidInput("brought.tensor_changes_form", tensor=name)
    return {name: tuple(named[name] for named in by_width.values()) for name in first}


def _tied_names(model: nn.Module) -> dict[str, tuple[str, ...]]:
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return {first: tuple(others) for first, *others in names.values() if others}


def _powers(shapes: Shapes, widths: Sequence[int]) -> tuple[float | None, ...]:
    """Return 1 for a dimension that grows with the width, 0 for a fixed one, None for any other."""
    log_widths = np.log(np.array(widths, dtype=np.float64))
    found: list[float | None] = []
    for sizes in zip(*shapes, strict=True):
        steps = np.diff(np.log(np.maximum(sizes, 1))) / np.diff(log_widths)
        if np.abs(steps).max() <= TOLERANCE:
            found.append(0)
        elif np.abs(steps - 1).max() <= TOLERANCE:
            found.append(1)
        else:
            found.append(None)
    return tuple(found)


def _role(powers: tuple[float | None, ...], uses: list[tuple[int, Use]], last: frozenset[int]) -> _Answer:
    if None in powers:
        return _Answer(TensorRole.UNKNOWN, "not_proportional")
    num_growing = sum(power == 1 for power in powers)
    if num_growing == 0:
        return _Answer(TensorRole.FIXED)
    if num_growing > 2:
        return _Answer(TensorRole.UNKNOWN, "grows_too_often")
    if not uses:
        return _Answer(TensorRole.UNKNOWN, "not_used")
    kinds = {use.kind for _, use in uses}
    if len(powers) == 1 and UseKind.CONTRACTION not in kinds:
        return _Answer(TensorRole.NORM if UseKind.GAIN in kinds else TensorRole.BIAS)
    if UseKind.OTHER in kinds or any(use.contracted is None for _, use in uses):
        return _Answer(TensorRole.UNKNOWN, "unknown_use")
    if num_growing == 2:
        is_hidden = kinds == {UseKind.CONTRACTION} and all(_sums_one(use, powers) for _, use in uses)
        if not is_hidden:
            return _Answer(TensorRole.UNKNOWN, "unknown_use")
        if any(index in last for index, _ in uses):
            return _Answer(TensorRole.UNKNOWN, "output_grows")
        return _Answer(TensorRole.HIDDEN)
    return _with_one_growing(powers.index(1), uses, last)


def _with_one_growing(axis: int, uses: list[tuple[int, Use]], last: frozenset[int]) -> _Answer:
    outputs = [i for i, use in uses if axis in (use.contracted or ())]
    inputs = [use for _, use in uses if axis not in (use.contracted or ())]
    if outputs and inputs:
        is_tied = all(index in last for index in outputs) and inputs[0].kind is UseKind.LOOKUP
        return _Answer(TensorRole.TIED) if is_tied else _Answer(TensorRole.UNKNOWN, "two_uses")
    if outputs:
        terminal = [index in last for index in outputs]
        if all(terminal):
            return _Answer(TensorRole.OUTPUT)
        return _Answer(TensorRole.UNKNOWN, "two_uses") if any(terminal) else _Answer(TensorRole.BOTTLENECK)
    first = inputs[0]
    if first.kind is UseKind.LOOKUP or first.kind is UseKind.OFFSET:
        return _Answer(TensorRole.EMBEDDING)
    return _Answer(TensorRole.EXPANSION if first.inputs else TensorRole.INPUT)


def _sums_one(use: Use, powers: tuple[float | None, ...]) -> bool:
    """Tell whether a use sums over exactly one of two growing dimensions."""
    return sum(powers[axis] == 1 for axis in use.contracted or ()) == 1


def _summed(uses: list[tuple[int, Use]]) -> tuple[int, ...]:
    """Return the dimensions that the first contraction with the tensor sums over."""
    return next((use.contracted or () for _, use in uses if use.kind is UseKind.CONTRACTION), ())


def _fans(shape: tuple[int, ...], uses: list[tuple[int, Use]]) -> tuple[int, int]:
    """Return the entries that a contraction sums over, and those of the other dimensions; 0 if unknown."""
    for _, use in uses:
        if use.kind is UseKind.CONTRACTION and use.contracted is not None:
            fan_in = math.prod(shape[axis] for axis in use.contracted)
            others = math.prod(size for axis, size in enumerate(shape) if axis not in use.contracted)
            kernel = math.prod(shape[axis] for axis in use.contracted if axis >= 2)
            return fan_in, others * kernel
    return 0, 0
