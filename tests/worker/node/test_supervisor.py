from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from muscope.backend.db import claims
from muscope.backend.domain.lifecycle import CellState, FailureClass
from muscope.backend.errors import from_stored
from muscope.worker.messages import Event, Reply, Request
from muscope.worker.node import fitness
from muscope.worker.node.supervisor import Ending
from tests.backend.db.stores import NOW, change_cell
from tests.worker.node.scripted import SETTINGS, OutageAfterClaim, Stage


@pytest.fixture
def stage(database):
    return Stage(database)


def test_a_cell_is_claimed_asked_for_and_seen_through(stage):
    ending = stage.play(
        Reply(event=Event.READY),
        stage.window(3),
        stage.window(12),
        stage.finish,
        stage.reply(Event.COMPLETED),
    )

    assert ending is Ending.COMPLETED
    assert stage.child.asked == [Request(cell_id=stage.cell_id, fence=1)]
    assert (stage.row.state, stage.child.num_kills) == ("completed", 0)
    assert [notice.cell_id for notice in stage.notices.published] == [stage.cell_id] * 2


@pytest.mark.parametrize("state", ["running", "completed", "failed", "cancelled"])
def test_a_late_or_duplicate_message_does_nothing(state, stage):
    change_cell(stage.database, stage.cell_id, state=state, fence=4)

    assert stage.play() is Ending.NOT_CLAIMED
    assert (stage.child.asked, stage.notices.published) == ([], [])
    assert (stage.row.state, stage.row.fence) == (state, 4)


def test_a_message_for_a_deleted_cell_does_nothing(stage):
    stage.cell_id = UUID(int=9)

    assert stage.play() is Ending.NOT_CLAIMED


def test_a_failure_of_the_code_queues_the_cell_again_with_class_and_detail(stage):
    failed = stage.reply(Event.FAILED, failure=FailureClass.CODE, detail="ValueError: x")

    ending = stage.play(failed)

    row = stage.row
    assert ending is Ending.FAILED
    assert (row.state, row.error_class, row.error_detail, row.failures) == (
        "queued",
        "code",
        "ValueError: x",
        1,
    )
    assert row.not_before == NOW + timedelta(seconds=0.2 + SETTINGS.retry_delay_seconds)
    assert stage.child.num_kills == 1


def test_a_worker_without_room_puts_cells_off_and_fails_none(stage):
    for _ in range(5):
        change_cell(stage.database, stage.cell_id, not_before=None)
        stage.play(stage.reply(Event.FAILED, failure=FailureClass.DISK, detail="no space"))

    row = stage.row
    assert (row.state, row.error_class, row.failures) == ("queued", "disk", 0)
    assert row.not_before == NOW + timedelta(seconds=stage.clock.now + 30)


def test_three_failures_fail_the_cell(stage):
    for _ in range(3):
        change_cell(stage.database, stage.cell_id, not_before=None)
        stage.play(stage.reply(Event.FAILED, failure=FailureClass.CODE, detail="why"))

    assert stage.row.state == "failed"


def test_a_child_that_was_killed_is_classified_and_replaced(stage):
    ending = stage.play(stage.window(3), stage.die)

    row = stage.row
    assert (ending, row.state, row.error_class) == (Ending.FAILED, "queued", "oom")
    assert row.error_detail == "killed by SIGKILL: out of memory"
    assert stage.child.num_kills == 1


def test_a_child_without_progress_has_stalled(stage):
    ending = stage.play(stage.window(3))

    assert (ending, stage.row.state, stage.row.error_class) == (Ending.FAILED, "queued", "stalled")
    assert stage.child.num_kills == 1
    assert 300 < stage.clock.now < 302
    assert stage.row.heartbeat_count == pytest.approx(300 / 5, abs=4)


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_is_set_while_a_cell_trains_changes_nothing(stage, hours):
    silence = [None] * 40  # 8 s, in which beats are due before and after

    def set_clock():
        stage.clock_set_by = timedelta(hours=hours)

    def finish():
        now = NOW + timedelta(seconds=stage.clock.now) + stage.clock_set_by
        stage.write(claims.finish, stage.claim, CellState.COMPLETED, now=now)

    ending = stage.play(
        stage.window(3), *silence, set_clock, *silence, stage.window(12), finish, stage.reply(Event.COMPLETED)
    )

    assert (ending, stage.row.state, stage.row.failures) == (Ending.COMPLETED, "completed", 0)
    assert stage.row.heartbeat_count >= 2
    assert 0 <= stage.row.spent_seconds < 20


def test_an_own_model_that_hangs_fails_its_cell_once_and_says_at_which_size(stage):
    stage.bring_own_model()

    ending = stage.play()

    row = stage.row
    error = from_stored(row.error_detail)
    assert (ending, row.state, row.error_class, row.failures) == (Ending.FAILED, "failed", "model", 1)
    assert error is not None
    assert (error.code, error.params["width"], error.params["seconds"]) == (
        "brought.cell_hangs",
        row.width,
        300,
    )
    assert (stage.child.own_code, stage.child.num_kills) == (stage.VERSION, 1)


def test_a_killed_process_of_an_own_model_gets_another_attempt(stage):
    stage.bring_own_model()

    stage.play(stage.window(3), stage.die)

    assert (stage.row.state, stage.row.error_class) == ("queued", "oom")


def test_a_file_is_not_to_blame_for_a_process_that_ends_before_it_is_ready(stage):
    stage.bring_own_model()

    def end_at_start():
        stage.child._is_ready, stage.child.exits_with = False, 1
        stage.child.died = (FailureClass.CRASH, "ended with exit code 1")

    stage.play(end_at_start)

    assert (stage.row.state, stage.row.error_class) == ("queued", "crash")


