import re

import pytest
from pydantic import ValidationError

from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.plan.defaults import Capacity, cut_steps, default_arm, default_spec
from muscope.backend.domain.plan.plan_request import PlanRequest
from muscope.backend.domain.plan.recipes import Recipe
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec, Loss, target_size
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput
from tests.backend.domain.plan.resolved_requests import DIGITS, SHA256, resolved

# What the dataset decides, what goes by another name, and what has one value so far.
NOT_ASKED = {"dataset_sha256", "model"}
FRIEDMAN = DatasetShape(task=Task.REGRESSION, num_features=10, num_outputs=1, num_train=1600, num_val=400)
SLOW = Capacity(1, Calibration(1e9, 1e-3))


def _declared(spec, shape):
    """Return a plan with what decides: training loss where an example is seen about once."""
    passes = spec.num_steps * spec.batch_size / shape.num_train
    return spec.model_copy(update={"deciding_loss": "train_loss" if passes <= 1.5 else "val_loss"})


def test_the_loss_that_decides_follows_from_how_often_an_example_is_seen():
    about_once = {"num_steps": 33, "batch_size": 64}

    assert resolved(**about_once).deciding_loss == "train_loss"
    assert resolved(**about_once | {"num_steps": 34}).deciding_loss == "val_loss"
    assert resolved(**about_once, deciding_loss="val_loss").deciding_loss == "val_loss"


def test_standard_and_thorough_may_settle_and_quick_does_not():
    settles = {preset: resolved(preset=preset).settle for preset in ("quick", "standard", "thorough")}

    assert settles["quick"] is None
    assert (settles["standard"].max_work, settles["thorough"].max_work) == (2.0, 4.0)
    assert resolved(preset="quick", settle={"max_seeds": 16}).settle.max_seeds == 16


@pytest.mark.parametrize("shape", [DIGITS, FRIEDMAN])
def test_no_wishes_give_the_default_plan(shape):
    assert resolved(shape) == _declared(default_spec(SHA256, shape), shape)


def test_on_a_slow_workplace_only_the_steps_are_cut():
    spec = resolved(capacity=SLOW)

    assert spec == _declared(cut_steps(default_spec(SHA256, DIGITS), DIGITS, SLOW), DIGITS)
    assert spec.num_steps < 300


def test_the_paper_stays_reachable_by_one_word():
    spec = resolved(recipe="paper")

    assert spec == _declared(default_spec(SHA256, DIGITS, recipe=Recipe.PAPER), DIGITS)
    assert (spec.optimizer, spec.num_steps) == (PLAIN_SGD, 300)


def test_an_optimizer_that_is_named_goes_before_the_recipes():
    assert resolved(optimizer="adam").optimizer == OptimizerSpec.model_validate("adam")
    assert resolved(recipe="paper", optimizer="adamw").optimizer.kind == "adamw"


def test_smaller_batches_take_more_steps_for_the_same_passes():
    large = DIGITS.model_copy(update={"num_train": 19_200})

    assert [resolved(large, batch_size=size).num_steps for size in (64, 128)] == [300, 150]


def test_a_step_up_takes_no_steps_from_its_base():
    plain = resolved(capacity=SLOW)
    stepped_up = resolved(capacity=SLOW, scenarios=("as_given", "steps_axis:100000", "step_up"))

    assert stepped_up.num_steps == plain.num_steps


def test_steps_that_were_asked_for_are_never_cut():
    assert resolved(capacity=SLOW, num_steps=900).num_steps == 900


def test_every_wish_is_heard():
    wanted = {
        "loss": "squared_error",
        "widths": (20, 10),
        "depths": (1, 2),
        "seeds": (7,),
        "batch_size": 3,
        "num_steps": 50,
        "measure_every": 10,
        "sharpness_batch_size": 9,
        "measures": ("gauss_newton", "raw_sharpness"),
    }

    spec = resolved(**wanted, branch_exponent=1.0, arms=({"parametrization": "sp", "lrs": (0.5,)},))

    assert spec.model_dump(include=set(wanted)) == wanted
    assert (spec.model.branch_exponent, spec.base_width) == (1.0, 10)
    assert [(arm.parametrization, arm.lrs) for arm in spec.arms] == [("sp", (0.5,))]


