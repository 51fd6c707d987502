from datetime import timedelta

import pytest
from sqlalchemy import func, select

from muscope.backend.db import cells, claims, planned_cells
from muscope.backend.db.machines.pulses import Pulse, pulses
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.cost.prediction import CellCost
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol.grid import full_grid
from tests.backend.db.stores import LATER, NOW, add_experiment, cell_row, change_cell, one_cell, take
from tests.backend.domain.specs import SPEC

pytestmark = pytest.mark.both_databases


def _ring_list(database, *, now=NOW, before=NOW, most=100):
    with database.read() as session:
        return cells.to_ring(session, now=now, dispatched_before=before, most=most)


def test_planning_twice_plans_nothing_twice(database):
    experiment_id, cell_ids = add_experiment(database)
    again = [(cell, CellCost(1.0, 1, 9)) for cell in full_grid(SPEC)]

    with database.write() as session:
        assert planned_cells.add(session, planned_cells.rows_of(experiment_id, again)) == []

    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CellRow)) == len(cell_ids)
        assert session.scalar(select(func.count()).select_from(RunRow)) == SPEC.num_runs()
    assert cell_row(database, cell_ids[0]).chunk_steps == 4


def test_planning_returns_what_was_new_dearest_first(database):
    experiment_id, _ = add_experiment(database, SPEC.model_copy(update={"widths": (8,)}))
    grid = full_grid(SPEC)

    with database.write() as session:
        costs = [CellCost(float(i), 1, 4) for i in range(len(grid))]
        new = planned_cells.add(session, planned_cells.rows_of(experiment_id, zip(grid, costs, strict=True)))

    assert new == [grid[3].id_in(experiment_id), grid[1].id_in(experiment_id)]


def test_runs_come_back_in_the_order_of_their_chunks(database):
    _, cell_ids = add_experiment(database)

    with database.read() as session:
        stored = [cells.planned_runs(session, cell_id) for cell_id in cell_ids]
        positions = [run.position for run in cells.runs_of(session, cell_ids[0])]

    assert stored == [cell.runs for cell in full_grid(SPEC)]
    assert positions == [0, 1, 2, 3]


def test_fates_count_runs_that_have_diverged_and_those_that_have_come_far_enough(database):
    experiment_id, (far, near, *_) = add_experiment(database)
    change_cell(database, far, committed_step=10)
    change_cell(database, near, committed_step=9)
    with database.write() as session:
        for cell_id in (far, near):
            first = cells.runs_of(session, cell_id)[0]
            first.diverged_at = 3

    with database.read() as session:
        fates = cells.run_fates(session, [experiment_id], after_steps=10)
        lives = [run.diverged_at for run in cells.run_lives(session, experiment_id) if run.cell_id == far]

    grid = full_grid(SPEC)
    of_far = [(grid[0].width, run.lr) for run in grid[0].runs]
    assert lives == [3, None, None, None]
    assert {(fate.width, fate.lr, fate.num_runs, fate.num_alive) for fate in fates} == {
        (*of_far[0], 2, 1),
        (*of_far[2], 2, 2),
        (grid[1].width, grid[1].runs[0].lr, 1, 0),
    }


def test_the_bell_is_rung_for_queued_cells_whose_message_may_be_lost(database):
    _, (never, long_ago, lately, waiting) = add_experiment(database)
    change_cell(database, never, predicted_seconds=5.0)
    change_cell(database, long_ago, dispatched_at=NOW - timedelta(seconds=1), predicted_seconds=9.0)
    change_cell(database, lately, dispatched_at=NOW)
    change_cell(database, waiting, not_before=LATER)

    assert _ring_list(database) == [long_ago, never]
    assert _ring_list(database, now=LATER, before=LATER, most=2) == [long_ago, never]
    assert set(_ring_list(database, now=LATER, before=LATER)) == {never, long_ago, lately, waiting}


@pytest.mark.parametrize(
    "fields", [{"state": "running"}, {"state": "failed"}, {"desired_state": "cancelled"}]
)
def test_the_bell_is_not_rung_for_others(fields, database):
    _, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        change_cell(database, cell_id, **fields)

    assert _ring_list(database) == []


def test_a_rung_cell_is_remembered(database):
    _, cell_ids = add_experiment(database)

    with database.write() as session:
        cells.mark_dispatched(session, cell_ids[:2], now=LATER)

    rows = [cell_row(database, cell_id).dispatched_at for cell_id in cell_ids]
    assert rows == [LATER, LATER, None, None]


def test_pulses_are_those_of_running_cells(database):
    cell_id = one_cell(database)
    claim = take(database, cell_id)
    with database.write() as session:
        claims.beat(session, claim, now=NOW)

    with database.read() as session:
        assert pulses(session) == [Pulse(cell_id, claim.fence, 1)]


def test_open_cells_are_counted(database):
    experiment_id, cell_ids = add_experiment(database)
    take(database, cell_ids[0])
    change_cell(database, cell_ids[1], state="completed")
    one_cell(database)

    with database.read() as session:
        assert cells.num_open(session, experiment_id) == 3
        assert cells.states_of(session, experiment_id)[cell_ids[1]] is CellState.COMPLETED


def test_cells_that_return_to_the_queue_after_a_cancel_are_ended(database):
    experiment_id, cell_ids = add_experiment(database)
    claim = take(database, cell_ids[0])
    with database.write() as session:
        cells.cancel(session, experiment_id, now=NOW)
    with database.write() as session:
        claims.release(session, claim, now=NOW)
        cells.cancel_requeued(session, now=LATER)

    row = cell_row(database, cell_ids[0])
    assert (row.state, row.finished_at) == ("cancelled", LATER)


def test_the_environment_is_noted_once_and_another_one_marks_the_cell(database):
    cell_id = one_cell(database)

    seen = []
    for environment in ({"torch": "2.13"}, {"torch": "2.13"}, {"torch": "2.14"}):
        with database.write() as session:
            cells.record_environment(session, cell_id, environment)
        row = cell_row(database, cell_id)
        seen.append((row.environment, row.is_mixed_environment))

    first = {"torch": "2.13"}
    assert seen == [(first, False), (first, False), (first, True)]


def test_tensors_are_stored_once(database):
    cell_id = one_cell(database)
    tensor = {
        "name": "hidden.0",
        "role": "hidden",
        "num_rows": 8,
        "num_columns": 8,
        "forward_mult": 1.0,
        "init_std": 0.5,
        "lr_mult": 1.0,
    }

    for _ in range(2):
        with database.write() as session:
            cells.record_tensors(session, cell_id, [tensor])

    with database.read() as session:
        (row,) = cells.tensors_of(session, cell_id)
        assert {name: getattr(row, name) for name in tensor} == tensor
