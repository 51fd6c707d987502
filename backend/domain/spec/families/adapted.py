"""A brought network that is fine-tuned through low-rank adapters: its size is their rank.

The network's weights W stay as they are; of every adapted linear layer the output is W x + s B A x, with
A [r, n_in] and B [n_out, r] trained (LoRA, arXiv 2106.09685). The scale s is α/r, or α/√r (rsLoRA, arXiv
2312.03732). The arms are these two rules with one LR at every rank. They agree at the base rank, where s is
what the operator's own code has, so that arms differ by the rule of the rank alone (ADR 0060).

`width` of a size is the rank here; width and depth of the network itself are one each.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataDims, Frozen
from muscope.backend.domain.spec.families.base import Tensors, TensorSpec
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.optimizer import OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import Parametrization, Role, TensorScaling
from muscope.backend.errors import InvalidInput

DOWN, UP = "lora_A", "lora_B"
# Usual draw of the factor that does not start at zero: uniform within ±1/√fan-in, whose variance is a third.
UNIFORM = 1.0 / math.sqrt(3.0)
# The change of the product B A by one step is not derived for orthogonalised and relative steps.
_NO_RULE = frozenset({UpdateFamily.MUON, UpdateFamily.RELATIVE})
_MOST_NAMES = 40
# Fields that it has from the network as it is announced.
_OF_NETWORK = ("network", "sha256", "sizes", "example", "text", "stacked_up_to")


class AdapterScale(StrEnum):
    """Rule of the scale s by the rank, as the operator's own code has it."""

    ALPHA_R = "alpha/r"
    ALPHA_SQRT_R = "alpha/sqrt(r)"

    @property
    def power(self) -> float:
        """Return the power of the rank in s."""
        return POWERS[self.arm]

    @property
    def arm(self) -> Parametrization:
        """Return the arm that has this rule."""
        return Parametrization.LORA if self is AdapterScale.ALPHA_R else Parametrization.RSLORA


POWERS = {Parametrization.LORA: -1.0, Parametrization.RSLORA: -0.5}


class AdapterInit(StrEnum):
    """Factor that is drawn at random; the other one starts at zero."""

    A = "A"
    B = "B"


class Linear(Frozen):
    """One linear layer of a network that adapters can be put on.

    Attributes:
        name: of the module.
        num_inputs, num_outputs: at the network's width.
        is_tied: its matrix is used elsewhere too; an adapter acts where the layer is called.
    """

    name: str
    num_inputs: int = Field(ge=1)
    num_outputs: int = Field(ge=1)
    is_tied: bool = False

    @property
    def largest_rank(self) -> int:
        """Return the rank of a matrix of this layer, beyond which an adapter has nothing to add."""
        return min(self.num_inputs, self.num_outputs)


class Adaptable(Frozen):
    """A network of one width and depth as adapters see it.

    Attributes:
        others: modules with weights that get no adapter, `name (type)`.
        weights_sha256: of the weights that the file gives; None where `build` draws them.
    """

    width: int = Field(ge=1)
    depth: int = Field(ge=1)
    layers: tuple[Linear, ...]
    others: tuple[str, ...] = ()
    weights_sha256: str | None = None