def test_every_wish_about_how_to_measure_and_to_judge_a_run_is_heard():
    wanted = {
        "sharpness_tolerance": 1e-2,
        "divergence_factor": 5.0,
        "tail_fraction": 0.3,
        "spec_seed": 4,
        "density_grid": {"linear_limit": 0.1, "largest": 100.0},
    }

    assert resolved(**wanted).model_dump(include=set(wanted)) == wanted


@pytest.mark.parametrize("name", sorted(set(ExperimentSpec.model_fields) - NOT_ASKED))
def test_a_request_can_name_every_option_of_a_spec(name):
    assert name in PlanRequest.model_fields


def test_common_learning_rates_hold_for_every_arm_without_its_own():
    by_default = resolved(lrs=(0.5, 0.25), optimizer="adam")
    asked = resolved(
        lrs=(0.5, 0.25), arms=({"parametrization": "ntp"}, {"parametrization": "sp", "lrs": (1.0,)})
    )

    assert [(arm.parametrization, arm.lrs) for arm in by_default.arms] == [
        ("mup", (0.5, 0.25)),
        ("sp", (0.5, 0.25)),  # the control under Adam
    ]
    assert [arm.lrs for arm in asked.arms] == [(0.5, 0.25), (1.0,)]


def test_every_wish_about_optimizer_and_depth_is_heard():
    optimizer = {"kind": "adamw", "weight_decay": 0.1, "schedule": {"kind": "cosine", "warmup_fraction": 0.1}}

    spec = resolved(
        optimizer=optimizer, depths=(8, 4), completep_alpha=0.5, arms=({"parametrization": "completep"},)
    )

    assert spec.optimizer == OptimizerSpec.model_validate(optimizer)
    assert (spec.base_depth, spec.completep_alpha) == (4, 0.5)
    assert resolved(depths=(8, 4), base_depth=8).base_depth == 8


def test_under_adam_the_default_plan_has_sp_as_control_and_the_grid_of_adam():
    spec = resolved(optimizer="adam")

    assert [arm.parametrization for arm in spec.arms] == [Parametrization.MUP, Parametrization.SP]
    assert {arm.lrs for arm in spec.arms} == {tuple(2.0**e for e in range(-11, -1))}


def test_momentum_moves_the_grid_by_the_steps_it_adds():
    plain, heavy = (resolved(optimizer={"momentum": momentum}).arms[0].lrs for momentum in (0.0, 0.9))

    assert heavy == tuple(lr / 8 for lr in plain)


def test_an_arm_without_lrs_gets_the_grid_of_the_loss():
    spec = resolved(recipe="paper", loss="squared_error", arms=({"parametrization": "ntp"},))

    assert spec.arms == (default_arm(Loss.SQUARED_ERROR, Parametrization.NTP),)


def test_a_short_run_is_measured_at_its_end():
    assert resolved(num_steps=7).measure_every == 7


def test_a_base_width_of_ones_own_is_kept():
    assert resolved(base_width=64).base_width == 64


