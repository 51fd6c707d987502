"""The expected path from the start is walked through once, whatever the steps, and is the same each time."""

import pytest

from muscope.backend.domain.protocol import expected_path, foreseen_batches
from muscope.backend.domain.protocol.expected_path import _walk
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.domain.spec.judging.decision import CostUnit, Settle
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scaling.step_up import StepsRule
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.protocol.staged_plans import MUP, SP, only, staged

HORIZON, MORE_STEPS, MOMENTUM = Scenario("horizon:4"), Scenario("steps_axis:480"), Scenario("momentum:0.9")


@pytest.fixture(autouse=True)
def walks(monkeypatch):
    expected_path._from_the_start.cache_clear()
    walked = []

    def walk(spec, *rest):
        walked.append(spec)
        return _walk(spec, *rest)

    monkeypatch.setattr(expected_path, "_walk", walk)
    yield walked
    expected_path._from_the_start.cache_clear()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"protocol": Protocol.FULL},
        {"arms": only(MUP, SP)},
        {"scenarios": (Scenario.AS_GIVEN, MOMENTUM)},
        {"scenarios": (Scenario.AS_GIVEN, HORIZON)},
        {"scenarios": (Scenario.AS_GIVEN, MORE_STEPS), "steps_rule": StepsRule.TOKEN_HORIZON},
        {"settle": Settle(), "deciding_loss": Metric.TRAIN_LOSS},
        {"depths": (1, 2), "measures": (Measure.COORDINATE_CHECK,), "cost_unit": CostUnit.EXTRA_TRAINING},
    ],
)
def test_a_path_is_that_of_the_spec_itself(changes):
    asked = staged(**changes)

    assert foreseen_batches(asked) == _walk(asked, expected_path.NOTHING_YET, None)


def test_a_plan_with_other_steps_and_measures_takes_no_second_walk(walks):
    path = foreseen_batches(staged(num_steps=100))

    assert foreseen_batches(staged(num_steps=70, measure_every=5, measures=(Measure.NTK,))) == path
    assert len(walks) == 1


def test_rates_that_follow_the_steps_are_those_of_the_steps_asked_for():
    scenarios = {"scenarios": (Scenario.AS_GIVEN, MORE_STEPS), "steps_rule": StepsRule.TOKEN_HORIZON}

    assert foreseen_batches(staged(num_steps=100, **scenarios)) != foreseen_batches(
        staged(num_steps=200, **scenarios)
    )


def test_cells_that_do_not_fit_are_split_as_before():
    asked = staged()
    whole, fitting = foreseen_batches(asked), foreseen_batches(asked, max_runs_per_cell={32: 4})

    assert fitting == _walk(asked, expected_path.NOTHING_YET, {32: 4})
    assert max(len(cell.runs) for batch in fitting for cell in batch if cell.width == 32) <= 4
    assert foreseen_batches(asked, max_runs_per_cell={8: 999, 16: 999, 32: 999}) == whole
