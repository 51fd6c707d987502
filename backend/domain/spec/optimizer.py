"""Optimizers as values: update, constants, and schedule of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, model_validator

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import eos_threshold
from muscope.backend.errors import InvalidInput

Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimizerKind(StrEnum):
    """Update rule, in the conventions of torch.optim; Lion in those of its authors (arXiv 2302.06675).

    Adafactor has no cap of the LR by 1/√t, which torch has and `transformers` has not (ADR 0056).
    """

    SGD = "sgd"
    ADAM = "adam"
    ADAMW = "adamw"
    LION = "lion"
    MUON = "muon"
    ADAFACTOR = "adafactor"


class UpdateFamily(StrEnum):
    """Scaling of an update with its gradient: SGD is linear in it, the others are scale-free.

    Muon orthogonalises the update of hidden matrices; all other tensors move as under AdamW. A relative
    update is as large as the tensor it changes, times the LR.
    """

    SGD = "sgd"
    ADAM = "adam"
    MUON = "muon"
    RELATIVE = "relative"


class OptimizerTraits(NamedTuple):
    """Properties of a kind of optimizer that hold for all its arguments.

    Attributes:
        family: the column of LR and ε multipliers it takes (`parametrization`, `depth_scaling`).
        num_moments: tensors kept beside each weight; momentum > 0 adds one where it is read. The row and
            the column that Adafactor keeps of a matrix do not count.
        arguments: those that it reads and some other kind does not.
        is_preconditioned: it divides by √v̂ + ε, and its sharpness is that of P^-½ H P^-½.
        decouples_weight_decay: decay shrinks the weight itself, instead of adding to its gradient.
        has_sharpness: an edge of stability is known for it, so that sharpness is measured.
        defaults: values of its own for arguments that are left out.
    """

    family: UpdateFamily
    arguments: frozenset[str] = frozenset()
    num_moments: int = 0
    is_preconditioned: bool = False
    decouples_weight_decay: bool = False
    has_sharpness: bool = True
    defaults: Mapping[str, float | bool] = {}

    @property
    def has_momentum(self) -> bool:
        """Tell whether its steps may have momentum."""
        return "momentum" in self.arguments


_OF_SGD = frozenset({"momentum", "nesterov"})
_OF_ADAM = frozenset({"beta1", "beta2", "epsilon", "epsilon_rule"})
_OF_MUON = frozenset({"muon_scale", "adam_lr_ratio"})
_OF_ADAFACTOR = frozenset({"scale_parameter"})
TRAITS: dict[OptimizerKind, OptimizerTraits] = {
    OptimizerKind.SGD: OptimizerTraits(UpdateFamily.SGD, _OF_SGD),
    OptimizerKind.ADAM: OptimizerTraits(UpdateFamily.ADAM, _OF_ADAM, num_moments=2, is_preconditioned=True),
    OptimizerKind.ADAMW: OptimizerTraits(
        UpdateFamily.ADAM, _OF_ADAM, num_moments=2, is_preconditioned=True, decouples_weight_decay=True
    ),
    # Of a step by signs, or of an orthogonalised one, no eigenvalue of the Hessian tells the border.
    OptimizerKind.LION: OptimizerTraits(
        UpdateFamily.ADAM,
        frozenset({"beta1", "beta2"}),
        num_moments=1,
        decouples_weight_decay=True,
        has_sharpness=False,
        defaults={"beta2": 0.99},
    ),
    OptimizerKind.MUON: OptimizerTraits(
        UpdateFamily.MUON,
        _OF_SGD | _OF_ADAM | _OF_MUON,
        num_moments=2,
        decouples_weight_decay=True,
        has_sharpness=False,
        defaults={"momentum": 0.95, "nesterov": True},
    ),
    # Its clipping and its relative step have no published border either.
    OptimizerKind.ADAFACTOR: OptimizerTraits(
        UpdateFamily.RELATIVE, _OF_ADAFACTOR, decouples_weight_decay=True, has_sharpness=False
    ),
}


def readers(argument: str) -> tuple[OptimizerKind, ...] | None:
    """Return the kinds that read an argument; None where every kind does."""
    kinds = tuple(kind for kind, traits in TRAITS.items() if argument in traits.arguments)
    return kinds or None


class MuonScale(StrEnum):
    """Factor on Muon's orthogonalised update of a matrix with n_in inputs and n_out outputs.

    `match_rms_adamw` is Moonlight's (arXiv 2502.16982, eq. 4): entries as large as AdamW's, so that both
    kinds of tensors take one LR. `original` is Keller Jordan's, `unit_rms` that of Scion (arXiv 2502.07529).
    """

    MATCH_RMS_ADAMW = "match_rms_adamw"  # 0.2 √max(n_in, n_out)
    ORIGINAL = "original"  # √max(1, n_out / n_in)
    UNIT_RMS = "unit_rms"  # √(n_out / n_in)

    def factor(self, n_in: int, n_out: int) -> float:
        """Return the factor for a matrix."""
        if self is MuonScale.MATCH_RMS_ADAMW:
            return 0.2 * math.sqrt(max(n_in, n_out))
        ratio = n_out / n_in
        return math.sqrt(ratio if self is MuonScale.UNIT_RMS else max(1.0, ratio))


class NewtonSchulz(NamedTuple):
    """Iteration X ← a X + (b A + c A²) X with A = X Xᵀ of Jordan et al. (2024), that Muon takes.

    Attributes:
        smallest_norm: a norm below it counts as it: the factor of a zero matrix is zero.
    """

    coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315)
    num_steps: int = 5
    smallest_norm: float = 1e-7


class AdafactorConstants(NamedTuple):
    """Constants of Adafactor's step (arXiv 1804.04235): β = 1 - t^-decay, clipping, ε₁ and ε₂."""

    beta2_decay: float = 0.8
    clipping: float = 1.0
    epsilon_1: float = 1e-30
    epsilon_2: float = 1e-3


