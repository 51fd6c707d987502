"""Sizes of a model, and the axis on which each differs from the base."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Size(NamedTuple):
    """Width and depth of one model; in JSON an object with these two names."""

    width: int
    depth: int

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        whole = core_schema.typed_dict_field(core_schema.int_schema())
        fields = core_schema.typed_dict_schema(
            {"width": whole, "depth": whole}, ref="Size", extra_behavior="forbid"
        )
        of_fields = core_schema.no_info_after_validator_function(lambda given: cls(**given), fields)
        return core_schema.json_or_python_schema(
            json_schema=of_fields,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), of_fields]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda size: size._asdict(), return_schema=fields
            ),
        )


class Axis(StrEnum):
    """Axis on which something is larger than at the base: the model's size, or its training."""

    WIDTH = "width"
    DEPTH = "depth"
    BOTH = "both"
    BATCH = "batch"
    STEPS = "steps"
    STEP_UP = "step_up"  # batch and steps, and the size where larger ones are planned


# Axes of a step up in training, from the base as given (ADR 0055).
OF_TRAINING = frozenset({Axis.BATCH, Axis.STEPS, Axis.STEP_UP})


def axis_of(size: Size, base: Size) -> Axis | None:
    """Return the axis on which `size` is larger than `base`; None where it is not larger."""
    if size.width < base.width or size.depth < base.depth or size == base:
        return None
    if size.depth == base.depth:
        return Axis.WIDTH
    return Axis.DEPTH if size.width == base.width else Axis.BOTH
