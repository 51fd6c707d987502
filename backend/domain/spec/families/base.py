"""Interface of a model family: its tensors, the data it accepts, and the cost of a forward pass.

Contains no computation, so that plans can be checked, priced and refused without torch.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple, Self

from muscope.backend.domain.spec.dataset import DataDims, Frozen
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, Role, TensorScaling, tensor_scaling
from muscope.backend.errors import InvalidInput


class TensorSpec(NamedTuple):
    """One tensor of a network at some width.

    Attributes:
        role: the row of the (A, B, C) table.
        shape: (n_in, n_out); a vector is (1, n), a convolution (kernel positions × n_in, n_out).
        std, mean: of its initial entries, at the base width; the table scales the std with width.
        forward_mult: A at the base width.
        is_in_branch: inside a residual branch, where the rules for depth apply.
    """

    role: Role
    shape: tuple[int, int]
    std: float
    mean: float = 0.0
    forward_mult: float = 1.0
    is_in_branch: bool = False

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return self.shape[0] * self.shape[1]


Tensors = dict[str, TensorSpec]


class ModelFamily(Frozen):
    """Base class of the families; a spec names one and sets its options.

    Attributes:
        branch_exponent: residual branches are multiplied by depth^-branch_exponent where the parametrization
            has no rule for depth (`depth_scaling.py`).
    """

    takes_images_only: ClassVar[bool] = False
    takes_text: ClassVar[bool] = False
    # Without residual branches a rule for depth has nothing to scale.
    has_branches: ClassVar[bool] = True
    # The `width` of a size is the rank of adapters on a network of one width.
    has_ranks: ClassVar[bool] = False

    @property
    def is_tied(self) -> bool:
        """Return whether the readout uses the embedding matrix."""
        return False

    @property
    def name(self) -> str:
        """Return the family's name, the discriminator of the union."""
        return str(getattr(self, "family"))  # noqa: B009 - every family declares it as a Literal

    @property
    def scales_branches(self) -> bool:
        """Return whether there are residual branches with a multiplier."""
        return self.has_branches

    def has_constant_output(self, depth: int) -> bool:  # noqa: ARG002
        """Return whether initial outputs of a depth have a part that no width changes, such as a bias."""
        return False

    def readout_mult(
        self,
        parametrization: Parametrization,  # noqa: ARG002 - a tied readout's depends on all three
        *,
        width: int,  # noqa: ARG002
        base_width: int,  # noqa: ARG002
    ) -> float:
        """Return the factor on a readout that has no tensor of its own; 1 where it has one."""
        return 1.0

    @abstractmethod
    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:
        """Return every tensor by name, in forward order."""

    def constants(
        self,
        name: str,  # noqa: ARG002 - a family may have rules of its own for some tensors
        tensor: TensorSpec,
        parametrization: Parametrization,
        *,
        width: int,
        base_width: int,
        optimizer: OptimizerSpec,
    ) -> TensorScaling:
        """Return the constants by width of a tensor that `tensors` gives at the base width."""
        return tensor_scaling(
            parametrization,
            tensor.role,
            base_init_std=tensor.std,
            width_mult=width / base_width,
            optimizer=optimizer,
            base_forward_mult=tensor.forward_mult,
            init_mean=tensor.mean,
        )

    @abstractmethod
    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the multiplications and additions of a forward pass of one example."""

    def input_flops(self, dims: DataDims, width: int) -> float:  # noqa: ARG002
        """Count the part of `forward_flops` that multiplies the data, which need no gradient; 0: unknown."""
        return 0.0

    @abstractmethod
    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers a forward pass of one example stores for its backward pass."""

    def num_parameters(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the parameters."""
        return sum(tensor.size for tensor in self.tensors(dims, width, depth).values())

    def require_data(self, dims: DataDims) -> Self:
        """Return the family; raises InvalidInput when it cannot read this kind of data."""
        if self.takes_text and not dims.is_text:
            raise InvalidInput("spec.family_needs_text", family=self.name)
        if dims.is_text and not self.takes_text:
            raise InvalidInput("spec.family_cannot_read_text", family=self.name)
        if self.takes_images_only and dims.image is None:
            raise InvalidInput("spec.family_needs_images", family=self.name)
        return self

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:
        """Refuse a size this family cannot have; raises InvalidInput with the field and its valid values."""


def require_multiple(code: str, value: int, divisor: int) -> None:
    """Raise InvalidInput unless `value` is a multiple of `divisor`."""
    if value % divisor:
        raise InvalidInput(code, given=value, divisor=divisor)
