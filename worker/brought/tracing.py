"""Trace of one forward pass: which operation uses which parameter, and how.

A mode of torch sees every call, of modules and of free functions alike. A parameter that is transposed,
split or multiplied by a constant before its use is followed. Positions in the pass are nodes of the autograd
graph, by which `muscope.worker.brought.graph` tells what lies before what.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from muscope.worker.brought.operations import (
    FACTORS,
    OPERANDS,
    RECURRENT,
    Contracted,
    Operand,
    constant_factor,
    contracted_letters,
    derived_dims,
)

Node = Any  # a node of the autograd graph; torch has no public type for it
_OUR_FOLDER, _TORCH_FOLDER = str(Path(__file__).parent), str(Path(torch.__file__).parent)
SAMPLED = 4096  # entries of an activation that are kept


class UseKind(StrEnum):
    """Use of a parameter by an operation."""

    CONTRACTION = "contraction"
    LOOKUP = "lookup"
    GAIN = "gain"
    OFFSET = "offset"
    OTHER = "other"


class Use(NamedTuple):
    """One use of a parameter.

    Attributes:
        contracted: dimensions of the parameter that are summed over; None where it cannot be told.
        inputs: graph nodes of the other operands; empty where they are data.
        outputs: graph nodes of what comes out.
        sample: some entries of the output, detached.
        entering: as much of the activations that a gain multiplies, hence of a residual stream; else None.
    """

    tensor: str
    kind: UseKind
    contracted: tuple[int, ...] | None
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    sample: Tensor
    entering: Tensor | None = None


class Factor(NamedTuple):
    """A multiplication of activations by a constant; `tensor` where it multiplies a parameter."""

    value: float
    place: str
    node: Node | None
    tensor: str | None = None


class Product(NamedTuple):
    """A product of two activations, summed over `inner` entries, as of queries and keys."""

    inner: int
    node: Node


class Softmax(NamedTuple):
    """A softmax of activations; `scale` and `inner` where the operation contains the product."""

    place: str
    inputs: tuple[Node, ...]
    inner: int | None = None
    scale: float = 1.0
    tensors: tuple[str, ...] = ()


class Trace(TorchFunctionMode):
    """Mode that records the uses of a model's parameters while it is entered."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.uses: list[Use] = []
        self.factors: list[Factor] = []
        self.products: list[Product] = []
        self.softmaxes: list[Softmax] = []
        names: dict[int, str] = {}
        for name, parameter in model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), name)
        dims = {id(parameter): tuple(range(parameter.ndim)) for parameter in model.parameters()}
        # By identity, with the dimensions of the parameter that each of the tensor's dimensions is.
        self._followed: dict[int, tuple[str, tuple[int | None, ...]]] = {
            key: (name, dims[key]) for key, name in names.items()
        }
        self._kept: list[Any] = []  # identities stay those of these objects as long as they live

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = _name_of(func)
        inputs = _nodes(tensors_in([*args, *kwargs.values()]))  # before an operation changes them in place
        result = func(*args, **kwargs)
        self._record(name, args, kwargs, inputs, result)
        return result

    def _record(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: tuple[Node, ...], result: Any
    ) -> None:
        operands = [
            (position, value)
            for position, value in _numbered(args, kwargs)
            if isinstance(value, Tensor) and id(value) in self._followed
        ]
        activations = [t for t in tensors_in([*args, *kwargs.values()]) if id(t) not in self._followed]
        if name in FACTORS and self._record_factor(name, args, operands, result):
            return
        if not operands:
            self._record_activations(name, args, kwargs, activations, inputs, result)
            return
        if not activations and self._follow(name, args, operands, result):
            return
        outputs = tensors_in([result])
        if not outputs or not any(output.is_floating_point() for output in outputs):
            return  # a shape, a type, a device
        for position, value in operands:
            self._record_use(name, args, position, value, inputs, outputs)
            if self.uses[-1].kind is UseKind.GAIN and activations and activations[0].is_floating_point():
                self.uses[-1] = self.uses[-1]._replace(entering=sample_of(activations[0]))

    def _record_use(
        self,
        name: str,
        args: tuple[Any, ...],
        position: int | str,
        value: Tensor,
        inputs: tuple[Node, ...],
        outputs: list[Tensor],
    ) -> None:
        tensor, dims = self._followed[id(value)]
        kind, contracted = _use_of(name, args, position, value)
        of_parameter: tuple[int, ...] | None = None
        if contracted is not None:
            found = [dims[axis] if axis < len(dims) else None for axis in contracted]
            of_parameter = None if None in found else tuple(axis for axis in found if axis is not None)
        self.uses.append(Use(tensor, kind, of_parameter, inputs, _nodes(outputs), sample_of(outputs[0])))
        if name == "multi_head_attention_forward" and position in (5, "in_proj_weight"):
            of_head = value.shape[1] // int(args[4])
            self.softmaxes.append(Softmax(_place(), (), of_head, of_head**-0.5, (tensor,)))

    def _record_factor(
        self, name: str, args: tuple[Any, ...], operands: list[tuple[Any, Tensor]], result: Any
    ) -> bool:
        """Record a multiplication by a constant; returns False if it is none."""
        value = constant_factor(name, args, {id(operand) for _, operand in operands if operand.numel() == 1})
        if value is None or not isinstance(result, Tensor) or not result.requires_grad:
            return False
        if operands:
            tensor, dims = self._followed[id(operands[0][1])]
            self._keep(result, tensor, dims)
            self.factors.append(Factor(value, _place(), None, tensor))
        else:
            self.factors.append(Factor(value, _place(), result.grad_fn))
        return True

    def _follow(
        self, name: str, args: tuple[Any, ...], operands: list[tuple[Any, Tensor]], result: Any
    ) -> bool:
        """Follow what is made of one parameter alone; returns False if its dimensions are lost."""
        names = {self._followed[id(value)][0] for _, value in operands}
        if len(names) != 1:
            return False
        tensor, dims = self._followed[id(operands[0][1])]
        parts = [part for part in tensors_in([result]) if part.is_floating_point()]
        for part in parts:
            self._keep(part, tensor, derived_dims(name, args, operands[0][1], dims, part))
        return True

    def _keep(self, part: Tensor, tensor: str, dims: tuple[int | None, ...]) -> None:
        self._followed[id(part)] = (tensor, dims)
        self._kept.append(part)

    def _record_activations(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        activations: list[Tensor],
        inputs: tuple[Node, ...],
        result: Any,
    ) -> None:
        if not isinstance(result, Tensor) or not inputs:
            return
        if name == "scaled_dot_product_attention":
            of_head = int(activations[0].shape[-1])
            scale = kwargs.get("scale")
            scale = of_head**-0.5 if scale is None else float(scale)
            self.softmaxes.append(Softmax(_place(), _nodes(activations[:2]), of_head, scale))
        elif name in ("softmax", "_softmax"):
            self.softmaxes.append(Softmax(_place(), inputs))
        elif (inner := _inner_size(name, args, activations)) is not None:
            self.products.append(Product(inner, result.grad_fn))
            if name == "baddbmm":
                self.factors.append(Factor(float(kwargs.get("alpha", 1)), _place(), result.grad_fn))


