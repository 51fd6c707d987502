import math
from itertools import pairwise

import pytest

from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, Calibration, predict
from muscope.backend.domain.plan.conclusions import conclusions
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.outlay import least_seconds, outlay
from muscope.backend.domain.plan.plan_request import PlanRequest, resolve
from muscope.backend.domain.plan.presets import PRESET_PLANS, Preset
from muscope.backend.domain.plan.recipes import Recipe
from muscope.backend.domain.protocol import foreseen_cells
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, ImageShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec, Protocol, controls_of
from muscope.backend.domain.spec.families.convnet import ConvNet, ResidualConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT, ViT
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.specs import spec as small_spec

IMAGE = ImageShape(height=8, width=8, channels=1)
DIGITS = DatasetShape(
    task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360, image=IMAGE
)
FRIEDMAN = DatasetShape(task=Task.REGRESSION, num_features=10, num_outputs=1, num_train=1600, num_val=400)
TEXT = DatasetShape(
    task=Task.LANGUAGE_MODELLING, num_features=64, num_outputs=256, num_train=4000, num_val=500
)
FAST = Capacity(2, Calibration(1e14, 1e-9))
CASES = [
    pytest.param(shape, model, id=f"{model.family} {shape.task}")
    for shape, models in (
        (DIGITS, (ResidualMLP(), ConvNet(), ResidualConvNet(), ViT())),
        (FRIEDMAN, (ResidualMLP(),)),
        (TEXT, (GPT(),)),
    )
    for model in models
]


def _spec(preset, shape=DIGITS, model=None, capacity=FAST, memory_bytes=2 << 30, max_runs=20_000, **wanted):
    request = PlanRequest.model_validate({"preset": preset, "model": model, **wanted})
    return resolve(
        request,
        dataset_sha256="cd" * 32,
        shape=shape,
        capacity=capacity,
        max_runs=max_runs,
        memory_bytes=memory_bytes,
    )


def _cost(spec, cells, shape=DIGITS, slots=2):
    return outlay([predict(spec, shape, cell, DEFAULT_CALIBRATION) for cell in cells], slots)


@pytest.mark.parametrize(("shape", "model"), CASES)
@pytest.mark.parametrize("preset", list(Preset))
def test_every_family_and_task_has_a_staged_plan_that_could_say_transfers(preset, shape, model):
    spec = _spec(preset, shape, model)

    assert spec.protocol is Protocol.STAGED
    assert len(spec.seeds) == PRESET_PLANS[preset].num_seeds
    assert len(spec.widths) >= spec.thresholds.min_widths
    assert max(spec.widths) >= spec.thresholds.min_width_span * spec.base_width
    assert min(len(arm.lrs) for arm in spec.arms) >= spec.thresholds.min_lrs
    assert conclusions(spec)[0].code == ("provisional" if preset is Preset.QUICK else "answer")


@pytest.mark.parametrize(("shape", "model"), CASES)
def test_what_is_expected_grows_with_the_preset_and_never_exceeds_the_most(shape, model):
    specs = [_spec(preset, shape, model) for preset in Preset]
    expected = [_cost(spec, foreseen_cells(spec), shape) for spec in specs]
    most = [_cost(spec, full_grid(spec), shape) for spec in specs]

    for one, other in pairwise(expected):
        assert one.slot_seconds < other.slot_seconds
        assert one.num_runs < other.num_runs
    for of_path, of_grid in zip(expected, most, strict=True):
        assert of_path.slot_seconds < of_grid.slot_seconds
        assert of_path.num_runs <= of_grid.num_runs


def test_the_grids_are_octaves_or_half_octaves_over_the_same_range():
    quick, standard = (_spec(preset).arms[0].lrs for preset in (Preset.QUICK, Preset.STANDARD))

    for lrs, step in ((quick, 1.0), (standard, 0.5)):
        assert all(math.isclose(math.log2(b / a), step) for a, b in pairwise(lrs))
    assert (quick[0], quick[-1]) == (standard[0], standard[-1])


