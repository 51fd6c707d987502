import pytest

from muscope.backend.domain.lifecycle import (
    CELL_TRANSITIONS,
    FAILURE_BUDGET,
    OPEN_CELL_STATES,
    OPEN_EXPERIMENT_STATES,
    Attempt,
    CellState,
    ExperimentState,
    FailureClass,
    RunState,
    after_failure,
    run_state,
)


def test_the_transitions_are_closed_over_the_states():
    assert set(CELL_TRANSITIONS) == set(CellState)
    assert set().union(*CELL_TRANSITIONS.values()) <= set(CellState)


def test_no_state_follows_itself():
    assert all(state not in following for state, following in CELL_TRANSITIONS.items())


def test_only_queued_and_running_cells_are_open():
    assert {CellState.QUEUED, CellState.RUNNING} == OPEN_CELL_STATES
    assert {ExperimentState.QUEUED, ExperimentState.RUNNING} == OPEN_EXPERIMENT_STATES


def test_every_state_can_be_reached_from_the_queue():
    reached = {CellState.QUEUED}
    for _ in CellState:
        reached |= set().union(*(CELL_TRANSITIONS[state] for state in reached))

    assert reached == set(CellState)


@pytest.mark.parametrize(
    ("failures", "has_moved", "attempt"),
    [
        (0, False, Attempt(CellState.QUEUED, 1)),
        (1, False, Attempt(CellState.QUEUED, 2)),
        (2, False, Attempt(CellState.FAILED, 3)),
        (2, True, Attempt(CellState.QUEUED, 0)),
    ],
)
def test_three_attempts_in_a_row_without_progress_fail_a_cell(failures, has_moved, attempt):
    assert after_failure(failures=failures, has_moved=has_moved, failure=FailureClass.CRASH) == attempt
    assert attempt.state in CELL_TRANSITIONS[CellState.RUNNING]


def test_a_definition_that_cannot_be_trained_fails_its_cell_at_once():
    attempt = after_failure(failures=0, has_moved=False, failure=FailureClass.SPEC)

    assert attempt == Attempt(CellState.FAILED, 1)


@pytest.mark.parametrize("failures", [0, FAILURE_BUDGET - 1])
def test_a_full_disk_of_a_worker_is_never_held_against_a_cell(failures):
    attempt = after_failure(failures=failures, has_moved=False, failure=FailureClass.DISK)

    assert attempt == Attempt(CellState.QUEUED, failures)


def test_a_cell_that_keeps_moving_is_never_given_up():
    failures = 0
    for _ in range(5 * FAILURE_BUDGET):
        state, failures = after_failure(failures=failures, has_moved=True, failure=FailureClass.LOST)
        assert state is CellState.QUEUED


def test_a_run_is_where_its_cell_is_unless_it_diverged():
    states = {run_state(cell, has_diverged=False).value for cell in CellState}

    assert states == {cell.value for cell in CellState} == set(RunState) - {RunState.DIVERGED}
    assert {run_state(cell, has_diverged=True) for cell in CellState} == {RunState.DIVERGED}
