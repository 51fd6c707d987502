"""Scenarios: named variants of the conditions of an experiment.

A scenario is written `kind` or `kind:value` wherever it crosses a border (spec, database, REST, page), so
that one string identifies it. It changes one number; everything else stays as in the spec. A scenario of the
step up in training is judged from the base as given, whose LR it reuses (ADR 0055).
"""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from muscope.backend.domain.spec.optimizer import SCHEDULES

MAX_LENGTH = 64


class ScenarioKind(StrEnum):
    """Kind of change a scenario makes; comments give the unit of its value."""

    AS_GIVEN = "as_given"  # no change
    # Of the data, imitating the field; applied to the training split, feature noise to validation as well.
    LABEL_NOISE = "label_noise"  # share of the labels replaced, or noise in label standard deviations
    FEATURE_NOISE = "feature_noise"  # standard deviations of the features
    SUBSAMPLE = "subsample"  # share of the training examples kept
    CLASS_IMBALANCE = "class_imbalance"  # share of the examples kept of the rarest class
    # Of the training.
    MOMENTUM = "momentum"  # coefficient b
    WEIGHT_DECAY = "weight_decay"  # λ
    BATCH_SIZE = "batch_size"  # examples
    SCHEDULE = "schedule"  # name of an LR schedule
    HORIZON = "horizon"  # multiple of the steps; run at the base only, to see how the optimum moves
    # Of the step up in training, from the base as given.
    BATCH_AXIS = "batch_axis"  # examples per step, at the base's size
    STEPS_AXIS = "steps_axis"  # steps, at the base's size
    STEP_UP = "step_up"  # no value: the most of both that the plan lists, at the largest size


# Smallest and largest value of a kind; a kind that is not listed has no value, or a name.
LIMITS: dict[ScenarioKind, tuple[float, float]] = {
    ScenarioKind.LABEL_NOISE: (0.001, 2.0),
    ScenarioKind.FEATURE_NOISE: (0.001, 10.0),
    ScenarioKind.SUBSAMPLE: (0.001, 0.999),
    ScenarioKind.CLASS_IMBALANCE: (0.001, 0.999),
    ScenarioKind.MOMENTUM: (0.0, 0.999),
    ScenarioKind.WEIGHT_DECAY: (0.0, 10.0),
    ScenarioKind.BATCH_SIZE: (1, 1_000_000),
    ScenarioKind.HORIZON: (2, 64),
    ScenarioKind.BATCH_AXIS: (2, 1_000_000),
    ScenarioKind.STEPS_AXIS: (2, 1_000_000),
}
# Changes of the arrays alone; the other kinds change the training.
OF_THE_DATA = frozenset(
    {
        ScenarioKind.LABEL_NOISE,
        ScenarioKind.FEATURE_NOISE,
        ScenarioKind.SUBSAMPLE,
        ScenarioKind.CLASS_IMBALANCE,
    }
)
OF_THE_STEP_UP = frozenset({ScenarioKind.BATCH_AXIS, ScenarioKind.STEPS_AXIS, ScenarioKind.STEP_UP})
WITHOUT_VALUE = frozenset({ScenarioKind.AS_GIVEN, ScenarioKind.STEP_UP})
WHOLE_NUMBERS = frozenset(
    {ScenarioKind.BATCH_SIZE, ScenarioKind.HORIZON, ScenarioKind.BATCH_AXIS, ScenarioKind.STEPS_AXIS}
)


class Scenario(str):
    """One scenario, identified by its text: equal strings are equal conditions.

    Raises PydanticCustomError, a ValueError, for an unknown kind or a value outside its limits; the texts are
    the catalogue keys `validation.scenario_…`.
    """

    AS_GIVEN: ClassVar[Scenario]
    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `kind` or `kind:value`; the value is written in its shortest form."""
        return super().__new__(cls, _canonical(str(text)))

    @property
    def kind(self) -> ScenarioKind:
        """Return the kind of change."""
        return ScenarioKind(self.partition(":")[0])

    @property
    def is_of_data(self) -> bool:
        """Return whether the scenario changes the data, and nothing about the training."""
        return self.kind in OF_THE_DATA

    @property
    def is_judged(self) -> bool:
        """Return whether the scenario gets a verdict; a longer horizon is a probe of the base alone."""
        return self.kind is not ScenarioKind.HORIZON

    @property
    def is_step_up(self) -> bool:
        """Return whether it reuses the LR of the base as given in a larger training."""
        return self.kind in OF_THE_STEP_UP

    @property
    def tuned_under(self) -> Scenario:
        """Return the scenario whose base gives the LR that is reused."""
        return Scenario.AS_GIVEN if self.is_step_up else self

    @property
    def number(self) -> float:
        """Return the scenario's value; raises ValueError for a kind without a number."""
        return float(self.partition(":")[2])

    @property
    def name(self) -> str:
        """Return the value as it is written; empty for `as_given`."""
        return self.partition(":")[2]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(max_length=MAX_LENGTH),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


@lru_cache(maxsize=1024)  # every row that is read or written names one of a few
def _canonical(text: str) -> str:
    kind_name, colon, value = text.partition(":")
    if kind_name not in list(ScenarioKind):
        raise _refusal("kind", expected=", ".join(ScenarioKind))
    kind = ScenarioKind(kind_name)
    if kind in WITHOUT_VALUE:
        if colon:
            raise _refusal("no_value", kind=kind)
        return kind.value
    if kind is ScenarioKind.SCHEDULE:
        if value not in SCHEDULES:
            raise _refusal("name", kind=kind, expected=", ".join(SCHEDULES))
        return f"{kind}:{value}"
    return f"{kind}:{_number(kind, value)}"


def _number(kind: ScenarioKind, value: str) -> str:
    low, high = LIMITS[kind]
    is_whole = kind in WHOLE_NUMBERS
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high or (is_whole and not number.is_integer()):
        how = "whole_number" if is_whole else "number"
        raise _refusal(how, kind=kind, low=f"{low:.7g}", high=f"{high:.7g}")
    return str(int(number)) if is_whole else f"{number:.6g}"


def _refusal(how: str, **params: str) -> PydanticCustomError:
    facts = " ".join(f"{name}={{{name}}}" for name in params)
    return PydanticCustomError(f"scenario_{how}", f"scenario_{how}: {facts}", {**params})


Scenario.AS_GIVEN = Scenario("as_given")