def test_thorough_looks_at_other_conditions_and_a_longer_horizon_and_one_size_further():
    standard, thorough = _spec(Preset.STANDARD), _spec(Preset.THOROUGH)

    assert thorough.scenarios == ("as_given", "label_noise:0.1", "subsample:0.5", "horizon:4")
    assert thorough.widths == (*standard.widths, 2 * max(standard.widths))
    codes = [item.code for item in conclusions(thorough)]
    assert codes == ["answer", "settles", "sizes", "conditions", "longer"]


def test_conditions_that_the_data_cannot_have_are_left_out():
    tiny = DIGITS.model_copy(update={"num_train": 60})

    assert Scenario("subsample:0.5") not in _spec(Preset.THOROUGH, tiny).scenarios
    assert _spec(Preset.THOROUGH, tiny).batch_size == 60


def test_conditions_beyond_the_limit_on_runs_are_left_out():
    spec = _spec(Preset.THOROUGH, recipe="paper", max_runs=5000)

    assert spec.scenarios == ("as_given", "label_noise:0.1")
    assert spec.num_runs() <= 5000


@pytest.mark.parametrize(("recipe", "usual", "other"), [("usual", "sp", "ntp"), ("paper", "ntp", "sp")])
def test_thorough_lists_the_other_control_after_the_usual_one(recipe, usual, other):
    standard, thorough = (_spec(preset, recipe=recipe) for preset in (Preset.STANDARD, Preset.THOROUGH))

    assert [arm.parametrization for arm in standard.arms] == ["mup", usual]
    assert [arm.parametrization for arm in thorough.arms] == ["mup", usual, other]
    assert controls_of(thorough) == (usual, other)


def test_a_further_size_that_does_not_fit_the_memory_is_left_out():
    assert max(_spec(Preset.THOROUGH, memory_bytes=100 << 20).widths) == 256


def test_wishes_go_before_the_preset():
    spec = _spec(Preset.THOROUGH, widths=(8, 16), seeds=(4,), protocol="full", lrs=(0.1, 0.2))

    assert (spec.widths, spec.seeds, spec.protocol) == ((8, 16), (4,), Protocol.FULL)
    assert {arm.lrs for arm in spec.arms} == {(0.1, 0.2)}
    assert conclusions(spec)[0].code == "cannot_confirm"


def test_arms_that_are_asked_for_get_the_presets_grid():
    spec = _spec(
        Preset.STANDARD, recipe="paper", arms=({"parametrization": "mup"}, {"parametrization": "sp"})
    )

    assert [len(arm.lrs) for arm in spec.arms] == [17, 17]


def test_a_slow_machine_cuts_steps_until_the_expected_path_fits():
    slow = Capacity(1, Calibration(1e9, 1e-3))

    spec = _spec(Preset.QUICK, recipe="paper", capacity=slow)

    assert 2 * spec.measure_every <= spec.num_steps < 300


@pytest.mark.parametrize("recipe", list(Recipe))
def test_thorough_trains_twice_as_long_as_the_other_presets(recipe):
    quick, standard, thorough = (_spec(preset, recipe=recipe).num_steps for preset in Preset)

    assert quick == standard == thorough / 2


def test_the_least_a_plan_costs_is_its_cheapest_cell_at_the_base():
    spec = small_spec()
    at_base = [cell for cell in full_grid(spec) if cell.width == 8]

    least = least_seconds(spec, DIGITS, FAST.calibration)

    assert least == min(predict(spec, DIGITS, cell, FAST.calibration).seconds for cell in at_base)


def test_a_spec_without_a_budget_says_nothing_of_one():
    assert small_spec().sha256() == ExperimentSpec.model_validate(small_spec().model_dump()).sha256()
    assert small_spec(budget={"slot_seconds": 10}).sha256() != small_spec().sha256()
