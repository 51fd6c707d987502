"""What a cell took, over all its attempts."""

from datetime import timedelta

import pytest

from muscope.backend.db import claims
from muscope.backend.domain.lifecycle import CellState, FailureClass
from tests.backend.db.stores import LATER, NOW, cell_row, one_cell, take

pytestmark = pytest.mark.both_databases

DELAY = timedelta(seconds=2)


def _write(database, function, *args, **kwargs):
    with database.write() as session:
        return function(session, *args, **kwargs)


def test_what_a_cell_took_is_the_sum_of_its_attempts(database):
    cell_id = one_cell(database)
    _write(database, claims.release, take(database, cell_id), now=NOW + timedelta(seconds=3))
    late = NOW + timedelta(seconds=4)
    claim = take(database, cell_id)
    _write(database, claims.fail, claim, FailureClass.CODE, "why", now=late, retry_delay=DELAY)
    claim = take(database, cell_id, now=LATER)

    _write(database, claims.finish, claim, CellState.COMPLETED, now=LATER + timedelta(seconds=5))

    assert cell_row(database, cell_id).spent_seconds == 12


def test_a_worker_that_fell_silent_is_counted_until_its_last_beat(database):
    claim = take(database, one_cell(database))
    _write(database, claims.beat, claim, now=NOW + timedelta(seconds=7))

    _write(database, claims.expire, claim, seen_count=1, now=LATER, retry_delay=DELAY)

    assert cell_row(database, claim.cell_id).spent_seconds == 7


def test_a_clock_that_was_set_back_takes_nothing_off(database):
    claim = take(database, one_cell(database), now=LATER)

    _write(database, claims.finish, claim, CellState.COMPLETED, now=NOW)

    assert cell_row(database, claim.cell_id).spent_seconds == 0


def test_time_asleep_is_not_spent_whether_a_beat_or_the_end_comes_after_it(database):
    cell_id = one_cell(database)
    claim = take(database, cell_id)
    awake, woken, ended = 4, 4 + 80, 4 + 80 + 6

    with database.write() as session:
        for second in (2, awake, woken):
            claims.beat(session, claim, now=NOW + timedelta(seconds=second))
        claims.finish(session, claim, CellState.COMPLETED, now=NOW + timedelta(seconds=ended))

    assert cell_row(database, cell_id).asleep_seconds == 80
    assert cell_row(database, cell_id).spent_seconds == 10

    again = take(database, other := one_cell(database))
    with database.write() as session:
        claims.beat(session, again, now=NOW + timedelta(seconds=3))
        claims.finish(session, again, CellState.COMPLETED, now=NOW + timedelta(seconds=90))

    assert cell_row(database, other).spent_seconds == 3


def test_a_new_attempt_has_not_slept_yet(database):
    cell_id = one_cell(database)
    claim = take(database, cell_id)
    with database.write() as session:
        claims.beat(session, claim, now=NOW + timedelta(seconds=100))
        claims.release(session, claim, now=NOW + timedelta(seconds=101))

    take(database, cell_id, now=NOW + timedelta(seconds=102))

    assert cell_row(database, cell_id).asleep_seconds == 0
    assert cell_row(database, cell_id).spent_seconds == 1
