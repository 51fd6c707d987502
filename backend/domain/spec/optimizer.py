"""Optimizers as values: update, constants, and schedule of the learning rate."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, model_validator

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import eos_threshold
from muscope.backend.errors import InvalidInput

Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimizerKind(StrEnum):
    """Update rule, in the conventions of torch.optim."""

    SGD = "sgd"
    ADAM = "adam"
    ADAMW = "adamw"


class UpdateFamily(StrEnum):
    """Scaling of an update with its gradient: SGD is linear in it, Adam scale-free."""

    SGD = "sgd"
    ADAM = "adam"


class OptimizerTraits(NamedTuple):
    """Properties of a kind of optimizer that hold for all its arguments.

    Attributes:
        family: the column of LR and ε multipliers it takes (`parametrization`, `depth_scaling`).
        num_moments: tensors kept beside each weight; momentum > 0 adds one where it is read.
        arguments: those that it reads and some other kind does not.
        is_preconditioned: it divides by √v̂ + ε, and its sharpness is that of P^-½ H P^-½.
        decouples_weight_decay: decay shrinks the weight itself, instead of adding to its gradient.
    """

    family: UpdateFamily
    arguments: frozenset[str] = frozenset()
    num_moments: int = 0
    is_preconditioned: bool = False
    decouples_weight_decay: bool = False

    @property
    def has_momentum(self) -> bool:
        """Tell whether its steps may have momentum."""
        return "momentum" in self.arguments


_OF_SGD = frozenset({"momentum", "nesterov"})
_OF_ADAM = frozenset({"beta1", "beta2", "epsilon", "epsilon_rule"})
TRAITS: dict[OptimizerKind, OptimizerTraits] = {
    OptimizerKind.SGD: OptimizerTraits(UpdateFamily.SGD, _OF_SGD),
    OptimizerKind.ADAM: OptimizerTraits(UpdateFamily.ADAM, _OF_ADAM, num_moments=2, is_preconditioned=True),
    OptimizerKind.ADAMW: OptimizerTraits(
        UpdateFamily.ADAM, _OF_ADAM, num_moments=2, is_preconditioned=True, decouples_weight_decay=True
    ),
}


def readers(argument: str) -> tuple[OptimizerKind, ...] | None:
    """Return the kinds that read an argument; None where every kind does."""
    kinds = tuple(kind for kind, traits in TRAITS.items() if argument in traits.arguments)
    return kinds or None


class ScheduleKind(StrEnum):
    """Decay of the learning rate after the warm-up."""

    CONSTANT = "constant"
    COSINE = "cosine"
    LINEAR = "linear"


class WeightDecayRule(StrEnum):
    """Scaling of a tensor's weight decay λ with its LR multiplier C by width (ADR 0012)."""

    INDEPENDENT = "independent"  # λ/C: a step decays by lr·λ at every width (mup, CompleteP)
    FIXED = "fixed"  # λ everywhere, as torch does
    SQRT_WIDTH = "sqrt_width"  # λ/√C on hidden weights, none on the others (arXiv 2510.15262)


class EpsilonRule(StrEnum):
    """Scaling of Adam's ε with the size of the network (ADR 0012)."""

    SCALED = "scaled"  # hidden weights by CompleteP's table
    FIXED = "fixed"  # ε everywhere, as torch does


class ScheduleSpec(Frozen):
    """Linear warm-up over a share of the steps, then `kind` down to a share of the base LR."""

    kind: ScheduleKind = ScheduleKind.CONSTANT
    warmup_fraction: float = Field(default=0.0, ge=0, lt=1)
    final_fraction: float = Field(default=0.0, ge=0, le=1)

    def factor(self, step: int, *, num_steps: int) -> float:
        """Return the factor on every learning rate for the update of `step`, 0 <= step < num_steps."""
        warmup_steps = math.ceil(self.warmup_fraction * num_steps)
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        if self.kind is ScheduleKind.CONSTANT:
            return 1.0
        progress = (step - warmup_steps) / max(1, num_steps - warmup_steps)
        is_cosine = self.kind is ScheduleKind.COSINE
        remaining = 0.5 * (1.0 + math.cos(math.pi * progress)) if is_cosine else 1.0 - progress
        return self.final_fraction + (1.0 - self.final_fraction) * remaining


class OptimizerSpec(Frozen):
    """One optimizer; by default plain SGD. A name alone, such as "adam", stands for its defaults."""

    kind: OptimizerKind = OptimizerKind.SGD
    momentum: Decay = 0.0
    nesterov: bool = False
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: float = Field(default=1e-8, ge=0, le=1)
    epsilon_rule: EpsilonRule = EpsilonRule.SCALED
    weight_decay: float = Field(default=0.0, ge=0, le=100)
    weight_decay_rule: WeightDecayRule = WeightDecayRule.INDEPENDENT
    schedule: ScheduleSpec = ScheduleSpec()

    @model_validator(mode="before")
    @classmethod
    def _from_a_name(cls, data: Any) -> Any:
        return {"kind": data} if isinstance(data, str) else data

    @property
    def traits(self) -> OptimizerTraits:
        """Return the properties of the optimizer's kind."""
        return TRAITS[self.kind]

    @property
    def family(self) -> UpdateFamily:
        """Return the column of LR multipliers this optimizer takes."""
        return self.traits.family

    @property
    def num_moments(self) -> int:
        """Return the number of tensors kept beside each weight."""
        return self.traits.num_moments + (self.traits.has_momentum and self.momentum > 0)

    @property
    def kappa(self) -> float:
        """Return κ: the edge of stability is at sharpness κ/lr (docs/science.md §4.1)."""
        if self.family is UpdateFamily.ADAM:
            return eos_threshold(1.0, momentum=self.beta1, dampening=self.beta1)
        return eos_threshold(1.0, momentum=self.momentum, nesterov=self.nesterov)

    def changed(self, **changes: Any) -> Self:
        """Return the optimizer with other values of some fields, validated again."""
        return self.model_validate(self.model_dump() | changes)

    def require_consistent(self) -> Self:
        """Return the optimizer; raises InvalidInput when an argument has no effect for its kind."""
        if self.momentum > 0 and not self.traits.has_momentum:
            raise InvalidInput("spec.momentum_needs_sgd", optimizer=self.kind.value)
        if self.nesterov and self.momentum == 0:
            raise InvalidInput("spec.nesterov_needs_momentum")
        return self


PLAIN_SGD = OptimizerSpec()
WARMUP_FRACTION = 0.1
SCHEDULES: dict[str, ScheduleSpec] = {
    "constant": ScheduleSpec(),
    "warmup": ScheduleSpec(warmup_fraction=WARMUP_FRACTION),
    "cosine": ScheduleSpec(kind=ScheduleKind.COSINE, warmup_fraction=WARMUP_FRACTION),
    "linear": ScheduleSpec(kind=ScheduleKind.LINEAR, warmup_fraction=WARMUP_FRACTION),
}
