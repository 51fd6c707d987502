"""Requests that name a model: families, and what a family cannot read."""

import pytest

from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.errors import InvalidInput
from tests.backend.domain.plan.resolved_requests import DIGITS, resolved

IMAGES = DIGITS.model_copy(update={"image": ImageShape(height=8, width=8, channels=1)})
TEXT = DIGITS.model_copy(update={"task": Task.LANGUAGE_MODELLING, "num_features": 16, "num_outputs": 256})


def test_a_familys_name_alone_stands_for_its_defaults():
    assert resolved(shape=IMAGES, model="convnet").model == ConvNet()
    assert resolved(model={"has_skip": False}).model == ResidualMLP(has_skip=False)


def test_text_is_tried_with_a_language_model_and_adam():
    spec = resolved(shape=TEXT, recipe="paper", widths=(8, 16))

    assert spec.model == GPT()
    assert spec.optimizer.kind == "adam"
    assert [arm.parametrization for arm in spec.arms] == ["mup", "sp"]


@pytest.mark.parametrize(
    ("shape", "wanted", "code"),
    [
        (DIGITS, {"model": "convnet"}, "spec.family_needs_images"),
        (DIGITS, {"model": "gpt"}, "spec.family_needs_text"),
        (TEXT, {"model": "residual_mlp"}, "spec.family_cannot_read_text"),
        (IMAGES, {"model": "gpt"}, "spec.family_needs_text"),
        (TEXT, {"loss": "squared_error"}, "spec.text_needs_cross_entropy"),
        (TEXT, {"widths": (8, 10)}, "spec.heads_do_not_divide"),
        (IMAGES, {"model": {"family": "vit", "patch_size": 3}}, "spec.patches_do_not_tile"),
        (IMAGES, {"model": "convnet", "depths": (2,)}, "spec.depth_is_fixed"),
        (IMAGES, {"model": "residual_convnet", "depths": (3, 4)}, "spec.depth_not_a_multiple"),
        (
            DIGITS,
            {"model": {"has_skip": False}, "arms": ({"parametrization": "depth_mup"},)},
            "spec.depth_rule_needs_branches",
        ),
        (IMAGES, {"model": "convnet", "branch_exponent": 1.0}, "spec.branch_exponent_needs_branches"),
    ],
)
def test_a_model_that_cannot_be_is_refused_before_anything_runs(shape, wanted, code):
    with pytest.raises(InvalidInput) as refusal:
        resolved(shape=shape, **wanted)

    assert refusal.value.code == code
