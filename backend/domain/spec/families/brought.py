"""A user's own network as a model family: what its workers have found out about it, and its rules.

The network itself is a file of the operator's on the workers; here are numbers. They are part of the spec, so
an experiment stays the same whatever the workers hold later.

Under SP the network is as its author builds it, with one LR. Under every other parametrization m = width /
base_width enters by the table of `muscope.backend.domain.spec.parametrization`: the author's initial entries
are multiplied so that their size has the table's power of m instead of their own, and a tensor enters the
forward pass times the power of m that the author's code does not apply yet.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataDims, Frozen
from muscope.backend.domain.spec.families.base import ModelFamily, Tensors, TensorSpec
from muscope.backend.domain.spec.families.brought_work import TextRange, Work, power_between
from muscope.backend.domain.spec.optimizer import OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import (
    Parametrization,
    TensorScaling,
    lr_ratio,
    tensor_scaling,
    weight_decay_mult,
)
from muscope.backend.domain.spec.tensor_role import ROWS, Layout, TensorRole, layout_of
from muscope.backend.errors import InvalidInput

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
SHA256 = r"^[0-9a-f]{64}$"


class BroughtTensor(Frozen):
    """One tensor of a brought network.

    Attributes:
        shape: at the narrowest width that was looked at.
        growing: its dimensions that are proportional to the width.
        inputs: its dimensions that are summed over where it is used.
        std: root mean square of its initial entries at that width; 0 for one that starts at zero.
        init_power: power of the width in that size, as its author draws it.
        forward_power: power of the width in the constants that the author's code multiplies it by.
        vocabulary: its dimensions that are the size of the vocabulary, of a network that takes any text.
    """

    name: str
    role: TensorRole
    shape: tuple[int, ...]
    growing: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    std: float = Field(ge=0, allow_inf_nan=False)
    init_power: float = 0.0
    forward_power: float = 0.0
    vocabulary: tuple[int, ...] = ()

    @property
    def layout(self) -> Layout:
        """Return the order of its dimensions as the worker keeps them."""
        return layout_of(len(self.shape), self.inputs)

    def of_vocabulary(self, size: int) -> BroughtTensor:
        """Return the tensor for another vocabulary."""
        shape = tuple(size if axis in self.vocabulary else old for axis, old in enumerate(self.shape))
        return self.model_copy(update={"shape": shape})


class DepthTable(Frozen):
    """Tensors of the network of one depth, in the order of its parameters, and its work by width."""

    depth: int = Field(ge=1)
    tensors: Annotated[tuple[BroughtTensor, ...], Field(min_length=1)]
    work: Annotated[tuple[Work, ...], Field(min_length=1)]

    def of_text(self, length: int, vocabulary: int) -> DepthTable:
        """Return the table for texts of another length and vocabulary."""
        tensors = tuple(tensor.of_vocabulary(vocabulary) for tensor in self.tensors)
        work = tuple(each.of_text(length, vocabulary) for each in self.work)
        return self.model_copy(update={"tensors": tensors, "work": work})


class Leaf(Frozen):
    """One tensor of an example: its shape without the batch, and whether it holds whole numbers."""

    shape: tuple[int, ...]
    is_integer: bool = False

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return math.prod(self.shape)


class Example(Frozen):
    """Form of an example as the network takes it.

    Attributes:
        leaves: of the input alone, or of the whole batch for a network with a loss of its own.
        keys: of a batch that is a dictionary.
        is_whole_batch: the loss is the network's own function of the whole batch.
        num_outputs: of the last dimension of the network's outputs; 1 with a loss of its own.
    """

    leaves: Annotated[tuple[Leaf, ...], Field(min_length=1)]
    keys: tuple[str, ...] = ()
    is_whole_batch: bool = False
    num_outputs: int = Field(ge=1)

    @property
    def size(self) -> int:
        """Return the numbers of one example."""
        return sum(leaf.size for leaf in self.leaves)


class Brought(ModelFamily):
    """A network of the operator's, named, in the version whose hash is `sha256`.

    A request names the network; the rest is what the workers that hold it announce.

    Attributes:
        sizes: widths that it was looked at.
        stacked_up_to: widest width at which runs train as one stack, measured; 0: one by one.
        text: of a network that takes any text; `require_data` then returns it for the data's.
    """

    has_branches: ClassVar[bool] = False
    # Options that a request may set; the rest is what the workers announce.
    asked: ClassVar[frozenset[str]] = frozenset()
    family: Literal["brought"] = "brought"
    network: str = Field(default="", pattern=f"{NAME}|^$")
    sha256: str | None = Field(default=None, pattern=SHA256)
    sizes: tuple[int, ...] = ()
    tables: tuple[DepthTable, ...] = ()
    example: Example | None = None
    stacked_up_to: int = Field(default=0, ge=0)
    text: TextRange | None = None

    @property
    def is_described(self) -> bool:
        """Return whether it says everything that a plan needs."""
        return self.sha256 is not None and self.example is not None and bool(self.tables and self.sizes)

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:  # noqa: ARG002
        """Return every tensor as a matrix (n_in, n_out), in the order of the network's parameters."""
        return {
            tensor.name: TensorSpec(
                ROWS[tensor.role].start,
                _matrix(self.shape_of(tensor, width), tensor.inputs),
                tensor.std * (width / self.sizes[0]) ** tensor.init_power,
            )
            for tensor in self.table(depth).tensors
        }

    def has_constant_output(self, depth: int) -> bool:
        """Return whether a tensor without a growing dimension, such as an output bias, starts above zero."""
        return any(each.role is TensorRole.FIXED and each.std > 0 for each in self.table(depth).tensors)

    def table(self, depth: int) -> DepthTable:
        """Return the table of a depth; raises InvalidInput for one that the network does not have."""
        for table in self.tables:
            if table.depth == depth:
                return table
        known = ", ".join(str(table.depth) for table in self.tables)
        raise InvalidInput("spec.brought_depth", given=depth, known=known, model=self.network)

    def shape_of(self, tensor: BroughtTensor, width: int) -> tuple[int, ...]:
        """Return a tensor's shape at a width; raises InvalidInput where it would not be whole."""
        shape = list(tensor.shape)
        for axis in tensor.growing:
            shape[axis], rest = divmod(tensor.shape[axis] * width, self.sizes[0])
            if rest or not shape[axis]:
                known = ", ".join(map(str, self.sizes))
                raise InvalidInput("spec.brought_width", given=width, tensor=tensor.name, known=known)
        return tuple(shape)

    def constants(
        self,
        name: str,
        tensor: TensorSpec,
        parametrization: Parametrization,
        *,
        width: int,
        base_width: int,
        optimizer: OptimizerSpec,
    ) -> TensorScaling:
        """Return the constants of a tensor; see the module."""
        own = next(known for table in self.tables for known in table.tensors if known.name == name)
        rows, mult = ROWS[own.role], width / base_width
        start, learning = (
            tensor_scaling(
                parametrization,
                row,
                base_init_std=1.0,
                width_mult=mult,
                optimizer=optimizer,
                is_matrix=own.layout is not Layout.NO_MATRIX,
            )
            for row in rows
        )
        learning = learning._replace(is_transposed=own.layout is Layout.OUT_IN)
        if parametrization is Parametrization.SP:
            return learning._replace(
                forward_mult=1.0, init_std=tensor.std * mult**own.init_power, epsilon_mult=1.0
            )
        lr_mult = learning.lr_mult * _shift(start, learning, optimizer)
        ratio = lr_ratio(optimizer, is_orthogonalised=learning.is_orthogonalised)
        rule = optimizer.weight_decay_rule
        return learning._replace(
            forward_mult=start.forward_mult * mult**-own.forward_power,
            init_std=tensor.std * start.init_std,
            lr_mult=lr_mult,
            epsilon_mult=learning.epsilon_mult * start.forward_mult / learning.forward_mult,
            weight_decay_mult=weight_decay_mult(rule, rows.learning, lr_mult / ratio),
        )

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:  # noqa: ARG002
        """Count the flops of one example, between the widths that were looked at by a power of the width."""
        return power_between(width, [(work.width, work.flops) for work in self.table(depth).work])

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:  # noqa: ARG002
        """Count the numbers that a forward pass of one example stores."""
        return round(power_between(width, [(work.width, work.numbers) for work in self.table(depth).work]))

    def runs_per_stack(self, width: int) -> int:
        """Return how many runs of a width train as one stack on a CPU."""
        if width > self.stacked_up_to:
            return 1
        return 12 if width <= 64 else 8

    def require_data(self, dims: DataDims) -> Self:
        """Return the family; raises InvalidInput for data whose examples the network cannot take."""
        if not self.is_described:
            raise InvalidInput("spec.brought_unknown", model=self.network or "-")
        assert self.example is not None
        if self.text is not None:
            return self._reading(dims, self.text)
        expected, expected_outputs = self.example.size, self.example.num_outputs
        if (dims.num_features, dims.num_outputs) != (expected, expected_outputs):
            raise InvalidInput(
                "spec.brought_data",
                model=self.network,
                features=dims.num_features,
                outputs=dims.num_outputs,
                expected_features=expected,
                expected_outputs=expected_outputs,
            )
        return self

    def _reading(self, dims: DataDims, text: TextRange) -> Self:
        """Return the network for a text; raises InvalidInput for data that it cannot read."""
        assert self.example is not None
        length, vocabulary = dims.num_features, dims.num_outputs
        if not dims.is_text:
            raise InvalidInput("spec.brought_needs_text", model=self.network)
        if text.longest is not None and length > text.longest:
            raise InvalidInput(
                "spec.brought_longest", model=self.network, given=length, expected=text.longest
            )
        if text.vocabulary not in (None, vocabulary):
            raise InvalidInput(
                "spec.brought_vocabulary", model=self.network, given=vocabulary, expected=text.vocabulary
            )
        leaf = Leaf(shape=(length,), is_integer=True)
        example = self.example.model_copy(update={"leaves": (leaf,), "num_outputs": vocabulary})
        tables = tuple(table.of_text(length, vocabulary) for table in self.tables)
        return self.model_copy(update={"example": example, "tables": tables})

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:  # noqa: ARG002
        """Refuse a size at which a tensor would not be whole, and a depth that was not looked at."""
        for tensor in self.table(depth).tensors:
            self.shape_of(tensor, width)


def _shift(start: TensorScaling, learning: TensorScaling, optimizer: OptimizerSpec) -> float:
    """Return the factor on the LR of a tensor that starts by one row and learns by another.

    Abc symmetry moves the constants of the second to the first; a relative step has the initial size as a
    factor.
    """
    forward = learning.forward_mult / start.forward_mult
    if optimizer.family is UpdateFamily.SGD:
        return forward**2
    if optimizer.family is UpdateFamily.RELATIVE:
        return forward * learning.init_std / start.init_std
    return forward


def _matrix(shape: tuple[int, ...], inputs: tuple[int, ...]) -> tuple[int, int]:
    """Return the numbers of entries that are summed over, and of the others."""
    n_in = math.prod(shape[axis] for axis in inputs)
    return n_in, math.prod(shape) // max(1, n_in)