@pytest.mark.parametrize(
    ("wanted", "code", "params"),
    [
        (
            {"recipe": "paper", "seeds": tuple(range(400))},
            "spec.too_many_runs",
            {"runs": 2 * 9 * 4 * 400, "limit": 20_000},
        ),
        (
            {"widths": tuple(range(8, 15)), "depths": tuple(range(1, 7))},
            "spec.too_many_sizes",
            {"sizes": 42, "limit": 40},
        ),
        ({"batch_size": 1438}, "spec.batch_larger_than_data", {"batch_size": 1438, "examples": 1437}),
        (
            {"sharpness_batch_size": 1438},
            "spec.sharpness_batch_larger_than_data",
            {"batch_size": 1438, "examples": 1437},
        ),
        (
            {"measure_every": 51, "num_steps": 50},
            "spec.measures_too_rarely",
            {"measure_every": 51, "num_steps": 50},
        ),
        (
            {"recipe": "paper", "arms": ({"parametrization": "completep"},)},
            "spec.parametrization_unknown_for_optimizer",
            {"parametrization": "completep", "optimizer": "sgd"},
        ),
        (
            {"optimizer": {"kind": "adam", "momentum": 0.9}},
            "spec.momentum_needs_sgd",
            {"optimizer": "adam"},
        ),
        ({"optimizer": {"nesterov": True}}, "spec.nesterov_needs_momentum", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_run_is_refused_with_its_numbers(wanted, code, params):
    with pytest.raises(InvalidInput, match=re.escape(code)) as raised:
        resolved(**wanted)

    assert raised.value.params == params


def test_exactly_the_limit_of_runs_is_allowed():
    assert resolved(recipe="paper", max_runs=360).num_runs() == 360
    with pytest.raises(InvalidInput, match=r"spec\.too_many_runs"):
        resolved(recipe="paper", max_runs=359)


def test_cross_entropy_on_a_number_is_refused():
    with pytest.raises(InvalidInput, match=r"spec\.cross_entropy_needs_classes"):
        resolved(FRIEDMAN, loss="cross_entropy")


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"widths": (0,)}, ("widths", 0)),
        ({"widths": (8, -1)}, ("widths", 1)),
        ({"widths": ()}, ("widths",)),
        ({"widths": (8, 8)}, ("widths",)),
        ({"seeds": ()}, ("seeds",)),
        ({"seeds": (-1,)}, ("seeds", 0)),
        ({"arms": ()}, ("arms",)),
        ({"arms": ({"parametrization": "mup", "lrs": (0.1, 0.0)},)}, ("arms", 0, "lrs", 1)),
        ({"arms": ({"parametrization": "mup", "lrs": (-0.1,)},)}, ("arms", 0, "lrs", 0)),
        ({"arms": ({"parametrization": "mup", "lrs": (float("nan"),)},)}, ("arms", 0, "lrs", 0)),
        ({"arms": ({"parametrization": "mup", "lrs": (float("inf"),)},)}, ("arms", 0, "lrs", 0)),
        ({"arms": ({"parametrization": "mup", "lrs": ()},)}, ("arms", 0, "lrs")),
        ({"arms": ({"parametrization": "best"},)}, ("arms", 0, "parametrization")),
        ({"num_steps": 0}, ("num_steps",)),
        ({"num_steps": 1_000_001}, ("num_steps",)),
        ({"branch_exponent": -0.5}, ("branch_exponent",)),
        ({"optimiser": "adam"}, ("optimiser",)),
        ({"optimizer": "tiger"}, ("optimizer", "kind")),
        ({"optimizer": {"beta1": 1.0}}, ("optimizer", "beta1")),
        ({"completep_alpha": 0.4}, ("completep_alpha",)),
        ({"base_depth": 0}, ("base_depth",)),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_at_its_place(wanted, index):
    with pytest.raises(ValidationError) as raised:
        PlanRequest.model_validate(wanted)

    assert raised.value.errors()[0]["loc"] == index


def test_two_arms_of_one_parametrization_are_refused():
    with pytest.raises((ValidationError, InvalidInput)):
        resolved(arms=({"parametrization": "mup"}, {"parametrization": "mup", "lrs": (0.1,)}))


def test_a_run_larger_than_the_memory_limit_is_refused_with_the_estimate():
    with pytest.raises(InvalidInput) as refusal:
        resolved(memory_bytes=1 << 30, widths=(65_536,), depths=(65_536,))

    assert refusal.value.code == "spec.too_much_memory"
    assert refusal.value.params["limit_mib"] == 1024


def test_measures_are_taken_under_adam_too():
    spec = resolved(optimizer="adam", measures=("ntk",))

    assert spec.measures == ("ntk",)


def test_default_batches_are_no_larger_than_what_a_scenario_leaves():
    spec = resolved(scenarios=("as_given", "subsample:0.1", "subsample:0.05"))

    assert (spec.batch_size, spec.sharpness_batch_size) == (64, 72)


def test_a_batch_that_was_asked_for_is_refused_rather_than_changed():
    with pytest.raises(InvalidInput, match=r"scenario\.too_few_examples.*largest=72"):
        resolved(scenarios=("as_given", "subsample:0.05"), sharpness_batch_size=100)


def test_a_target_is_part_of_the_spec_and_changes_its_hash_only_when_named():
    plain, aimed = resolved(), resolved(target_width=4096, target_depth=12)

    assert (target_size(aimed), target_size(plain).width) == ((4096, 12), max(plain.widths))
    assert plain.sha256() != aimed.sha256()
    assert aimed.model_copy(update={"target_width": None, "target_depth": None}).sha256() == plain.sha256()


def test_a_target_below_the_base_is_refused():
    with pytest.raises(InvalidInput, match=r"spec\.target_below_base"):
        resolved(target_width=1)
