import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.memory import cell_bytes, max_runs_per_cell
from muscope.backend.domain.cost.prediction import (
    DEFAULT_CALIBRATION,
    MAX_CHUNK_STEPS,
    Calibration,
    predict,
    wall_seconds,
)
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun, full_grid
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.specs import SHAPE, SPEC, spec, specs

SECONDS = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=20)


def _cell(width=64, runs=10):
    planned = tuple(PlannedRun(0, 0.1, seed) for seed in range(runs))
    return PlannedCell(Scenario.AS_GIVEN, Parametrization.MUP, width, 2, planned)


def _cost(cell, calibration=DEFAULT_CALIBRATION, **changes):
    return predict(spec(**changes), SHAPE, cell, calibration)


def test_parameters_are_those_of_a_residual_network():
    assert ResidualMLP().num_parameters(SHAPE.dims, 8, 2) == 5 * 8 + 2 * 8 * 8 + 8 * 3


@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(1, 200))
def test_wider_cells_with_more_runs_cost_more(width, more, runs):
    cell = _cost(_cell(width, runs))
    wider, fuller = _cost(_cell(width + more, runs)), _cost(_cell(width, runs + more))

    assert wider.seconds > cell.seconds
    assert fuller.seconds > cell.seconds
    assert fuller.num_bytes > cell.num_bytes


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_wider_run_needs_more_memory(width, more):
    """A cell of several need not: fewer of its runs are in training at once."""
    assert _cost(_cell(width + more, 1)).num_bytes > _cost(_cell(width, 1)).num_bytes


def test_a_cells_memory_is_what_was_measured_within_a_third():
    """The cells of the bench row `memory` (docs/bench.md): 18 runs, depth 3, digits, 256 samples."""
    digits = SHAPE.model_copy(update={"num_features": 64, "num_outputs": 10})
    settings = spec(depths=(3,), batch_size=64, sharpness_batch_size=256, num_steps=60, measure_every=10)

    for width, measured_mib in ((64, 46), (256, 233), (512, 405)):
        assert 1 / 1.3 < cell_bytes(settings, digits, width, 3, 18) / (measured_mib << 20) < 1.3


@given(st.integers(12, 5000), st.integers(1, 5000))
def test_more_steps_cost_more_time_and_no_more_memory(num_steps, more):
    less, most = (_cost(_cell(), num_steps=steps) for steps in (num_steps, num_steps + more))

    assert most.seconds > less.seconds
    assert most.num_bytes == less.num_bytes


def test_measuring_more_often_and_a_slower_slot_cost_more():
    assert _cost(_cell(), measure_every=1).seconds > _cost(_cell(), measure_every=12).seconds
    slower = Calibration(DEFAULT_CALIBRATION.flops_per_second / 2, DEFAULT_CALIBRATION.seconds_per_run_step)
    assert _cost(_cell(), slower).seconds > _cost(_cell()).seconds


@given(
    st.integers(1, 3000),
    st.integers(1, 500),
    st.integers(12, 100_000),
    st.floats(1e6, 1e15),
    st.floats(0, 1),
)
def test_a_chunk_is_a_second_of_work_within_its_bounds(width, runs, num_steps, flops, overhead):
    cost = _cost(_cell(width, runs), Calibration(flops, overhead), num_steps=num_steps, measure_every=12)

    assert 1 <= cost.chunk_steps <= min(MAX_CHUNK_STEPS, num_steps + 1)
    seconds = cost.seconds / (num_steps + 1) * cost.chunk_steps
    assert seconds <= 1.5 or cost.chunk_steps == 1
    assert seconds >= 0.5 or cost.chunk_steps == min(MAX_CHUNK_STEPS, num_steps + 1)


@given(SECONDS, st.integers(0, 8))
def test_the_wall_time_lies_between_perfect_packing_and_one_slot(seconds, slots):
    wall = wall_seconds(seconds, slots=slots)

    least = max(*seconds, sum(seconds) / max(1, slots)) if len(seconds) > 1 else seconds[0]
    assert least * (1 - 1e-9) <= wall <= sum(seconds) * (1 + 1e-9)
    assert wall <= sum(seconds) / max(1, slots) + max(seconds) + 1e-6


@given(SECONDS)
def test_one_slot_takes_the_sum_and_enough_slots_the_longest(seconds):
    assert math.isclose(wall_seconds(seconds, slots=1), sum(seconds))
    assert wall_seconds(seconds, slots=len(seconds)) == max(seconds)


def test_the_largest_cell_starts_first():
    assert wall_seconds([1, 1, 1, 3], slots=2) == 3


def test_nothing_to_run_takes_no_time():
    assert wall_seconds([], slots=3) == 0


@pytest.mark.slow
@given(specs(), st.integers(1, 1 << 34))
def test_cells_split_for_a_memory_limit_fit_into_it_or_hold_one_run(spec, memory_bytes):
    split = max_runs_per_cell(spec, SHAPE, memory_bytes=memory_bytes)

    for cell in full_grid(spec, max_runs_per_cell=split):
        fits = predict(spec, SHAPE, cell, DEFAULT_CALIBRATION).num_bytes <= memory_bytes
        assert fits or len(cell.runs) == 1


def test_the_small_spec_is_not_split_in_a_gibibyte():
    assert min(max_runs_per_cell(SPEC, SHAPE, memory_bytes=1 << 30).values()) > 1000
