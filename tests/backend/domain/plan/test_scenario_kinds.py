"""What a form offers must be what a plan accepts."""

import pytest

from muscope.backend.domain.plan.runnable import require_scenario
from muscope.backend.domain.plan.scenario_kinds import possible_kinds
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.scenario import LIMITS, Scenario, ScenarioKind
from tests.backend.domain.specs import REGRESSION, SHAPE, spec

TEXT = SHAPE.model_copy(update={"task": Task.LANGUAGE_MODELLING, "num_outputs": 256})
ALL = set(ScenarioKind) - {ScenarioKind.AS_GIVEN, ScenarioKind.STEP_UP}
SMALL_BATCHES = spec(batch_size=2, sharpness_batch_size=1, scenarios=("as_given", "horizon:2"))


@pytest.mark.parametrize(
    ("shape", "changes", "missing"),
    [
        (SHAPE, {}, set()),
        (REGRESSION, {}, {"class_imbalance"}),
        (TEXT, {}, {"class_imbalance", "feature_noise"}),
        (SHAPE, {"optimizer": "adam"}, {"momentum"}),
        (SHAPE, {"num_steps": 600_000}, {"horizon"}),
    ],
)
def test_only_kinds_that_make_sense_are_offered(shape, changes, missing):
    assert {limits.kind for limits in possible_kinds(spec(**changes), shape)} == ALL - missing


@pytest.mark.parametrize("shape", [SHAPE, REGRESSION, TEXT])
@pytest.mark.parametrize("num_steps", [12, 300_000])
def test_every_offered_value_is_accepted_up_to_its_limits(shape, num_steps):
    plan = SMALL_BATCHES.model_copy(update={"num_steps": num_steps})

    for limits in possible_kinds(plan, shape):
        for value in limits.names or (f"{limits.high:.6g}",):
            require_scenario(plan, shape, Scenario(f"{limits.kind}:{value}"))


def test_limits_are_those_of_the_data():
    limits = {each.kind: each for each in possible_kinds(spec(), SHAPE)}

    assert limits[ScenarioKind.LABEL_NOISE].high == 0.666
    assert limits[ScenarioKind.BATCH_SIZE].high == 48
    assert limits[ScenarioKind.SCHEDULE].names == ("warmup", "cosine", "linear")
    numbers = {each.kind: each for each in possible_kinds(spec(), REGRESSION)}
    assert numbers[ScenarioKind.LABEL_NOISE].high == LIMITS[ScenarioKind.LABEL_NOISE][1]


def test_the_whole_step_up_is_offered_once_an_axis_is_there_and_takes_no_value():
    along_an_axis = spec(scenarios=("as_given", "batch_axis:16"))

    (found,) = (each for each in possible_kinds(along_an_axis, SHAPE) if each.kind is ScenarioKind.STEP_UP)

    assert (found.has_value, found.low, found.high, found.names) == (False, None, None, ())
    require_scenario(along_an_axis, SHAPE, Scenario("step_up"))


def test_an_axis_begins_above_what_the_plan_has():
    limits = {each.kind: each for each in possible_kinds(spec(), SHAPE)}

    assert (limits[ScenarioKind.BATCH_AXIS].low, limits[ScenarioKind.BATCH_AXIS].high) == (9, 48)
    assert limits[ScenarioKind.STEPS_AXIS].low == 13