NEWTON_SCHULZ = NewtonSchulz()
ADAFACTOR = AdafactorConstants()


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
    muon_scale: MuonScale = MuonScale.MATCH_RMS_ADAMW
    adam_lr_ratio: float = Field(
        default=1.0,
        gt=0,
        le=1000,
        description="LR of what Muon leaves to AdamW, per LR of the rest.",
    )
    scale_parameter: bool = Field(
        default=True,
        description="Makes a step of Adafactor relative to the size of the weights it changes.",
    )
    weight_decay: float = Field(default=0.0, ge=0, le=100)
    weight_decay_rule: WeightDecayRule = WeightDecayRule.INDEPENDENT
    schedule: ScheduleSpec = ScheduleSpec()

    @model_validator(mode="before")
    @classmethod
    def _from_a_name(cls, data: Any) -> Any:
        return {"kind": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _with_defaults_of_its_kind(self) -> Self:
        # They stay unset, as other defaults are, so that a request holds what was given and nothing else.
        own = TRAITS[self.kind].defaults
        self.__dict__.update({name: own[name] for name in own if name not in self.model_fields_set})
        return self

    @property
    def traits(self) -> OptimizerTraits:
        """Return the properties of the optimizer's kind."""
        return TRAITS[self.kind]

    @property
    def family(self) -> UpdateFamily:
        """Return the column of LR multipliers this optimizer takes: Adam's for steps not relative."""
        family = self.traits.family
        return UpdateFamily.ADAM if family is UpdateFamily.RELATIVE and not self.scale_parameter else family

    @property
    def num_moments(self) -> int:
        """Return the number of tensors kept beside each weight."""
        return self.traits.num_moments or int(self.traits.has_momentum and self.momentum > 0)

    @property
    def kappa(self) -> float:
        """Return κ: the edge of stability is at sharpness κ/lr (docs/science.md §4.1); ∞ if none is known."""
        if not self.traits.has_sharpness:
            return math.inf
        if self.family is UpdateFamily.ADAM:
            return eos_threshold(1.0, momentum=self.beta1, dampening=self.beta1)
        return eos_threshold(1.0, momentum=self.momentum, nesterov=self.nesterov)

    def content(self) -> dict[str, Any]:
        """Return what the hash of a definition covers: some kinds' own arguments with them only."""
        unused = (_OF_MUON | _OF_ADAFACTOR) - self.traits.arguments
        return self.model_dump(mode="json", exclude=set(unused))

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
