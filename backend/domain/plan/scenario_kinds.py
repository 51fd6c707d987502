"""Kinds of scenario a plan can have on its data, with the limits of their values."""

from __future__ import annotations

import math

from pydantic import Field

from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.experiment import MAX_STEPS, ExperimentSpec
from muscope.backend.domain.spec.optimizer import SCHEDULES
from muscope.backend.domain.spec.scenario import LIMITS, WHOLE_NUMBERS, Scenario, ScenarioKind


class KindLimits(Frozen):
    """One kind of scenario and its permitted values: a number between two limits, or a name."""

    kind: ScenarioKind
    low: float | None = None
    high: float | None = None
    is_whole: bool = Field(default=False, description="Whole numbers only.")
    names: tuple[str, ...] = Field(default=(), description="The names it may have instead of a number.")
    has_value: bool = Field(default=True, description="False: it is written without a value.")


def possible_kinds(spec: ExperimentSpec, shape: DatasetShape) -> tuple[KindLimits, ...]:
    """List the kinds that apply to this data and training, in the order they are declared."""
    return tuple(
        _limits_of(kind, spec, shape)
        for kind in ScenarioKind
        if kind is not ScenarioKind.AS_GIVEN and _is_possible(kind, spec, shape)
    )


def _is_possible(kind: ScenarioKind, spec: ExperimentSpec, shape: DatasetShape) -> bool:
    if kind is ScenarioKind.CLASS_IMBALANCE:
        return shape.task is Task.CLASSIFICATION
    if kind is ScenarioKind.FEATURE_NOISE:
        return shape.task is not Task.LANGUAGE_MODELLING
    if kind is ScenarioKind.MOMENTUM:
        return spec.optimizer.traits.has_momentum
    if kind is ScenarioKind.HORIZON:
        return LIMITS[kind][0] * spec.num_steps <= MAX_STEPS
    if kind is ScenarioKind.BATCH_AXIS:
        return spec.batch_size < shape.num_train
    if kind is ScenarioKind.STEPS_AXIS:
        return spec.num_steps < MAX_STEPS
    if kind is ScenarioKind.STEP_UP:
        return any(each.kind in (ScenarioKind.BATCH_AXIS, ScenarioKind.STEPS_AXIS) for each in spec.scenarios)
    return True


def _limits_of(kind: ScenarioKind, spec: ExperimentSpec, shape: DatasetShape) -> KindLimits:
    if kind is ScenarioKind.SCHEDULE:
        names = [name for name in SCHEDULES if spec.under(Scenario(f"{kind}:{name}")) != spec]
        return KindLimits(kind=kind, names=tuple(names))
    if kind is ScenarioKind.STEP_UP:
        return KindLimits(kind=kind, has_value=False)
    low, high = LIMITS[kind]
    if kind is ScenarioKind.LABEL_NOISE and shape.task is not Task.REGRESSION:
        # The largest share in thousandths that is below 1 - 1/C.
        high = (math.ceil(1000 * (1.0 - 1.0 / shape.num_outputs)) - 1) / 1000
    elif kind is ScenarioKind.BATCH_SIZE:
        high = shape.num_train
    elif kind is ScenarioKind.HORIZON:
        high = min(high, MAX_STEPS // spec.num_steps)
    elif kind is ScenarioKind.BATCH_AXIS:
        low, high = spec.batch_size + 1, shape.num_train
    elif kind is ScenarioKind.STEPS_AXIS:
        low = spec.num_steps + 1
    return KindLimits(kind=kind, low=low, high=high, is_whole=kind in WHOLE_NUMBERS)