class Adapted(Brought):
    """A network of the operator's with adapters on some of its linear layers.

    Attributes:
        targets: names of layers, or the ends of their names; without any, every linear layer.
        alpha: α of the operator's code; at the base rank r the scale is α/r or α/√r, as `scale` says.
        init: the factor that starts at random.
        lr_ratio: LR of B over the LR of A (LoRA+, arXiv 2402.12354).
        network_width, network_depth: of the network; the widest and shallowest known where none is named.
        layers: layers with adapters, filled in from what the workers announce.
        weights_sha256: of the frozen weights; None where `build` draws them at random.
    """

    has_branches: ClassVar[bool] = False
    has_ranks: ClassVar[bool] = True
    asked: ClassVar[frozenset[str]] = frozenset(
        {"targets", "alpha", "scale", "init", "lr_ratio", "network_width", "network_depth"}
    )
    family: Literal["adapted"] = "adapted"  # type: ignore[assignment]
    targets: tuple[str, ...] = ()
    alpha: float = Field(default=16.0, gt=0, le=1e6, allow_inf_nan=False)
    scale: AdapterScale = AdapterScale.ALPHA_R
    init: AdapterInit = AdapterInit.A
    lr_ratio: float = Field(default=1.0, ge=1e-3, le=1e3, allow_inf_nan=False)
    network_width: int | None = Field(default=None, ge=1)
    network_depth: int | None = Field(default=None, ge=1)
    layers: tuple[Linear, ...] = ()
    weights_sha256: str | None = None

    @property
    def is_described(self) -> bool:
        """Return whether it says everything that a plan needs."""
        return super().is_described and bool(self.layers)

    @property
    def largest_rank(self) -> int:
        """Return the largest rank that every layer with an adapter allows."""
        return min(layer.largest_rank for layer in self.layers)

    def described_by(self, network: Brought, known: tuple[Adaptable, ...]) -> Adapted:
        """Return the model with what a worker has found; raises InvalidInput for what it cannot be.

        Args:
            network: the network as it is announced.
            known: its sizes as adapters see them.
        """
        found = self._size_among(known)
        return self.model_copy(
            update={
                **{name: getattr(network, name) for name in _OF_NETWORK},
                "tables": tuple(table for table in network.tables if table.depth == found.depth),
                "network_width": found.width,
                "network_depth": found.depth,
                "layers": matching(self.targets, found, self.network),
                "weights_sha256": found.weights_sha256,
            }
        )

    def _size_among(self, known: tuple[Adaptable, ...]) -> Adaptable:
        fitting = [
            each
            for each in known
            if self.network_width in (None, each.width) and self.network_depth in (None, each.depth)
        ]
        if not fitting:
            sizes = ", ".join(f"{each.width} × {each.depth}" for each in known) or "-"
            width, depth = self.network_width or "-", self.network_depth or "-"
            raise InvalidInput("spec.adapted_size", model=self.network, width=width, depth=depth, known=sizes)
        return max(fitting, key=lambda each: (each.width, -each.depth))

    def tensors(self, dims: DataDims, width: int, depth: int) -> Tensors:  # noqa: ARG002
        """Return both factors of every adapter at rank `width`, A before B."""
        found: Tensors = {}
        for layer in self.layers:
            down = UNIFORM * layer.num_inputs**-0.5 if self.init is AdapterInit.A else 0.0
            up = UNIFORM * width**-0.5 if self.init is AdapterInit.B else 0.0
            found[f"{layer.name}.{DOWN}"] = TensorSpec(Role.INPUT, (layer.num_inputs, width), down)
            found[f"{layer.name}.{UP}"] = TensorSpec(Role.OUTPUT, (width, layer.num_outputs), up)
        return found

    def factor_shapes(self, rank: int) -> dict[str, tuple[int, int]]:
        """Return the shape of every factor as it is kept: A [r, n_in], B [n_out, r]."""
        return {
            f"{layer.name}.{factor}": (rank, layer.num_inputs)
            if factor == DOWN
            else (layer.num_outputs, rank)
            for layer in self.layers
            for factor in (DOWN, UP)
        }

    def scale_at(self, parametrization: Parametrization, *, rank: int, base_rank: int) -> float:
        """Return s of an arm at a rank; that of the operator's code at the base rank."""
        return float(self.alpha * base_rank**self.scale.power * (rank / base_rank) ** POWERS[parametrization])

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
        """Return the constants of a factor: s on B, its own initial size, the ratio of LRs on B."""
        self.require_rule(parametrization, optimizer)
        is_up = name.endswith(f".{UP}")
        is_drawn_by_rank = is_up and tensor.std > 0
        return TensorScaling(
            forward_mult=self.scale_at(parametrization, rank=width, base_rank=base_width) if is_up else 1.0,
            init_std=tensor.std * (width / base_width) ** -0.5 if is_drawn_by_rank else tensor.std,
            lr_mult=self.lr_ratio if is_up else 1.0,
            is_transposed=True,
        )

    def require_rule(self, parametrization: Parametrization, optimizer: OptimizerSpec) -> None:
        """Refuse an arm that is no rule of the rank, and an optimizer without one; raises InvalidInput."""
        if parametrization not in POWERS:
            raise InvalidInput("spec.adapted_arm", given=parametrization.value)
        if optimizer.family in _NO_RULE:
            raise InvalidInput("spec.adapted_optimizer", given=optimizer.kind.value)

    def has_constant_output(self, depth: int) -> bool:  # noqa: ARG002
        """Return True: the outputs before any training are the network's own, whatever the rank."""
        return True

    def forward_flops(self, dims: DataDims, width: int, depth: int) -> float:
        """Count the flops of one example: the network's, and the adapters' by their share of parameters."""
        assert self.network_width is not None
        own = super().forward_flops(dims, self.network_width, depth)
        return own * (1.0 + self._share(width))

    def activation_numbers(self, dims: DataDims, width: int, depth: int) -> int:
        """Count the numbers that a forward pass of one example stores."""
        assert self.network_width is not None
        own = super().activation_numbers(dims, self.network_width, depth)
        return round(own * (1.0 + self._share(width)))

    def _share(self, rank: int) -> float:
        """Return the numbers of the adapters over those of the adapted matrices."""
        added = sum(rank * (layer.num_inputs + layer.num_outputs) for layer in self.layers)
        return added / sum(layer.num_inputs * layer.num_outputs for layer in self.layers)

    def runs_per_stack(self, width: int) -> int:  # noqa: ARG002 - the network is as large at every rank
        """Return how many runs train as one stack on a CPU."""
        assert self.network_width is not None
        return super().runs_per_stack(self.network_width)

    def require_data(self, dims: DataDims) -> Self:
        """Return the family; raises InvalidInput for data whose examples the network cannot take."""
        if not self.is_described:
            raise InvalidInput("spec.brought_unknown", model=self.network or "-")
        assert self.example is not None
        fitting, before = super().require_data(dims), self.example.num_outputs
        if fitting.text is None or before == dims.num_outputs:
            return fitting
        layers = tuple(fitting.of_vocabulary(layer, before, dims.num_outputs) for layer in self.layers)
        return fitting.model_copy(update={"layers": layers})

    def of_vocabulary(self, layer: Linear, before: int, size: int) -> Linear:
        """Return a layer for another vocabulary: changed where its matrix, or a tied one, has the old one."""
        weight = next((each for each in self.tables[0].tensors if each.name == f"{layer.name}.weight"), None)
        is_readout = layer.is_tied if weight is None else bool(weight.vocabulary)
        if not is_readout or layer.num_outputs != before:
            return layer
        return layer.model_copy(update={"num_outputs": size})

    def require_size(self, dims: DataDims, width: int, depth: int) -> None:  # noqa: ARG002
        """Refuse a rank that a layer does not have, and another depth than the network's."""
        if depth != self.network_depth:
            raise InvalidInput(
                "spec.adapted_depth", given=depth, known=self.network_depth or "-", model=self.network
            )
        for layer in self.layers:
            if width > layer.largest_rank:
                raise InvalidInput(
                    "spec.adapted_rank", given=width, layer=layer.name, largest=layer.largest_rank
                )


def matching(targets: tuple[str, ...], known: Adaptable, network: str) -> tuple[Linear, ...]:
    """Return the layers that the targets name; raises InvalidInput for one that names none.

    A target names a layer of this name, and every layer whose name ends in it after a dot.
    """
    names = ", ".join(layer.name for layer in known.layers[:_MOST_NAMES]) or "-"
    for target in targets:
        if not any(_is_named(layer, target) for layer in known.layers):
            raise InvalidInput("spec.adapted_target", target=target, model=network, known=names)
    if not known.layers:
        raise InvalidInput("spec.adapted_nothing", model=network)
    return tuple(
        layer for layer in known.layers if not targets or any(_is_named(layer, target) for target in targets)
    )


def _is_named(layer: Linear, target: str) -> bool:
    return layer.name == target or layer.name.endswith(f".{target}")
