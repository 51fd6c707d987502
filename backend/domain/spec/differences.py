"""Differences between the definitions of experiments, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field, JsonValue

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.experiment import ExperimentSpec


class Difference(Frozen):
    """One field of the definition that is not the same everywhere."""

    name: str = Field(
        description="Path into the definition, such as `optimizer.momentum`; the LRs of an arm are `lrs.mup`."
    )
    values: tuple[JsonValue, ...] = Field(
        description="One value per experiment, in the order asked for; null where one has no such field."
    )


def differences(specs: Sequence[ExperimentSpec]) -> tuple[Difference, ...]:
    """Return the fields whose values are not all equal, in the order of the definition."""
    fields = [dict(_fields(spec)) for spec in specs]
    names = dict.fromkeys(name for each in fields for name in each)
    rows = ((name, tuple(each.get(name) for each in fields)) for name in names)
    return tuple(
        Difference(name=name, values=values)
        for name, values in rows
        if any(value != values[0] for value in values)
    )


def _fields(spec: ExperimentSpec) -> Iterator[tuple[str, Any]]:
    content = spec.model_dump(mode="json")
    for arm in content.pop("arms"):
        yield f"lrs.{arm['parametrization']}", arm["lrs"]
    yield from _flat(content, "")


def _flat(content: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, value
