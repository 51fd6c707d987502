"""Judged tasks in a file: what another machine goes on with, and what it trains first."""

import json

import pytest

from muscope.backend.domain.verdict.outlook import HeldAtDistance, Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.real.judged import JudgedTask
from studies.calibration.real.measured_truth import Held
from studies.calibration.real.report import report
from studies.calibration.real.task_file import TASKS, in_order_of_need, read_tasks, write_tasks
from studies.calibration.real.tasks import tasks
from studies.calibration.record import track_record
from studies.calibration.sections import PAGE
from studies.calibration.truth import Truth

FIRST, SECOND, THIRD = tasks()[:3]
HOLDS = Truth(0.001, 0.5, None, benefit=0.1)
FAILS = Truth(1.0, -2.0, None, divergence=1.0)


def judged(task, truth, *, outcome=Outcome.FINE_TUNE, is_taken_over=False):
    """Return a task with a made-up answer and one truth everywhere, in part where a page is taken over."""
    lost, advised = (None, ()) if is_taken_over else (0.0, (truth,))
    held = tuple(Held(doublings, truth, 0.0, lost, False, advised=advised) for doublings in (0.0, 1.0))
    seconds, share = (None, None) if is_taken_over else (60.0, 0.3)
    return JudgedTask(task, outcome, "fine_tune", None, False, held, seconds, share, {})


def test_judged_tasks_are_the_same_after_they_were_written(tmp_path):
    written = [judged(FIRST, HOLDS), judged(SECOND, FAILS, is_taken_over=True)]

    write_tasks(tmp_path / TASKS, written)

    assert read_tasks(tmp_path / TASKS, tasks()) == {one.task.name: one for one in written}


def test_a_file_of_other_rules_and_a_task_that_is_not_listed_are_not_taken_over(tmp_path):
    path = tmp_path / TASKS
    write_tasks(path, [judged(FIRST, HOLDS)])

    assert read_tasks(path, [SECOND]) == {}
    path.write_text(path.read_text("utf-8").replace(f'"{RULE_VERSION}"', '"0"', 1), "utf-8")
    assert read_tasks(path, tasks()) == {}


def test_tasks_never_judged_are_trained_first_and_those_known_in_full_are_not():
    found = [judged(FIRST, HOLDS, is_taken_over=True), judged(SECOND, HOLDS)]

    assert in_order_of_need([FIRST, SECOND, THIRD], {one.task.name: one for one in found}) == [THIRD, FIRST]


def test_a_task_taken_over_counts_as_an_answer_and_not_where_nothing_is_known_of_it():
    found = [judged(FIRST, FAILS), judged(SECOND, HOLDS, is_taken_over=True)]

    part, _ = report(found, 2, "now")
    checks = {goal.name: goal.check.measured for goal in part.goals}

    assert (checks["real_not"], checks["real_fine_tune_needed"]) == (1.0, 50.0)
    assert checks["real_share"] == pytest.approx(30.0)
    assert track_record(found, "2026-11-29").held[Outcome.FINE_TUNE].of == 1


def test_what_a_page_does_not_tell_of_each_task_comes_from_its_record_until_one_is_trained_again():
    found = [judged(FIRST, FAILS), judged(SECOND, HOLDS, is_taken_over=True)]
    earlier = TrackRecord(
        rule_version="5",
        date="2026-11-28",
        max_doublings=1.0,
        held={Outcome.FINE_TUNE: Tally(count=1, of=1)},
        false_transfers=Tally(count=0, of=0),
        reach=(HeldAtDistance(doublings=3.0, held=Tally(count=1, of=1)),),
    )

    together = track_record(found, "2026-11-29", earlier)
    again = track_record([judged(FIRST, FAILS), judged(SECOND, HOLDS)], "2026-11-29", earlier)

    assert together.held[Outcome.FINE_TUNE].of == 2
    assert 3.0 in {each.doublings for each in together.reach}
    assert 3.0 not in {each.doublings for each in again.reach}


def test_the_page_counts_the_tasks_of_its_file():
    kept = read_tasks(PAGE / TASKS, tasks())
    sections = json.loads((PAGE / "parts.json").read_text("utf-8"))
    [of_page] = [section for section in sections if section["name"] == "real"]

    assert [row[0] for row in of_page["tables"][-1]["rows"]] == list(kept)
