from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol import Add, Done, Skip, Wait
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.protocol_world import EXPERIMENT, World, anything
from tests.backend.domain.specs import some, spec, specs

ENDS = (CellState.COMPLETED, CellState.COMPLETED, CellState.COMPLETED, CellState.FAILED, CellState.CANCELLED)
SCENARIOS = ("as_given", "label_noise:0.2", "momentum:0.9", "horizon:4")


@st.composite
def questions(draw):
    """Draw a spec under any protocol and scenarios."""
    changes = {
        "protocol": draw(st.sampled_from(Protocol)),
        "scenarios": tuple(map(Scenario, draw(some(st.sampled_from(SCENARIOS), 4)))),
    }
    return spec(**draw(specs()).model_dump() | changes)


def _runs(cells):
    return Counter((group_of(cell), run) for cell in cells for run in cell.runs)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(questions(), st.integers(0, 2**32), st.none() | st.integers(1, 9), st.data())
def test_it_ends_and_plans_no_run_twice_or_beyond_the_grid_whatever_happens(asked, seed, most, data):
    world = World(asked, anything(seed, asked), most)
    limit = _runs(full_grid(asked))
    order = data.draw(st.randoms(use_true_random=False))
    num_decisions = 0

    while not isinstance(decision := world.ask(), Done):
        assert world.ask() == decision
        world.carry_out(decision)
        num_decisions += not isinstance(decision, Wait)
        assert isinstance(decision, Wait) <= bool(world.open_cells())
        for cell_id in order.sample(world.open_cells(), min(2, len(world.open_cells()))):
            running = order.random() < 0.3 and world.states[cell_id] is CellState.QUEUED
            world.end(cell_id, CellState.RUNNING if running else order.choice(ENDS))

    assert world.open_cells() == []
    planned = _runs(world.cells.values())
    assert set(planned.values()) <= {1}
    assert set(planned) <= set(limit)
    assert num_decisions <= 2 * planned.total()


@given(questions(), st.integers(0, 2**32), st.integers(1, 9))
def test_cells_are_as_small_as_the_memory_asks_and_have_ids_of_their_own(asked, seed, most):
    world = World(asked, anything(seed, asked), most)
    world.run()

    assert all(len(cell.runs) <= most for cell in world.cells.values())
    parts = Counter((group_of(cell), cell.part) for cell in world.cells.values())
    assert set(parts.values()) == {1}


@given(specs(), st.none() | st.integers(1, 9))
def test_the_full_grid_is_one_stage_of_the_whole_grid(asked, most):
    world = World(asked, anything(0, asked), most)

    stages = world.run()

    assert len(stages) == 1
    assert {cell.id_in(EXPERIMENT) for cell in stages[0]} == {
        cell.id_in(EXPERIMENT) for cell in full_grid(asked, max_runs_per_cell=world.split)
    }


@given(specs(), st.integers(1, 9), st.integers(1, 9), st.data())
def test_runs_cut_for_one_device_are_not_planned_again_for_another(asked, first, then, data):
    world = World(asked, anything(0, asked), first)
    decision = world.ask()
    assert isinstance(decision, Add)
    some_cells = data.draw(st.sets(st.sampled_from(range(len(decision.cells)))))
    world.carry_out(Add(tuple(decision.cells[index] for index in some_cells)))
    world.split = dict.fromkeys(asked.widths, then)

    world.carry_out(world.ask())

    assert _runs(world.cells.values()) == _runs(full_grid(asked))
    assert not isinstance(world.ask(), Add | Skip)
