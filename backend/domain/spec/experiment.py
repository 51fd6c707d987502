"""Immutable definition of an experiment: everything that decides its numbers, and nothing else."""

from __future__ import annotations

import hashlib
import json
import math
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from muscope.backend.domain.spec.budget import Budget
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.judging.decision import CostUnit, DecidingLoss, Settle
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.measures import DensityGrid, Measure
from muscope.backend.domain.spec.metrics import Schedule, Spacing
from muscope.backend.domain.spec.model import Model
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, SCHEDULES, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization
from muscope.backend.domain.spec.scaling.step_up import BatchRule, StepsRule, StepUp, usual_batch_rule
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind
from muscope.backend.domain.spec.size import Axis, Size, axis_of

T = TypeVar("T")
# Steps of one run, a longer horizon included.
MAX_STEPS = 1_000_000


class Loss(StrEnum):
    """Training loss: cross-entropy in nats, ½ · mean over samples of the summed squared error, or the
    brought network's own.
    """

    CROSS_ENTROPY = "cross_entropy"
    SQUARED_ERROR = "squared_error"
    OWN = "own"


class Protocol(StrEnum):
    """Protocol: the full grid, or stages from the base size up, as far as the verdict needs them."""

    STAGED = "staged"
    FULL = "full"


CONTROLS = (Parametrization.SP, Parametrization.NTP)


def control_for(loss: Loss, optimizer: OptimizerSpec) -> Parametrization:
    """Return the arm that should fail to transfer under `loss` and `optimizer`.

    Measured (docs/decisions/0008): under cross-entropy with SGD, SP shows nothing, since logits may grow
    benignly (arXiv 2505.22491), and NTP moves; under squared error, and under Adam, it is SP that moves.
    """
    is_sgd = optimizer.family is UpdateFamily.SGD
    return Parametrization.NTP if is_sgd and loss is Loss.CROSS_ENTROPY else Parametrization.SP


def arms_for(
    model: ModelFamily, loss: Loss, optimizer: OptimizerSpec
) -> tuple[Parametrization, Parametrization]:
    """Return the arm to judge and its control: of adapters, the rule of the operator's code and the other."""
    if isinstance(model, Adapted):
        judged = model.scale.arm
        return judged, next(rule for rule in OF_RANK if rule is not judged)
    return Parametrization.MUP, control_for(loss, optimizer)


def _require_unique(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) != len(values):
        repeated = next(value for value in values if values.count(value) > 1)
        raise ValueError(f"{repeated} is given twice; every value may appear once")
    return values


