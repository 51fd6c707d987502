import math
from itertools import pairwise

import pytest

from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.plan.defaults import (
    LOWEST_LOG2_LR,
    TARGET_SECONDS,
    Capacity,
    cut_steps,
    default_arm,
    default_spec,
    plan_seconds,
)
from muscope.backend.domain.plan.recipes import RECIPE_PLANS, Recipe
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT, ViT
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerKind, OptimizerSpec, ScheduleKind
from muscope.backend.domain.spec.parametrization import Parametrization

SHA256 = "cd" * 32
DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)
FRIEDMAN = DatasetShape(task=Task.REGRESSION, num_features=10, num_outputs=1, num_train=1600, num_val=400)
# Lowest and highest log2 of a best rate under Adam and AdamW in docs/calibration, section `recipes`.
LOWEST_SEEN, HIGHEST_SEEN = -10.0, -3.0


def _slow(slowness):
    return Capacity(slots=1, calibration=Calibration(4e10 / slowness, 40e-6 * slowness))


@pytest.mark.parametrize(
    ("shape", "loss", "control"),
    [
        (DIGITS, Loss.CROSS_ENTROPY, Parametrization.NTP),
        (FRIEDMAN, Loss.SQUARED_ERROR, Parametrization.SP),
    ],
)
def test_the_plan_of_the_paper_is_mup_with_the_control_of_its_loss(shape, loss, control):
    spec = default_spec(SHA256, shape, recipe=Recipe.PAPER)

    assert [arm.parametrization for arm in spec.arms] == [Parametrization.MUP, control]
    assert (spec.loss, spec.widths, spec.base_width) == (loss, (32, 64, 128, 256), 32)
    assert (len(spec.seeds), [len(arm.lrs) for arm in spec.arms]) == (5, [9, 9])
    assert (spec.measure_every, spec.num_runs()) == (30, 2 * 9 * 4 * 5)
    assert (spec.optimizer, spec.num_steps) == (PLAIN_SGD, 300)


@pytest.mark.parametrize("shape", [DIGITS, FRIEDMAN])
def test_the_default_plan_trains_as_is_usual_in_practice(shape):
    spec = default_spec(SHA256, shape)

    assert [arm.parametrization for arm in spec.arms] == [Parametrization.MUP, Parametrization.SP]
    assert (spec.optimizer.kind, spec.optimizer.weight_decay) == (OptimizerKind.ADAM, 0.0)
    assert spec.optimizer.schedule.kind is ScheduleKind.COSINE
    assert spec.optimizer.schedule.warmup_fraction > 0


@pytest.mark.parametrize(
    ("num_train", "steps"), [(405, 120), (6389, 120), (13_710, 240), (19_200, 300), (53_940, 600)]
)
def test_the_steps_of_usual_practice_follow_the_data_in_whole_intervals_within_bounds(num_train, steps):
    shape = FRIEDMAN.model_copy(update={"num_train": num_train})

    assert default_spec(SHA256, shape).num_steps == steps
    assert default_spec(SHA256, shape, recipe=Recipe.PAPER).num_steps == 300


def test_transformers_learn_under_adam_in_both_recipes():
    paper, usual = RECIPE_PLANS[Recipe.PAPER], RECIPE_PLANS[Recipe.USUAL]

    assert [paper.optimizer_of(model).kind for model in (ResidualMLP(), ViT(), GPT())] == [
        "sgd",
        "adam",
        "adam",
    ]
    assert {usual.optimizer_of(model) for model in (ResidualMLP(), ViT(), GPT())} == {usual.optimizer}


def test_the_grid_of_adam_holds_every_optimum_of_the_recipe_study_with_a_point_on_either_side():
    adam = OptimizerSpec(kind=OptimizerKind.ADAM)
    log2_lrs = [math.log2(lr) for lr in default_arm(Loss.CROSS_ENTROPY, Parametrization.SP, adam).lrs]

    assert min(log2_lrs) <= LOWEST_SEEN - 1
    assert max(log2_lrs) >= HIGHEST_SEEN + 1


def test_squared_error_on_classes_takes_the_control_of_squared_error():
    spec = default_spec(SHA256, DIGITS, loss=Loss.SQUARED_ERROR)

    assert [arm.parametrization for arm in spec.arms] == [Parametrization.MUP, Parametrization.SP]


@pytest.mark.parametrize(("loss", "parametrization"), sorted(LOWEST_LOG2_LR))
def test_default_lrs_are_nine_exactly_one_octave_apart(loss, parametrization):
    lrs = default_arm(loss, parametrization).lrs

    assert len(lrs) == 9
    assert {high / low for low, high in pairwise(lrs)} == {2.0}
    assert math.log2(lrs[0]) == LOWEST_LOG2_LR[loss, parametrization]


def test_every_loss_and_parametrization_has_a_grid():
    assert set(LOWEST_LOG2_LR) == {(loss, arm) for loss in Loss for arm in Parametrization}


def test_small_data_gets_batches_that_fit():
    spec = default_spec(SHA256, DIGITS.model_copy(update={"num_train": 40}))

    assert (spec.batch_size, spec.sharpness_batch_size) == (40, 40)


def test_a_fast_workplace_runs_all_steps():
    spec = default_spec(SHA256, DIGITS)

    assert cut_steps(spec, DIGITS, Capacity(64, Calibration(1e12, 1e-6))) == spec


@pytest.mark.parametrize("slowness", [1, 2, 1e6])
def test_a_slow_workplace_cuts_whole_intervals_of_steps_and_never_seeds(slowness):
    spec = default_spec(SHA256, DIGITS, recipe=Recipe.PAPER)

    cut = cut_steps(spec, DIGITS, _slow(slowness))

    assert cut == spec.model_copy(update={"num_steps": cut.num_steps})
    assert cut.num_steps % spec.measure_every == 0
    assert 2 * spec.measure_every <= cut.num_steps < spec.num_steps


@pytest.mark.parametrize("slowness", [0.8, 1, 2])
def test_the_cut_is_the_smallest_that_fits_the_target(slowness):
    spec, capacity = default_spec(SHA256, DIGITS, recipe=Recipe.PAPER), _slow(slowness)

    cut = cut_steps(spec, DIGITS, capacity)
    longer = cut.model_copy(update={"num_steps": cut.num_steps + cut.measure_every})

    assert plan_seconds(cut, full_grid(cut), DIGITS, capacity) <= TARGET_SECONDS
    assert plan_seconds(longer, full_grid(longer), DIGITS, capacity) > TARGET_SECONDS


def test_a_hopeless_workplace_still_gets_two_intervals():
    assert cut_steps(default_spec(SHA256, DIGITS), DIGITS, _slow(1e9)).num_steps == 60