def tensors_in(values: Any) -> list[Tensor]:
    """Return the tensors of nested lists, tuples and dictionaries, in order."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors_in(value)
        elif isinstance(value, dict):
            found += tensors_in(value.values())
    return found


def _use_of(
    name: str, args: tuple[Any, ...], position: int | str, value: Tensor
) -> tuple[UseKind, tuple[int, ...] | None]:
    if name in RECURRENT:
        return (UseKind.CONTRACTION, (1,)) if value.ndim == 2 else (UseKind.OFFSET, ())
    if name == "einsum":
        return UseKind.CONTRACTION, contracted_letters(args, value)
    operand = OPERANDS.get((name, position), Operand(Contracted.UNKNOWN))
    match operand.contracted:
        case Contracted.LOOKUP:
            return UseKind.LOOKUP, ()
        case Contracted.GAIN:
            return UseKind.GAIN, ()
        case Contracted.OFFSET:
            return UseKind.OFFSET, ()
        case Contracted.UNKNOWN:
            return UseKind.OTHER, None
    return UseKind.CONTRACTION, operand.axes(value.ndim)


def _numbered(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[int | str, Any]]:
    for position, value in enumerate(args):
        if isinstance(value, list | tuple):
            yield from ((position, part) for part in tensors_in(value))
        else:
            yield position, value
    yield from kwargs.items()


def _nodes(tensors: list[Tensor]) -> tuple[Node, ...]:
    return tuple(t.grad_fn for t in tensors if t.grad_fn is not None)


def sample_of(output: Tensor) -> Tensor:
    """Return up to about `SAMPLED` entries of a tensor, detached, the same ones each time."""
    flat = output.detach().float().flatten()
    return flat[:: max(1, flat.numel() // SAMPLED)].clone()


def _inner_size(name: str, args: tuple[Any, ...], activations: list[Tensor]) -> int | None:
    """Return how many entries a product of two activations sums over; None if it is no such product."""
    if name in ("matmul", "__matmul__", "__rmatmul__", "bmm") and len(activations) == 2:
        first = activations[1] if name == "__rmatmul__" else activations[0]
        return int(first.shape[-1])
    if name == "baddbmm" and len(activations) == 3:
        return int(activations[1].shape[-1])
    if name == "einsum" and len(activations) == 2 and args and isinstance(args[0], str):
        summed = contracted_letters(args, activations[0])
        return None if summed is None else int(torch.Size([activations[0].shape[a] for a in summed]).numel())
    return None


def _name_of(func: Callable[..., Any]) -> str:
    name = getattr(func, "__name__", "")
    if name == "__get__":
        return getattr(getattr(func, "__self__", None), "__name__", "")
    return name


def _place() -> str:
    """Return `file:line` of the innermost frame of the user's code."""
    frame = sys._getframe()
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if _OUR_FOLDER not in name and _TORCH_FOLDER not in name:
            return f"{Path(name).name}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"