def test_a_fresh_process_on_an_unfit_device_gives_the_cell_back_without_a_failure(stage, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(fitness, "declare_unfit", told.append)
    stage.bring_own_model()

    ending = stage.play(Reply(event=Event.UNFIT, detail="train_loss 2 != 1"))

    assert (ending, stage.row.state, stage.row.failures) == (Ending.RELEASED, "queued", 0)
    assert told == ["train_loss 2 != 1"]
    assert stage.child.num_kills == 1


def test_a_cell_that_is_predicted_to_be_slow_has_longer_patience(stage):
    change_cell(stage.database, stage.cell_id, predicted_seconds=800.0)

    stage.play()

    assert 800 < stage.clock.now < 802


def test_windows_show_progress_however_long_a_cell_takes(stage):
    silence = [None] * 1000
    script = [reply for step in range(4) for reply in (*silence, stage.window(step))]

    ending = stage.play(*script, stage.finish, stage.reply(Event.COMPLETED))

    assert (ending, stage.clock.now > 800) == (Ending.COMPLETED, True)


@pytest.mark.parametrize("is_silent", [True, False])
def test_the_heart_beats_every_five_seconds_in_silence_and_in_talk(is_silent, stage):
    script = [None if is_silent else stage.window(0)] * 255

    stage.play(*script, stage.finish, stage.reply(Event.COMPLETED))

    assert stage.row.heartbeat_count == 10


def test_a_cancelled_cell_is_ended_when_the_child_may_not_write(stage):
    ending = stage.play(stage.cancel, stage.reply(Event.LOST))

    assert (ending, stage.row.state, stage.row.failures) == (Ending.CANCELLED, "cancelled", 0)
    assert stage.child.num_kills == 0


def test_a_cancelled_cell_whose_child_says_nothing_is_killed_after_the_grace(stage):
    ending = stage.play(stage.cancel)

    assert (ending, stage.row.state) == (Ending.CANCELLED, "cancelled")
    assert stage.child.num_kills == 1
    assert 15 < stage.clock.now < 16


def test_a_claim_that_another_fence_took_over_is_let_go_at_the_next_beat(stage):
    ending = stage.play(stage.take_over)

    assert (ending, stage.child.num_kills) == (Ending.LOST, 1)
    assert (stage.row.state, stage.row.owner, stage.row.heartbeat_count) == ("running", "other", 0)
    assert 5 <= stage.clock.now < 5.5


def test_a_claim_the_child_lost_first_is_let_go_at_once(stage):
    ending = stage.play(stage.take_over, stage.reply(Event.LOST))

    assert (ending, stage.row.owner) == (Ending.LOST, "other")


def test_a_cell_whose_stored_steps_are_gone_is_given_back_without_a_failure(stage):
    ending = stage.play(stage.window(3), stage.reply(Event.LOST))

    assert (ending, stage.row.state, stage.row.failures) == (Ending.RELEASED, "queued", 0)
    assert stage.row.fence == 2


@pytest.mark.parametrize("why", ["failed", "died"])
def test_a_failure_after_the_claim_was_lost_counts_for_nobody(why, stage):
    last = stage.reply(Event.FAILED, detail="late") if why == "failed" else stage.die

    ending = stage.play(stage.take_over, last)

    assert (ending, stage.row.failures, stage.row.owner) == (Ending.LOST, 0, "other")


def test_draining_gives_the_cell_back_without_a_failure(stage):
    change_cell(stage.database, stage.cell_id, failures=2)

    ending = stage.play(stage.window(3), stage.stop)

    row = stage.row
    assert (ending, row.state, row.failures, row.error_class) == (Ending.RELEASED, "queued", 2, None)
    assert (row.not_before, stage.child.num_kills) == (None, 1)


def test_draining_does_not_wait_for_a_child_that_is_never_silent(stage):
    stage.stop()

    ending = stage.play(*[stage.window(step) for step in range(100)])

    assert (ending, stage.clock.now) == (Ending.RELEASED, pytest.approx(0.2))


def test_draining_after_the_claim_was_lost_changes_nothing(stage):
    def lose_and_stop():
        stage.take_over()
        stage.stop()

    assert stage.play(lose_and_stop) is Ending.LOST
    assert stage.row.owner == "other"


@pytest.mark.parametrize("seconds_per_try", [0.0, 4.9])
def test_without_a_database_it_gives_up_before_its_lease_ends(seconds_per_try, stage):
    away = OutageAfterClaim(stage.database, stage.clock, seconds=seconds_per_try)

    ending = stage.play(database=away)

    assert (ending, stage.child.num_kills, stage.row.state) == (Ending.LOST, 1, "running")
    latest = SETTINGS.heartbeat_give_up_seconds + SETTINGS.heartbeat_seconds
    assert 20 < stage.clock.now < latest < SETTINGS.lease_seconds
    assert away.num_tries >= 3


def test_a_short_outage_is_survived(stage):
    away = OutageAfterClaim(stage.database, stage.clock)

    def come_back():
        away.is_back = True

    ending = stage.play(
        *[None] * 60, come_back, *[None] * 30, stage.finish, stage.reply(Event.COMPLETED), database=away
    )

    assert (ending, stage.row.heartbeat_count) == (Ending.COMPLETED, 1)


def test_replies_about_another_cell_are_not_ours(stage):
    other = Reply(event=Event.COMPLETED, cell_id=UUID(int=4))

    ending = stage.play(other, stage.finish, stage.reply(Event.COMPLETED))

    assert (ending, stage.row.state) == (Ending.COMPLETED, "completed")
