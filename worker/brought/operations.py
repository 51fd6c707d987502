"""Operations of torch by name: which argument is contracted along which dimension."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from torch import Tensor


class Contracted(StrEnum):
    """Use of an argument by an operation."""

    AXES = "axes"
    LOOKUP = "lookup"
    GAIN = "gain"
    OFFSET = "offset"
    UNKNOWN = "unknown"


class Operand(NamedTuple):
    """An argument of an operation: dimensions it is summed over, negative from the end.

    `but_first` stands for all dimensions but the first, as of the weight of a convolution.
    """

    contracted: Contracted
    dims: tuple[int, ...] = ()
    but_first: bool = False

    def axes(self, ndim: int) -> tuple[int, ...]:
        """Return the dimensions that are summed over of a tensor with `ndim` dimensions."""
        return tuple(range(1, ndim)) if self.but_first else tuple(d % ndim for d in self.dims)


_LAST = Operand(Contracted.AXES, (-1,))
_LEFT = Operand(Contracted.AXES, (-1,))
_CONV = Operand(Contracted.AXES, but_first=True)
_OFFSET = Operand(Contracted.OFFSET)
_GAIN = Operand(Contracted.GAIN)


def _right(name: str, position: int) -> dict[tuple[str, int | str], Operand]:
    # A vector as the right factor is summed over its only dimension: -2 modulo 1 is 0.
    return {(name, position): Operand(Contracted.AXES, (-2,))}


OPERANDS: dict[tuple[str, int | str], Operand] = {
    ("linear", 1): _LAST,
    ("linear", "weight"): _LAST,
    ("embedding", 1): Operand(Contracted.LOOKUP),
    ("embedding", "weight"): Operand(Contracted.LOOKUP),
    ("__getitem__", 0): Operand(Contracted.LOOKUP),
    ("index_select", 0): Operand(Contracted.LOOKUP),
    ("matmul", 0): _LEFT,
    ("__matmul__", 0): _LEFT,
    ("mm", 0): _LEFT,
    ("bmm", 0): _LEFT,
    **_right("matmul", 1),
    **_right("__matmul__", 1),
    **_right("mm", 1),
    **_right("bmm", 1),
    **_right("addmm", 2),
    **_right("baddbmm", 2),
    ("__rmatmul__", 0): Operand(Contracted.AXES, (-2,)),
    ("__rmatmul__", 1): _LEFT,
    ("multi_head_attention_forward", 5): _LAST,
    ("multi_head_attention_forward", 11): _LAST,
    ("multi_head_attention_forward", "in_proj_weight"): _LAST,
    ("multi_head_attention_forward", "out_proj_weight"): _LAST,
    ("multi_head_attention_forward", "q_proj_weight"): _LAST,
    ("multi_head_attention_forward", "k_proj_weight"): _LAST,
    ("multi_head_attention_forward", "v_proj_weight"): _LAST,
    ("multi_head_attention_forward", 6): _OFFSET,
    ("multi_head_attention_forward", 12): _OFFSET,
}
for _convolution in ("conv1d", "conv2d", "conv3d"):
    OPERANDS |= {(_convolution, 1): _CONV, (_convolution, "weight"): _CONV}
for _convolution in ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"):
    _transposed = Operand(Contracted.AXES, (0,))
    OPERANDS |= {(_convolution, 1): _transposed, (_convolution, "weight"): _transposed}
for _with_bias in (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
):  # fmt: skip
    OPERANDS |= {(_with_bias, 2): _OFFSET, (_with_bias, "bias"): _OFFSET}
for _norm, _at in (
    ("layer_norm", 2), ("rms_norm", 2), ("group_norm", 2), ("batch_norm", 3), ("instance_norm", 3),
):  # fmt: skip
    OPERANDS |= {
        (_norm, _at): _GAIN,
        (_norm, "weight"): _GAIN,
        (_norm, _at + 1): _OFFSET,
        (_norm, "bias"): _OFFSET,
    }
for _sum in ("add", "__add__", "__radd__", "__iadd__", "add_", "sub", "__sub__", "cat"):
    OPERANDS |= {(_sum, position): _OFFSET for position in (0, 1)}
OPERANDS |= {("addmm", 0): _OFFSET, ("baddbmm", 0): _OFFSET}
for _times in ("mul", "__mul__", "__rmul__", "__imul__", "mul_"):
    OPERANDS |= {(_times, position): _GAIN for position in (0, 1)}

RECURRENT = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell"})
_TIMES = frozenset({"mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"})
_OVER = frozenset({"div", "div_", "__truediv__", "__itruediv__", "true_divide", "divide"})
FACTORS = _TIMES | _OVER
_SAME_ORDER = frozenset({
    "clone", "contiguous", "to", "float", "double", "half", "bfloat16", "type_as", "type", "detach",
    "chunk", "split", "__getitem__", "narrow", "unbind", "expand", "expand_as", "dropout",
})  # fmt: skip


def constant_factor(name: str, args: tuple[Any, ...], parameters: set[int]) -> float | None:
    """Return the constant by which an operation multiplies; None if it multiplies by no constant.

    Args:
        parameters: identities of one-entry tensors that are learned, hence no constants.
    """
    if len(args) < 2:
        return None
    first, second = args[0], args[1]
    number = _number(second, parameters)
    if number is None and name in _TIMES:
        number = _number(first, parameters)
    if number is None or number == 0:
        return None
    return 1.0 / number if name in _OVER else number


def _number(value: Any, parameters: set[int]) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    is_constant = isinstance(value, Tensor) and value.numel() == 1 and not value.requires_grad
    return float(value) if is_constant and id(value) not in parameters else None


def derived_dims(
    name: str, args: tuple[Any, ...], source: Tensor, dims: tuple[int | None, ...], part: Tensor
) -> tuple[int | None, ...]:
    """Return which dimension of a parameter each dimension of `part` is; None where that is lost."""
    if name in ("t", "T", "mT", "H", "mH", "transpose", "swapaxes", "permute") and part.ndim == source.ndim:
        order = _order(name, args, source.ndim)
        return tuple(dims[axis] for axis in order)
    if part.shape == source.shape or (name in _SAME_ORDER and part.ndim == source.ndim):
        return dims
    if name in ("__getitem__", "unbind", "select") and part.shape == source.shape[1:]:
        return dims[1:]
    return (None,) * part.ndim


def _order(name: str, args: tuple[Any, ...], ndim: int) -> list[int]:
    order = list(range(ndim))
    if name in ("t", "T", "H"):
        return order[::-1]
    if name in ("mT", "mH"):
        return [*order[:-2], order[-1], order[-2]]
    if name == "permute":
        wanted = args[1] if isinstance(args[1], list | tuple) else args[1:]
        return [int(axis) % ndim for axis in wanted]
    one, other = int(args[1]) % ndim, int(args[2]) % ndim
    order[one], order[other] = order[other], order[one]
    return order


def contracted_letters(args: tuple[Any, ...], value: Tensor) -> tuple[int, ...] | None:
    """Return the dimensions of an operand of `einsum` that are summed over; None where it cannot be read."""
    if not args or not isinstance(args[0], str) or "->" not in args[0] or "..." in args[0]:
        return None
    inputs, output = args[0].replace(" ", "").split("->")
    operands = args[1] if isinstance(args[1], list | tuple) else args[1:]
    for letters, operand in zip(inputs.split(","), operands, strict=False):
        if operand is value:
            return tuple(axis for axis, letter in enumerate(letters) if letter not in output)
    return None
