"""Options of a plan: closed sets and limits, derived from the types and rules that validate a request.

Nothing is listed a second time: a new family, optimizer, rule or field of a request appears automatically.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field

from muscope.backend.domain.plan.defaults import MEASURES
from muscope.backend.domain.plan.plan_request import PlanRequest, require_loss
from muscope.backend.domain.plan.recipes import RECIPE_PLANS, Recipe
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.model import FAMILIES
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, readers
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization
from muscope.backend.errors import InvalidInput

Registry = tuple[type[ModelFamily], ...]
# They scale residual branches, so a family without any refuses them.
OF_BRANCHES = frozenset({"branch_exponent", "completep_alpha"})
_MODEL, _OPTIMIZER = "model.", "optimizer."


class SettingKind(StrEnum):
    """Type of a setting's value."""

    CHOICE = "choice"
    YES_NO = "yes_no"
    NUMBER = "number"
    NUMBERS = "numbers"
    TEXTS = "texts"


class Setting(Frozen):
    """One setting of a plan."""

    name: str = Field(description="The path into the request.", examples=["optimizer.momentum"])
    kind: SettingKind
    values: tuple[str, ...] = Field(default=(), description="Of a choice.")
    families: tuple[str, ...] | None = Field(description="The model families that have it; null: all.")
    optimizers: tuple[OptimizerKind, ...] | None = Field(
        description="The optimizers that read it; null: all."
    )


class RecipeOption(Frozen):
    """Recipe with the optimizer of a request that names none."""

    name: Recipe
    optimizer: OptimizerSpec
    of_family: dict[str, OptimizerSpec] = Field(
        description="Optimizers of the families with one of their own."
    )


class PlanOptions(Frozen):
    """Options of a plan for any dataset."""

    settings: tuple[Setting, ...]
    recipes: tuple[RecipeOption, ...] = Field(
        description="Ways of training; the first holds unless another is named."
    )
    arms: tuple[Parametrization, ...]
    rank_arms: tuple[Parametrization, ...] = Field(
        description="Arms of adapters, whose sizes are ranks; all others are of width and depth."
    )
    measures: tuple[Measure, ...]
    default_measures: tuple[Measure, ...] = Field(description="Measured when a request does not say.")


class DataOptions(Frozen):
    """Options of a plan that depend on its dataset."""

    families: tuple[str, ...]
    losses: tuple[Loss, ...]


@lru_cache(maxsize=4)
def plan_options(families: Registry = FAMILIES) -> PlanOptions:
    """Return the options of a request, with the model families of a registry."""
    return PlanOptions(
        settings=(*_settings(families), *_model_settings(families)),
        recipes=tuple(
            RecipeOption(name=name, optimizer=plan.optimizer, of_family=plan.of_family)
            for name, plan in RECIPE_PLANS.items()
        ),
        arms=tuple(Parametrization),
        rank_arms=OF_RANK,
        measures=tuple(Measure),
        default_measures=MEASURES,
    )


def data_options(shape: DatasetShape, families: Registry = FAMILIES) -> DataOptions:
    """Return the families and losses that accept this data."""
    return DataOptions(
        families=tuple(family().name for family in families if _can_read(family(), shape)),
        losses=tuple(loss for loss in Loss if loss is not Loss.OWN and _is_allowed(loss, shape.task)),
    )


def _can_read(family: ModelFamily, shape: DatasetShape) -> bool:
    try:
        family.require_data(shape.dims)
    except InvalidInput:
        return False
    return True


def _is_allowed(loss: Loss, task: Task) -> bool:
    try:
        require_loss(loss, task)
    except InvalidInput:
        return False
    return True


def _settings(families: Registry) -> Iterator[Setting]:
    branched = tuple(family().name for family in families if family.has_branches)
    for name, kind, values in _fields_of(PlanRequest):
        if kind is SettingKind.TEXTS:
            continue  # each of them is ticked
        yield Setting(
            name=name,
            kind=kind,
            values=values,
            families=branched if name in OF_BRANCHES else None,
            optimizers=_readers(name),
        )


def _readers(name: str) -> tuple[OptimizerKind, ...] | None:
    return readers(name.removeprefix(_OPTIMIZER)) if name.startswith(_OPTIMIZER) else None


def _model_settings(families: Registry) -> Iterator[Setting]:
    """Yield the choice of a family, and every option with the families that have it."""
    names = tuple(family().name for family in families)
    yield Setting(
        name=f"{_MODEL}family", kind=SettingKind.CHOICE, values=names, families=None, optimizers=None
    )
    found: dict[str, Setting] = {}
    for family in families:
        for name, kind, values in _fields_of(family, _MODEL):
            if issubclass(family, Brought) and name.removeprefix(_MODEL) not in family.asked:
                continue  # described by the workers that hold it
            owners = (*((found[name].families or ()) if name in found else ()), family().name)
            found[name] = Setting(name=name, kind=kind, values=values, families=owners, optimizers=None)
    yield from found.values()


Described = tuple[str, SettingKind, tuple[str, ...]]


def _fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[Described]:
    """Yield the fields with a closed set, a switch or numbers, those of nested models by their path."""
    schema = model.model_json_schema()
    return _walk(schema, schema.get("$defs", {}), prefix)


def _walk(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[Described]:
    for name, given in schema["properties"].items():
        node = _resolved(given, definitions)
        if node.get("type") == "object" and "properties" in node:
            yield from _walk(node, definitions, f"{prefix}{name}.")
        elif kind := _kind_of(node, definitions):
            yield f"{prefix}{name}", kind, tuple(node.get("enum", ()))


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Resolve references, and take the branch of an optional value that is not null."""
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(choice, definitions)
    reference = node.get("$ref", "").rpartition("/")[2]
    return _resolved(definitions[reference], definitions) if reference else node


def _kind_of(node: dict[str, Any], definitions: dict[str, Any]) -> SettingKind | None:
    if "enum" in node:
        return SettingKind.CHOICE
    if node.get("type") == "boolean":
        return SettingKind.YES_NO
    if node.get("type") in {"integer", "number"}:
        return SettingKind.NUMBER
    items = _resolved(node.get("items", {}), definitions)
    if items.get("type") == "string":
        return SettingKind.TEXTS
    return SettingKind.NUMBERS if items.get("type") in {"integer", "number"} else None
