from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from muscope.backend.db import cells, claims
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.lifecycle import CellState, DesiredState, ExperimentState, FailureClass
from tests.backend.db.stores import LATER, NOW, add_experiment, cell_row, change_cell, one_cell, take

pytestmark = pytest.mark.both_databases

DELAY = timedelta(seconds=2)


def _write(database, function, *args, **kwargs):
    with database.write() as session:
        return function(session, *args, **kwargs)


def _claim(database, cell_id, now=NOW):
    return _write(database, claims.claim, cell_id, owner="tester", now=now)


def _fail(database, claim, now=NOW):
    return _write(database, claims.fail, claim, FailureClass.CODE, "why", now=now, retry_delay=DELAY)


def _expire(database, claim, seen_count=0):
    return _write(database, claims.expire, claim, seen_count=seen_count, now=NOW, retry_delay=DELAY)


STALE_WRITES = {
    "advance": lambda session, claim: claims.advance_step(session, claim, step=9),
    "finish": lambda session, claim: claims.finish(session, claim, CellState.COMPLETED, now=NOW),
    "fail": lambda session, claim: claims.fail(
        session, claim, FailureClass.CODE, "why", now=NOW, retry_delay=DELAY
    ),
    "release": lambda session, claim: claims.release(session, claim, now=NOW),
}


def _columns(row):
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def test_a_cell_is_claimed_once(database):
    cell_id = one_cell(database)

    first, second = _claim(database, cell_id), _claim(database, cell_id)

    assert first == Claim(cell_id, fence=1)
    assert second is None


def test_a_claim_starts_the_cell_and_its_experiment(database):
    experiment_id, cell_ids = add_experiment(database)

    _claim(database, cell_ids[0])
    _claim(database, cell_ids[1], now=LATER)

    row = cell_row(database, cell_ids[0])
    assert (row.state, row.owner, row.heartbeat_count, row.started_at) == ("running", "tester", 0, NOW)
    with database.read() as session:
        experiment = session.get_one(ExperimentRow, experiment_id)
        assert (experiment.state, experiment.started_at) == (ExperimentState.RUNNING, NOW)
        assert experiment.version == 1


@pytest.mark.parametrize(
    "fields",
    [{"state": state} for state in ("running", "completed", "failed", "cancelled", "skipped")]
    + [{"desired_state": "cancelled"}, {"not_before": NOW + timedelta(seconds=1)}],
    ids=str,
)
def test_a_cell_that_is_not_free_cannot_be_claimed(fields, database):
    cell_id = one_cell(database)
    change_cell(database, cell_id, **fields)

    assert _claim(database, cell_id) is None


def test_a_cell_that_waits_is_claimed_when_its_time_has_come(database):
    cell_id = one_cell(database)
    change_cell(database, cell_id, not_before=LATER)

    assert _claim(database, cell_id, now=LATER) is not None


def test_a_cell_that_does_not_exist_is_not_claimed(database):
    assert _claim(database, UUID(int=1)) is None


def test_a_beat_counts_and_says_what_the_owner_wants(database):
    claim = take(database, one_cell(database))

    answers = [_write(database, claims.beat, claim, now=LATER) for _ in range(2)]

    row = cell_row(database, claim.cell_id)
    assert answers == [DesiredState.RUN, DesiredState.RUN]
    assert (row.heartbeat_count, row.heartbeat_at) == (2, LATER)


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES.keys())
@pytest.mark.parametrize("shift", [-1, 1], ids=["older fence", "fence from the future"])
def test_a_write_under_another_fence_hits_nothing(write, shift, database):
    claim = take(database, one_cell(database))
    before = _columns(cell_row(database, claim.cell_id))

    with pytest.raises(ClaimLost), database.write() as session:
        write(session, Claim(claim.cell_id, claim.fence + shift))

    assert _columns(cell_row(database, claim.cell_id)) == before


