"""What an experiment among others waits for, and when it starts and ends."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from uuid import UUID

import pytest

from muscope.backend.db.experiments import OpenExperiment
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, PrincipalRow
from muscope.backend.domain.cost.time_left import Course, LaterWork, expected_spans
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.plans.draft import ExperimentRequest
from muscope.backend.services.time_left import queue
from muscope.backend.services.time_left.queue import KEPT_SECONDS, PARTS_A_SLOT, num_parts, summed_course
from muscope.backend.services.time_left.queued_plan import preview_experiment
from muscope.backend.services.time_left.remaining import remaining_of
from tests.backend.db.stores import NOW, add_dataset, add_experiment, add_worker, change_cell, take
from tests.backend.domain.specs import spec

CELL_SECONDS = 100.0


@pytest.fixture(autouse=True)
def worker(database):
    add_worker(database)


def _add(database, name, *, told_at, owner_id=LOCAL_OWNER):
    """Store an experiment with two open cells that workers were told of at `told_at`; return both."""
    experiment_id, cell_ids = add_experiment(database, spec(seeds=(len(name),)))
    with database.write() as session:
        row = session.get_one(ExperimentRow, experiment_id)
        row.name, row.owner_id, row.created_at = name, owner_id, told_at
    left, done = cell_ids[:2], cell_ids[2:]
    for cell_id in left:
        change_cell(database, cell_id, predicted_seconds=CELL_SECONDS, dispatched_at=told_at)
    for cell_id in done:
        change_cell(database, cell_id, state="completed", committed_step=12, predicted_seconds=0.0)
    return experiment_id, left


def _progress(context, experiment_id):
    progress = get_experiment(context, LOCAL_OWNER, experiment_id).progress
    assert progress is not None
    return progress


def _two(database):
    first, (running, _) = _add(database, "first", told_at=NOW - timedelta(seconds=9))
    take(database, running)
    second, _ = _add(database, "second", told_at=NOW)
    return first, second


def test_an_experiment_alone_waits_for_nobody(context, database):
    only, _ = _add(database, "only", told_at=NOW)

    assert _progress(context, only).queue is None


def test_an_experiment_behind_another_knows_its_place_and_when_it_starts(context, database):
    _, second = _two(database)

    progress = _progress(context, second)

    assert (progress.queue.position, progress.queue.num_others, progress.queue.num_running) == (2, 1, 1)
    assert progress.queue.running == ("first",)
    starts_in = progress.queue.expected_start - NOW
    assert starts_in.total_seconds() == pytest.approx(2 * CELL_SECONDS, rel=1e-4)  # those told of before
    assert progress.eta_seconds == pytest.approx(4 * CELL_SECONDS, rel=1e-4)


def test_the_one_that_trains_shares_the_machine_and_waits_for_nothing(context, database):
    first, _ = _two(database)

    progress = _progress(context, first)

    assert (progress.queue.position, progress.queue.expected_start) == (1, None)
    assert (progress.queue.num_others, progress.queue.num_running) == (1, 0)
    assert progress.eta_seconds == pytest.approx(2 * CELL_SECONDS, rel=1e-4)


def test_among_many_the_work_of_those_far_behind_is_taken_from_sums(context, database, monkeypatch):
    _, second = _two(database)
    monkeypatch.setattr(queue, "MOST_FORESEEN", 0)

    progress = _progress(context, second)

    assert (progress.queue.position, progress.queue.num_running) == (2, 1)
    starts_in = progress.queue.expected_start - NOW
    assert starts_in.total_seconds() == pytest.approx(2 * CELL_SECONDS, rel=1e-4)


@pytest.mark.parametrize(
    ("slots", "num_summed", "parts"),
    [(2, 0, 2), (2, 1, 2), (16, 4, 16), (16, 8, 8), (16, 64, 1), (2, 1000, 1)],
)
def test_the_parts_of_all_are_bounded_by_the_slots_or_their_number(slots, num_summed, parts):
    assert num_parts(slots, num_summed) == parts
    assert parts * num_summed <= max(PARTS_A_SLOT * slots, num_summed)


def test_many_experiments_in_one_part_each_end_as_they_would_on_all_slots():
    generator, slots = random.Random(3), 8
    waiting = [
        OpenExperiment(UUID(int=number), "", "", 0, NOW, 0.0, 0, 0, seconds, seconds, NOW)
        for number, seconds in enumerate(generator.uniform(50, 500) for _ in range(200))
    ]
    own = Course((), [LaterWork("", 60.0, "", 0, math.inf)])

    begins = {}
    for parts in (num_parts(slots, len(waiting)), slots):
        others = [summed_course(each, Capacity(slots), parts) for each in waiting]
        begins[parts] = expected_spans([own, *others], slots=slots)[0].begins

    assert begins[1] == pytest.approx(begins[slots], rel=0.05)
    assert begins[slots] == pytest.approx(sum(each.open_seconds for each in waiting) / slots, rel=0.05)


def test_names_of_other_owners_are_counted_and_not_told(context, database):
    with database.write() as session:
        session.add(PrincipalRow(id="guest", name="Guest"))
    _, (running, _) = _add(database, "secret", told_at=NOW - timedelta(seconds=9), owner_id="guest")
    take(database, running)
    mine, _ = _add(database, "mine", told_at=NOW)

    queue = _progress(context, mine).queue

    assert (queue.num_running, queue.running) == (1, ())


def test_an_experiment_that_has_ended_is_not_in_the_queue(context, database):
    first, second = _two(database)
    with database.write() as session:
        session.get_one(ExperimentRow, first).state = ExperimentState.COMPLETED

    assert _progress(context, second).queue is None
    assert _progress(context, first).queue is None


def test_a_plan_tells_what_it_would_wait_for_before_it_is_started(context, database):
    request = ExperimentRequest(dataset_id=add_dataset(database))
    alone = preview_experiment(context, LOCAL_OWNER, request)
    _two(database)

    behind = preview_experiment(context, LOCAL_OWNER, request)

    assert alone.queue is None
    assert behind.queue is not None
    assert behind.queue.num_others == 2
    assert behind.queue.start_seconds == pytest.approx(4 * CELL_SECONDS, rel=1e-3)
    assert behind.queue.wall_seconds == pytest.approx(4 * CELL_SECONDS + alone.predicted_seconds, rel=1e-3)
    assert behind.predicted_seconds == alone.predicted_seconds


def test_the_work_of_one_that_has_not_begun_is_computed_once_a_minute_not_at_every_look(
    context, database, clock, monkeypatch
):
    first, _ = _add(database, "first", told_at=NOW - timedelta(seconds=9))
    second, _ = _add(database, "second", told_at=NOW)
    built = []

    def count(context, evidence, capacity):
        built.append(evidence.experiment.id)
        return remaining_of(context, evidence, capacity)

    monkeypatch.setattr(queue, "remaining_of", count)
    for _ in range(60 // KEPT_SECONDS):
        _progress(context, second)
        clock.now += timedelta(seconds=KEPT_SECONDS)

    assert 1 <= built.count(first) <= 2


def test_another_owner_is_not_behind_the_whole_queue_of_one_who_has_had_more(context, database):
    with database.write() as session:
        session.add(PrincipalRow(id="other", name="other"))
    long_ago = NOW - timedelta(seconds=50)
    _, (running, _) = _add(database, "first", told_at=long_ago, owner_id="other")
    _add(database, "second", told_at=long_ago + timedelta(seconds=1), owner_id="other")
    take(database, running)
    own, _ = _add(database, "own", told_at=NOW)

    progress = _progress(context, own)

    # Three cells of the other were told of before; only the one that trains comes first.
    assert progress.queue.position == 2
    starts_in = progress.queue.expected_start - NOW
    assert starts_in.total_seconds() == pytest.approx(CELL_SECONDS, rel=1e-4)
