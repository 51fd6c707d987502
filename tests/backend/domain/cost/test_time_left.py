import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.time_left import (
    HALF_LIFE_SHARE,
    PLANNING_SECONDS,
    PRIOR_SHARE,
    CellWork,
    Course,
    LaterWork,
    eta_seconds,
    expected_spans,
    left_seconds,
    share_done,
    slowness,
    total_seconds,
)
from muscope.backend.domain.lifecycle import CellState


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
    assert large < unseen < small
    # Of all cells, the one that ended before counts less by the half life, and the prediction as its share.
    whole, before = 350.0, 0.5 ** (100 / (HALF_LIFE_SHARE * 350.0))
    prior = PRIOR_SHARE * whole
    assert unseen == pytest.approx(50 * (prior + 100 + before * 300) / (prior + 100 + before * 100))


@pytest.mark.parametrize("slow", [0.5, 2.0])
def test_a_machine_that_becomes_slower_or_faster_is_followed(slow):
    """Ten cells ran as predicted, then three at another pace; the mean of all hardly shows it."""
    cells = [_cell(10, done=1.0)] * 10 + [_cell(10, slow=slow, done=1.0)] * 3
    (left,) = left_seconds([*cells, _cell(70, state=CellState.QUEUED)])
    plain = slowness(cells, prior_seconds=0.0) * 70

    assert abs(left / 70 - slow) < 0.75 * abs(plain / 70 - slow)


@given(st.floats(0.3, 4.0), st.integers(15, 90), st.integers(1, 3))
def test_an_even_machine_is_known_after_15_percent_whatever_the_kinds(slow, num_ended, num_kinds):
    cells = [
        _cell(1, slow=slow, kind=f"{i % num_kinds}", done=1.0, state=CellState.COMPLETED)
        for i in range(num_ended)
    ]
    queued = [_cell(1, kind=f"{i % num_kinds}", state=CellState.QUEUED) for i in range(num_ended, 100)]

    eta = eta_seconds(cells + queued, slots=1)

    assert eta == pytest.approx(slow * len(queued), rel=0.2)


def test_later_stages_of_a_strand_wait_for_its_open_cells():
    cells = [
        CellWork("a", CellState.RUNNING, 10.0, 0.0, 0.0, "mup"),
        CellWork("a", CellState.RUNNING, 4.0, 0.0, 0.0, "ntp"),
    ]
    later = [LaterWork("a", 5.0, "mup", 1), LaterWork("a", 7.0, "mup", 2), LaterWork("a", 3.0, "ntp", 3)]

    assert eta_seconds(cells, slots=2, later=later) == pytest.approx(22 + 2 * PLANNING_SECONDS)
    assert total_seconds(cells, later) == pytest.approx(29)


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
    now, more = (eta_seconds(cells, slots=slots, later=[LaterWork("b", seconds)]) for seconds in (0.0, later))

    assert 0 <= now <= more < math.inf
    assert 0 <= share_done(cells, [LaterWork("b", later)]) <= share_done(cells) <= 1


def test_nothing_open_leaves_nothing():
    assert eta_seconds([_cell(10, done=1.0)], slots=2) == 0
    assert eta_seconds([], slots=2) == 0
    assert share_done([]) == 0
    assert share_done([_cell(10, done=1.0), _cell(90, state=CellState.SKIPPED)]) == 1


def _queued(seconds, *, turn=math.inf):
    return CellWork("a", CellState.QUEUED, seconds, 0.0, 0.0, turn=turn)


def test_an_experiment_behind_another_starts_once_a_slot_is_free_and_both_share_the_rest():
    ahead = Course([CellWork("a", CellState.RUNNING, 10.0, 0.0, 0.0, turn=-math.inf), _queued(20, turn=1)])
    behind = Course([_queued(5, turn=2)])

    of_ahead, of_behind = expected_spans([ahead, behind], slots=1)

    assert of_ahead == pytest.approx((0, 30))
    assert of_behind == pytest.approx((30, 35))


def test_work_whose_cells_have_not_run_goes_at_the_pace_of_others_lately():
    (span,) = expected_spans([Course((), [LaterWork("a", 10.0)], pace=2.5)], slots=1)

    assert span.ends == 25


def test_nothing_to_do_neither_waits_nor_takes_time():
    assert expected_spans([Course(()), Course([_cell(10, done=1.0)])], slots=1) == [(0, 0), (0, 0)]