def test_a_beat_under_another_fence_is_told_nothing_and_hits_nothing(database):
    claim = take(database, one_cell(database))

    assert _write(database, claims.beat, Claim(claim.cell_id, claim.fence - 1), now=NOW) is None
    assert cell_row(database, claim.cell_id).heartbeat_count == 0


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES.keys())
@pytest.mark.parametrize("state", [CellState.COMPLETED, CellState.FAILED, CellState.CANCELLED])
def test_a_finished_cell_is_finished_once(write, state, database):
    claim = take(database, one_cell(database))
    _write(database, claims.finish, claim, state, now=NOW)

    with pytest.raises(ClaimLost), database.write() as session:
        write(session, claim)

    assert cell_row(database, claim.cell_id).state == state


def test_committed_step_moves_forward_and_never_back(database):
    claim = take(database, one_cell(database))

    seen = []
    for step in (3, 7, 5, -1, 7):
        _write(database, claims.advance_step, claim, step=step)
        seen.append(cell_row(database, claim.cell_id).committed_step)

    assert seen == [3, 7, 7, 7, 7]


def test_every_write_raises_the_version(database):
    claim = take(database, one_cell(database))
    versions = [cell_row(database, claim.cell_id).version]

    for write in (STALE_WRITES["advance"], STALE_WRITES["advance"], STALE_WRITES["finish"]):
        _write(database, write, claim)
        versions.append(cell_row(database, claim.cell_id).version)

    assert versions == [1, 2, 3, 4]


def test_a_completed_cell_forgets_the_errors_on_its_way(database):
    cell_id = one_cell(database)
    _fail(database, take(database, cell_id))

    _write(database, claims.finish, take(database, cell_id, now=LATER), CellState.COMPLETED, now=LATER)

    row = cell_row(database, cell_id)
    assert (row.error_class, row.error_detail, row.owner, row.finished_at) == (None, None, None, LATER)


def test_a_failure_queues_the_cell_again_with_its_reason(database):
    claim = take(database, one_cell(database))
    change_cell(database, claim.cell_id, dispatched_at=NOW)

    state = _fail(database, claim)

    row = cell_row(database, claim.cell_id)
    assert state is CellState.QUEUED
    assert (row.state, row.error_class, row.error_detail, row.failures) == ("queued", "code", "why", 1)
    assert (row.owner, row.dispatched_at, row.not_before) == (None, None, NOW + DELAY)
    assert row.fence > claim.fence


def test_every_failure_in_a_row_waits_longer(database):
    cell_id = one_cell(database)

    waits = []
    for _ in range(2):
        change_cell(database, cell_id, not_before=None)
        _fail(database, take(database, cell_id))
        not_before = cell_row(database, cell_id).not_before
        assert not_before is not None
        waits.append(not_before - NOW)

    assert waits == [DELAY, 2 * DELAY]


def test_three_failures_without_progress_fail_the_cell(database):
    cell_id = one_cell(database)

    states = [_fail(database, take(database, cell_id, now=LATER)) for _ in range(3)]

    row = cell_row(database, cell_id)
    assert states == [CellState.QUEUED, CellState.QUEUED, CellState.FAILED]
    assert (row.failures, row.finished_at, row.error_class) == (3, NOW, "code")


def test_progress_resets_the_failures(database):
    cell_id = one_cell(database)

    failures = []
    for attempt in range(8):
        claim = take(database, cell_id, now=LATER)
        if attempt % 2:
            _write(database, claims.advance_step, claim, step=attempt)
        _fail(database, claim)
        failures.append(cell_row(database, cell_id).failures)

    assert failures == [1, 0, 1, 0, 1, 0, 1, 0]


def test_recomputing_old_steps_is_no_progress(database):
    cell_id = one_cell(database)
    claim = take(database, cell_id)
    _write(database, claims.advance_step, claim, step=7)
    _fail(database, claim)

    claim = take(database, cell_id)
    _write(database, claims.advance_step, claim, step=3)
    _fail(database, claim)

    assert cell_row(database, cell_id).failures == 1


def test_a_release_counts_no_failure_and_frees_the_cell_at_once(database):
    cell_id = one_cell(database)

    for _ in range(5):
        _write(database, claims.release, take(database, cell_id), now=NOW)

    row = cell_row(database, cell_id)
    assert (row.state, row.failures, row.error_class, row.not_before) == ("queued", 0, None, None)
    assert (row.owner, row.dispatched_at) == (None, None)