def _sorted_measures(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    return tuple(sorted(measures))


PositiveInt = Annotated[int, Field(ge=1)]
Extent = Annotated[int, Field(ge=1, le=65_536)]
# Below this a step changes no weight in float32, and products of smaller numbers are no longer above zero.
SMALLEST = 1e-12
LearningRate = Annotated[float, Field(ge=SMALLEST, le=1e6, allow_inf_nan=False)]
SharpnessTolerance = Annotated[float, Field(ge=SMALLEST, lt=1)]
DivergenceFactor = Annotated[float, Field(gt=1, le=1e12, allow_inf_nan=False)]
TailFraction = Annotated[float, Field(ge=1e-6, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Extents = Annotated[tuple[Extent, ...], Field(min_length=1), AfterValidator(_require_unique)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_require_unique)]
# Sorted, since the order of measures in a request changes nothing.
Measures = Annotated[tuple[Measure, ...], AfterValidator(_require_unique), AfterValidator(_sorted_measures)]
Scenarios = Annotated[tuple[Scenario, ...], Field(min_length=1), AfterValidator(_require_unique)]
LearningRates = Annotated[tuple[LearningRate, ...], Field(min_length=1), AfterValidator(_require_unique)]


# Fields at their defaults are left out of the hash, so specs from before these fields keep their hash.
UNUSED = frozenset(
    {
        "measures",
        "density_grid",
        "measure_spacing",
        "precision",
        "thresholds",
        "budget",
        "target_width",
        "target_depth",
        "deciding_loss",
        "cost_unit",
        "settle",
        "batch_rule",
        "steps_rule",
    }
)


class Precision(StrEnum):
    """Numbers that products of a training step are made of; weights and measures are float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Arm(Frozen):
    """One parametrization with its own LR grid."""

    parametrization: Parametrization
    lrs: LearningRates

    def scaled(self, factor: float) -> Arm:
        """Return the arm on its grid multiplied by `factor`."""
        return self.model_copy(update={"lrs": tuple(lr * factor for lr in self.lrs)})


class ExperimentSpec(Frozen):
    """One question with one grid. Equal specs on equal data give equal numbers."""

    dataset_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scenarios: Scenarios = (Scenario.AS_GIVEN,)
    model: Model = ResidualMLP()
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    widths: Extents
    depths: Extents
    base_width: Extent
    base_depth: Extent = Field(default_factory=lambda given: min(given.get("depths") or (1,)))
    completep_alpha: float = Field(default=1.0, ge=0.5, le=1.0)
    seeds: Seeds
    loss: Loss
    optimizer: OptimizerSpec = PLAIN_SGD
    batch_size: PositiveInt
    num_steps: PositiveInt = Field(le=MAX_STEPS)
    measure_every: PositiveInt
    measure_spacing: Spacing = Spacing.EVEN
    precision: Precision = Precision.FLOAT32
    sharpness_batch_size: PositiveInt
    sharpness_tolerance: SharpnessTolerance = 1e-3
    divergence_factor: DivergenceFactor = 20.0
    tail_fraction: TailFraction = 0.1
    spec_seed: Seed = 0
    protocol: Protocol = Protocol.FULL
    measures: Measures = ()
    density_grid: DensityGrid = DensityGrid()
    thresholds: Thresholds = Thresholds()
    budget: Budget | None = None
    target_width: Extent | None = Field(default=None, description="The model to be trained in the end.")
    target_depth: Extent | None = None
    deciding_loss: DecidingLoss | None = Field(
        default=None, description="The loss that decides; None: validation loss where it is recorded."
    )
    cost_unit: CostUnit = CostUnit.SHARE
    settle: Settle | None = Field(default=None, description="None: an open answer stays open.")
    batch_rule: BatchRule | None = Field(
        default=None, description="Of the LR on a larger batch; None: the published one of the optimizer."
    )
    steps_rule: StepsRule = Field(default=StepsRule.NONE, description="Of the LR on more steps.")

    @model_validator(mode="after")
    def _arms_are_distinct(self) -> Self:
        _require_unique(tuple(arm.parametrization for arm in self.arms))
        return self

    def arm(self, parametrization: Parametrization) -> Arm:
        """Return the arm of `parametrization`."""
        return next(arm for arm in self.arms if arm.parametrization is parametrization)

    @property
    def judged_scenarios(self) -> tuple[Scenario, ...]:
        """Return the scenarios that get a verdict, in their order; those of the step up come last."""
        judged = (scenario for scenario in self.scenarios if scenario.is_judged)
        return tuple(sorted(judged, key=lambda scenario: scenario.is_step_up))

    def under(self, scenario: Scenario) -> ExperimentSpec:
        """Return the spec that a scenario's cells train with; a scenario of the data leaves it unchanged."""
        if scenario.kind is ScenarioKind.MOMENTUM:
            # Momentum b multiplies a step by 1/(1-b): the grid moves by whole octaves, as by default.
            octaves = round(math.log2((1.0 - scenario.number) / (1.0 - self.optimizer.momentum)))
            arms = tuple(arm.scaled(2.0**octaves) for arm in self.arms)
            return self.model_copy(
                update={"arms": arms, "optimizer": self.optimizer.changed(momentum=scenario.number)}
            )
        if scenario.is_step_up:
            return self._stepped_up(self.step_up(scenario))
        changes: dict[str, Any] = {}
        if scenario.kind is ScenarioKind.WEIGHT_DECAY:
            changes["optimizer"] = self.optimizer.changed(weight_decay=scenario.number)
        elif scenario.kind is ScenarioKind.SCHEDULE:
            changes["optimizer"] = self.optimizer.changed(schedule=SCHEDULES[scenario.name])
        elif scenario.kind is ScenarioKind.BATCH_SIZE:
            changes["batch_size"] = int(scenario.number)
        elif scenario.kind is ScenarioKind.HORIZON:
            changes["num_steps"] = int(scenario.number) * self.num_steps
            changes["measure_every"] = int(scenario.number) * self.measure_every
        return self.model_copy(update=changes) if changes else self

    def step_up(self, scenario: Scenario) -> StepUp:
        """Return the conditions of a scenario of the step up: those it names, or the most of all listed."""
        named = self.scenarios if scenario.kind is ScenarioKind.STEP_UP else (scenario,)
        batch, steps = (
            [int(each.number) for each in named if each.kind is kind]
            for kind in (ScenarioKind.BATCH_AXIS, ScenarioKind.STEPS_AXIS)
        )
        return StepUp(
            base_batch_size=self.batch_size,
            base_num_steps=self.num_steps,
            batch_size=max(batch, default=self.batch_size),
            num_steps=max(steps, default=self.num_steps),
            batch_rule=self.batch_rule or usual_batch_rule(self.optimizer.kind),
            steps_rule=self.steps_rule,
        )

    def _stepped_up(self, step: StepUp) -> ExperimentSpec:
        # As many measurements as at the base: a cell of a step up records losses, not curvature.
        measure_every = max(1, self.measure_every * step.num_steps // step.base_num_steps)
        return self.model_copy(
            update={
                "arms": tuple(arm.scaled(step.lr_factor) for arm in self.arms),
                "batch_size": step.batch_size,
                "num_steps": step.num_steps,
                "measure_every": measure_every,
            }
        )

    def num_runs(self) -> int:
        """Count the runs of the whole grid without listing them."""
        judged = sum(not scenario.is_step_up for scenario in self.judged_scenarios)
        of_size = judged * sum(len(arm.lrs) for arm in self.arms)
        probed = (len(self.scenarios) - judged) * len(self.arm(chosen_arm(self)).lrs)
        return len(self.seeds) * (of_size * len(self.widths) * len(self.depths) + probed)

    def tail_steps(self, end: int | None = None) -> int:
        """Count the last steps over which the final train loss is averaged, for a training until `end`."""
        return max(1, math.ceil(self.tail_fraction * (self.num_steps if end is None else end)))

    def _changed(self) -> set[str]:
        return set(self.model_dump(exclude_defaults=True))

    def _said_of_the_model(self) -> dict[str, Any]:
        said = {"family": self.model.name, "branch_exponent": getattr(self.model, "branch_exponent", None)}
        return said | self.model.model_dump(mode="json", exclude_defaults=True)

    def schedule(self, chunk_steps: int) -> Schedule:
        """Return the measurement steps of a cell of this spec, with windows of `chunk_steps`."""
        return Schedule(self.num_steps, self.measure_every, chunk_steps, self.measure_spacing)

    def sha256(self) -> str:
        """Return the sha256 of the definition, independent of field order."""
        unused = set(UNUSED) - self._changed()
        content = self.model_dump(mode="json", exclude=unused)
        content["model"] = self._said_of_the_model()
        content["optimizer"] = self.optimizer.content()
        if "thresholds" in content:
            content["thresholds"] = self.thresholds.content()
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def chosen_arm(spec: ExperimentSpec) -> Parametrization:
    """Return the arm the verdict is about: the one of `arms_for`, else the first that is not the control."""
    names = [arm.parametrization for arm in spec.arms]
    judged, control = arms_for(spec.model, spec.loss, spec.optimizer)
    if judged in names:
        return judged
    return next((name for name in names if name is not control), names[0])


def controls_of(spec: ExperimentSpec) -> tuple[Parametrization, ...]:
    """Return the arms that serve as controls beside the judged one: those not made to reuse an LR.

    The usual one is first, then the order of the spec.
    """
    chosen, (_, usual) = chosen_arm(spec), arms_for(spec.model, spec.loss, spec.optimizer)
    names = sorted((arm.parametrization for arm in spec.arms), key=lambda name: name is not usual)
    return tuple(name for name in names if name in (*CONTROLS, *OF_RANK) and name is not chosen)


def base_size(spec: ExperimentSpec) -> Size:
    """Return the size the LR is tuned at: the base, or the smallest size where that is not trained."""
    width = spec.base_width if spec.base_width in spec.widths else min(spec.widths)
    return Size(width, spec.base_depth if spec.base_depth in spec.depths else min(spec.depths))


def target_size(spec: ExperimentSpec) -> Size:
    """Return the size to be trained in the end: the spec's own, else the largest it plans."""
    return Size(spec.target_width or max(spec.widths), spec.target_depth or max(spec.depths))


def sizes_on(spec: ExperimentSpec, axis: Axis) -> tuple[Size, ...]:
    """Return the base and the sizes on one axis, ascending; smaller sizes belong to the axis they vary."""
    base = base_size(spec)
    every = sorted(Size(width, depth) for width in spec.widths for depth in spec.depths)
    if axis is Axis.WIDTH:
        return tuple(size for size in every if size.depth == base.depth)
    if axis is Axis.DEPTH:
        return tuple(size for size in every if size.width == base.width)
    return tuple(size for size in every if size == base or axis_of(size, base) is axis)


def size_stepped_up(spec: ExperimentSpec, scenario: Scenario) -> Size:
    """Return the one size that a scenario of the step up trains: the base's, or the largest planned."""
    whole = Size(max(spec.widths), max(spec.depths))
    return whole if scenario.kind is ScenarioKind.STEP_UP else base_size(spec)


def sizes_under(spec: ExperimentSpec, scenario: Scenario) -> tuple[Size, ...]:
    """Return the sizes that a scenario trains, in the order of the grid."""
    if scenario.is_step_up:
        return (size_stepped_up(spec, scenario),)
    if not scenario.is_judged:
        return (base_size(spec),)
    return tuple(Size(width, depth) for depth in spec.depths for width in spec.widths)


STEP_UP_AXES = {
    ScenarioKind.BATCH_AXIS: Axis.BATCH,
    ScenarioKind.STEPS_AXIS: Axis.STEPS,
    ScenarioKind.STEP_UP: Axis.STEP_UP,
}


def axes_of(spec: ExperimentSpec) -> tuple[Axis, ...]:
    """Return the axes a spec has sizes on; always the width, so that a missing second width is reported."""
    more = (axis for axis in (Axis.DEPTH, Axis.BOTH) if len(sizes_on(spec, axis)) > 1)
    return (Axis.WIDTH, *more)
