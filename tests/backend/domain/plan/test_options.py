"""What a form offers follows from the types and rules of a request."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from muscope.backend.domain.plan.options import SettingKind, data_options, plan_options
from muscope.backend.domain.plan.plan_request import PlanRequest
from muscope.backend.domain.spec.dataset import DatasetShape, ImageShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.model import FAMILIES
from muscope.backend.domain.spec.optimizer import TRAITS, OptimizerKind, OptimizerSpec

IMAGE = ImageShape(height=8, width=8, channels=1)
SIZES = {"num_features": 64, "num_train": 100, "num_val": 20}
TABLE = DatasetShape(task=Task.CLASSIFICATION, num_outputs=3, **SIZES)
PRICES = DatasetShape(task=Task.REGRESSION, num_outputs=1, **SIZES)
IMAGES = DatasetShape(task=Task.CLASSIFICATION, num_outputs=3, image=IMAGE, **SIZES)
TEXT = DatasetShape(task=Task.LANGUAGE_MODELLING, num_outputs=256, **SIZES)
SETTINGS = {setting.name: setting for setting in plan_options().settings}


class Linear(ResidualMLP):
    """A family that nobody has registered."""

    has_branches = False
    family: Literal["linear"] = "linear"  # type: ignore[assignment]
    num_layers: int = 2


@pytest.mark.parametrize(
    ("shape", "families"),
    [
        (TABLE, ("residual_mlp",)),
        (PRICES, ("residual_mlp",)),
        (IMAGES, ("residual_mlp", "convnet", "residual_convnet", "vit")),
        (TEXT, ("gpt",)),
    ],
)
def test_a_dataset_is_offered_the_families_that_read_it(shape, families):
    assert data_options(shape).families == families


def test_a_regression_has_no_classes_and_a_text_no_distances():
    both = (Loss.CROSS_ENTROPY, Loss.SQUARED_ERROR)

    assert [data_options(shape).losses for shape in (TABLE, IMAGES, PRICES, TEXT)] == [
        both,
        both,
        (Loss.SQUARED_ERROR,),
        (Loss.CROSS_ENTROPY,),
    ]


def test_a_family_that_is_registered_appears_with_its_own_options():
    registry: tuple[type[ModelFamily], ...] = (*FAMILIES, Linear)

    settings = {setting.name: setting for setting in plan_options(registry).settings}
    offered = [data_options(shape, registry).families for shape in (TABLE, TEXT)]

    assert offered == [("residual_mlp", "linear"), ("gpt",)]
    assert settings["model.family"].values[-1] == "linear"
    assert settings["model.num_layers"].families == ("linear",)
    assert settings["model.has_skip"].families == ("residual_mlp", "linear")
    assert settings["completep_alpha"].families == SETTINGS["completep_alpha"].families


def test_every_value_of_a_choice_is_taken_by_a_request():
    for setting in SETTINGS.values():
        assert (setting.kind is SettingKind.CHOICE) == bool(setting.values)
        for value in setting.values:
            given: Any = value
            for key in reversed(setting.name.split(".")):
                given = {key: given}
            if setting.name.startswith("model.") and setting.families:
                given["model"]["family"] = setting.families[0]  # another family has no such option
            assert PlanRequest.model_validate(given).model_dump(mode="json", exclude_unset=True) == given


def test_kinds_follow_the_types_of_a_request():
    kinds = {
        name: SETTINGS[name].kind.value for name in ("widths", "num_steps", "loss", "optimizer.nesterov")
    }

    assert kinds == {
        "widths": "numbers",
        "num_steps": "number",
        "loss": "choice",
        "optimizer.nesterov": "yes_no",
    }


@pytest.mark.parametrize("name", sorted(frozenset().union(*(traits.arguments for traits in TRAITS.values()))))
def test_an_argument_of_one_update_is_offered_with_its_optimizers_only(name):
    kinds = SETTINGS[f"optimizer.{name}"].optimizers

    assert name in OptimizerSpec.model_fields
    assert kinds == tuple(kind for kind in OptimizerKind if name in TRAITS[kind].arguments)
    assert len(kinds) < len(OptimizerKind)