def test_a_very_long_reason_is_cut(database):
    claim = take(database, one_cell(database))

    _write(database, claims.fail, claim, FailureClass.CODE, "x" * 9999, now=NOW, retry_delay=DELAY)

    assert cell_row(database, claim.cell_id).error_detail == "x" * 4000


def test_a_cell_expires_when_its_counter_stood_still(database):
    claim = take(database, one_cell(database))
    _write(database, claims.beat, claim, now=NOW)

    state = _expire(database, claim, seen_count=1)

    row = cell_row(database, claim.cell_id)
    assert state is CellState.QUEUED
    assert (row.state, row.error_class, row.failures) == ("queued", "lost", 1)


def test_a_cell_whose_counter_moved_does_not_expire(database):
    claim = take(database, one_cell(database))
    _write(database, claims.beat, claim, now=NOW)

    assert _expire(database, claim, seen_count=0) is None
    assert cell_row(database, claim.cell_id).state == "running"


def test_a_cell_that_was_claimed_anew_does_not_expire_with_the_old_fence(database):
    cell_id = one_cell(database)
    old = take(database, cell_id)
    _write(database, claims.release, old, now=NOW)
    take(database, cell_id)

    assert _expire(database, old) is None
    assert cell_row(database, cell_id).state == "running"


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES.keys())
def test_who_was_expired_can_write_no_more_neither_before_nor_after_another_claims(write, database):
    cell_id = one_cell(database)
    first = take(database, cell_id, owner="first")
    _expire(database, first)

    with pytest.raises(ClaimLost), database.write() as session:
        write(session, first)
    second = take(database, cell_id, owner="second", now=LATER)
    with pytest.raises(ClaimLost), database.write() as session:
        write(session, first)

    _write(database, claims.advance_step, second, step=2)
    row = cell_row(database, cell_id)
    assert (row.owner, row.committed_step, second.fence > first.fence) == ("second", 2, True)


def test_three_lost_workers_fail_a_cell(database):
    cell_id = one_cell(database)

    states = [_expire(database, take(database, cell_id, now=LATER)) for _ in range(3)]

    assert states[-1] is CellState.FAILED


def test_a_cancelled_running_cell_accepts_no_values_but_its_end(database):
    experiment_id, cell_ids = add_experiment(database)
    claim = take(database, cell_ids[0])
    _write(database, cells.cancel, experiment_id, now=NOW)

    with pytest.raises(ClaimLost), database.write() as session:
        claims.advance_step(session, claim, step=1)
    assert _write(database, claims.beat, claim, now=NOW) is DesiredState.CANCELLED
    _write(database, claims.finish, claim, CellState.CANCELLED, now=NOW)

    assert cell_row(database, cell_ids[0]).state == "cancelled"


def test_cancelling_ends_queued_cells_at_once_and_leaves_ended_ones(database):
    experiment_id, cell_ids = add_experiment(database)
    done = take(database, cell_ids[0])
    _write(database, claims.finish, done, CellState.COMPLETED, now=NOW)
    take(database, cell_ids[1])

    _write(database, cells.cancel, experiment_id, now=NOW)

    rows = [cell_row(database, cell_id) for cell_id in cell_ids]
    assert [row.state for row in rows] == ["completed", "running", "cancelled", "cancelled"]
    assert [row.desired_state for row in rows] == ["run", "cancelled", "cancelled", "cancelled"]
    assert _claim(database, cell_ids[2]) is None


def test_a_cancelled_cell_that_fails_or_is_lost_ends_cancelled(database):
    cell_id = one_cell(database)
    claim = _claim(database, cell_id)
    change_cell(database, cell_id, desired_state=DesiredState.CANCELLED, failures=2)

    state = _expire(database, claim)

    assert state is CellState.CANCELLED


def test_a_claim_names_its_fence():
    cell_id = uuid4()

    assert Claim(cell_id, 1) != Claim(cell_id, 2)
