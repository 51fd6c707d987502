import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.lifecycle import CellState
from backend.domain.progress import CellWork, eta_seconds, left_seconds, share_done


def _cell(predicted, *, slow=1.0, done=0.0, kind="a", state=None):
    state = state or (CellState.COMPLETED if done == 1 else CellState.RUNNING)
    return CellWork(kind, state, predicted, slow * predicted * done, done)


def test_before_anything_ran_the_prediction_is_told():
    cells = [_cell(10, state=CellState.QUEUED), _cell(30, state=CellState.QUEUED)]

    assert (eta_seconds(cells, slots=1), eta_seconds(cells, slots=2)) == (40, 30)


@given(st.floats(0.2, 5.0), st.floats(0.15, 0.95))
def test_an_even_slowness_is_known_within_a_tenth_after_15_percent(slow, done):
    eta = eta_seconds([_cell(100, slow=slow, done=done)], slots=1)

    assert eta == pytest.approx(slow * 100 * (1 - done), rel=0.3 if slow < 0.5 else 0.1)


def test_kinds_are_corrected_by_their_own_cells():
    cells = [_cell(100, slow=3.0, done=1.0, kind="small"), _cell(100, done=1.0, kind="large")]
    open_cells = [_cell(50, kind="small"), _cell(50, kind="large"), _cell(50, kind="unseen")]

    small, large, unseen = left_seconds(cells + open_cells)

    assert small == pytest.approx(150, rel=0.05)
    assert large == pytest.approx(50, rel=0.05)
    assert large < unseen == pytest.approx(100, rel=0.05)


def test_attempts_that_failed_cost_time_too():
    again = CellWork("a", CellState.RUNNING, 100, 100.0, 0.5)

    assert eta_seconds([again], slots=1) == pytest.approx(100, rel=0.05)


@given(
    st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=8),
    st.integers(0, 9),
    st.floats(0, 1e5),
)
def test_an_eta_is_finite_never_negative_and_grows_with_what_comes_later(drawn, slots, later):
    cells = [_cell(predicted, done=done, slow=slow) for predicted, done, slow in drawn]
    now, more = (eta_seconds(cells, slots=slots, later_seconds=seconds) for seconds in (0.0, later))

    assert 0 <= now <= more < math.inf
    assert 0 <= share_done(cells, later) <= share_done(cells) <= 1


def test_nothing_open_leaves_nothing():
    assert eta_seconds([_cell(10, done=1.0)], slots=2) == 0
    assert eta_seconds([], slots=2) == 0
    assert share_done([]) == 0
    assert share_done([_cell(10, done=1.0), _cell(90, state=CellState.SKIPPED)]) == 1
