"""What is computed of a cell before it runs must be computed under the conditions of its scenario."""

from dataclasses import replace

import pytest

from muscope.backend.domain.cost.gpu_memory import halved_to_fit, require_gpu_memory
from muscope.backend.domain.cost.memory import max_runs_per_cell, require_memory
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import InvalidInput
from tests.backend.domain.specs import SHAPE, spec

LARGE_BATCH = Scenario("batch_size:4096")


def cost_of(of, scenario):
    """Predict the cost of the widest cell's science under a scenario."""
    cell = replace(full_grid(spec())[-1], scenario=Scenario(scenario))
    return predict(of, SHAPE, cell, DEFAULT_CALIBRATION)


@pytest.mark.parametrize(
    ("scenario", "changes"),
    [
        ("batch_size:32", {"batch_size": 32}),
        ("horizon:4", {"num_steps": 48, "measure_every": 20}),
        ("momentum:0.9", {"optimizer": {"kind": "sgd", "momentum": 0.9}}),
        ("subsample:0.5", {}),
    ],
)
def test_a_scenario_costs_what_a_spec_of_its_conditions_costs(scenario, changes):
    assert cost_of(spec(scenarios=(scenario,)), scenario) == cost_of(spec(**changes), "as_given")


def test_memory_is_enough_for_the_scenario_that_needs_most():
    memory = 64 << 20
    alone, beside = (spec(scenarios=scenarios) for scenarios in ((LARGE_BATCH,), ("as_given", LARGE_BATCH)))

    assert max_runs_per_cell(beside, SHAPE, memory_bytes=memory) == max_runs_per_cell(
        alone, SHAPE, memory_bytes=memory
    )
    assert max_runs_per_cell(beside, SHAPE, memory_bytes=memory) != max_runs_per_cell(
        spec(), SHAPE, memory_bytes=memory
    )


def test_the_memory_of_a_gpu_is_enough_for_the_scenario_that_needs_most():
    memory = 2 << 20
    alone, beside = (spec(scenarios=scenarios) for scenarios in ((LARGE_BATCH,), ("as_given", LARGE_BATCH)))

    assert halved_to_fit(beside, SHAPE, memory_bytes=memory) == halved_to_fit(
        alone, SHAPE, memory_bytes=memory
    )
    assert halved_to_fit(beside, SHAPE, memory_bytes=memory) != halved_to_fit(
        spec(), SHAPE, memory_bytes=memory
    )


@pytest.mark.parametrize("require", [require_memory, require_gpu_memory])
def test_a_plan_is_refused_where_one_of_its_scenarios_does_not_fit(require):
    memory = 5 << 20
    require(spec(), SHAPE, memory_bytes=memory)

    with pytest.raises(InvalidInput, match="too_much"):
        require(spec(scenarios=("as_given", "batch_size:100000")), SHAPE, memory_bytes=memory)
