"""What an experiment has taken, what is left, and what it saved."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db.machines import workers
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.cost.calibration import kind_of
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.time_left.remaining import remaining_of
from muscope.backend.services.verdicts.savings import SavingsRequest, get_savings
from muscope.backend.services.workers import capacity_of, fresh_workers
from tests.backend.db.stores import NOW, add_experiment, add_worker, change_cell, take
from tests.backend.domain.specs import spec
from tests.backend.services.judged import WIDE, evidence_of, finish
from tests.backend.services.listed import listed


@pytest.fixture
def worker(database):
    add_worker(database)


def _progress(context, experiment_id):
    progress = get_experiment(context, LOCAL_OWNER, experiment_id).progress
    assert progress is not None
    return progress


@pytest.mark.usefixtures("worker")
def test_before_anything_ran_all_that_was_predicted_is_left(context, database):
    experiment_id, cell_ids = add_experiment(database)

    progress = _progress(context, experiment_id)

    assert (progress.spent_seconds, progress.share_done) == (0, 0)
    assert progress.eta_seconds == pytest.approx(len(cell_ids), rel=1e-4)  # a second was predicted of each
    assert progress.predicted_total_seconds == pytest.approx(len(cell_ids), rel=1e-4)


def test_without_a_worker_nobody_can_tell_when_it_ends(context, database):
    experiment_id, _ = add_experiment(database)

    assert _progress(context, experiment_id).eta_seconds is None


def test_a_worker_that_trains_is_there_before_it_is_listed(context, database):
    experiment_id, cell_ids = add_experiment(database)
    take(database, cell_ids[0])

    rounds = math.ceil(len(cell_ids) / context.settings.worker_slots)  # of one predicted second each
    assert _progress(context, experiment_id).eta_seconds == pytest.approx(rounds, rel=1e-4)


@pytest.mark.usefixtures("worker")
def test_cells_that_take_three_times_as_long_make_the_rest_last_as_long(context, database):
    experiment_id, cell_ids = add_experiment(database)
    for cell_id in cell_ids[:2]:
        change_cell(database, cell_id, state="completed", committed_step=12, spent_seconds=3.0)

    progress = _progress(context, experiment_id)

    assert progress.spent_seconds == 6
    assert progress.eta_seconds == pytest.approx(6, rel=0.05)
    assert progress.share_done == pytest.approx(0.5, rel=1e-4)


@pytest.mark.usefixtures("worker")
def test_a_running_cell_counts_its_committed_steps_and_its_time(context, database, clock):
    experiment_id, cell_ids = add_experiment(database)
    take(database, cell_ids[0])
    change_cell(database, cell_ids[0], committed_step=12)
    clock.now = NOW + timedelta(seconds=2)

    progress = _progress(context, experiment_id)

    assert progress.spent_seconds == 2
    assert progress.share_done == pytest.approx(1 / len(cell_ids), rel=1e-4)


@pytest.mark.usefixtures("worker")
def test_a_night_asleep_is_neither_spent_nor_makes_the_rest_longer(context, database, clock):
    experiment_id, cell_ids = add_experiment(database)
    take(database, cell_ids[0])
    awake, night = timedelta(seconds=1), timedelta(hours=8)
    change_cell(database, cell_ids[0], committed_step=12, heartbeat_at=NOW + awake)
    clock.now = NOW + awake
    before = _progress(context, experiment_id)

    clock.now = NOW + awake + night
    change_cell(database, cell_ids[0], heartbeat_at=clock.now, asleep_seconds=night.total_seconds())
    with database.write() as session:
        workers.touch(session, "node", now=clock.now)

    after = _progress(context, experiment_id)
    assert (after.spent_seconds, after.eta_seconds) == (before.spent_seconds, before.eta_seconds)


def test_a_list_says_as_its_page_does_how_far_an_experiment_is_that_trains(context, database):
    experiment_id, cell_ids = add_experiment(database)
    assert [item.share_done for item in listed(context)] == [None]

    take(database, cell_ids[0])
    change_cell(database, cell_ids[0], committed_step=6)

    assert [item.share_done for item in listed(context)] == [_progress(context, experiment_id).share_done]


def _staged(context, database, **more):
    experiment_id, _ = add_experiment(
        database, spec(**WIDE.model_dump() | {"protocol": Protocol.STAGED} | more)
    )
    with database.write() as session:
        for row in cell_rows.of_experiment(session, experiment_id):
            session.delete(row)
    advance_experiments(context)
    return experiment_id


@pytest.mark.usefixtures("worker")
def test_a_staged_experiment_counts_the_sizes_it_has_not_planned_yet(context, database):
    experiment_id = _staged(context, database)
    with database.read() as session:
        planned = sum(row.predicted_seconds for row in cell_rows.of_experiment(session, experiment_id))

    progress = _progress(context, experiment_id)

    assert progress.predicted_total_seconds > planned
    assert progress.eta_most_seconds >= progress.eta_seconds > planned
    assert (progress.stage, progress.num_stages) == (0, 4)


@pytest.mark.usefixtures("worker")
def test_only_runs_without_curvature_are_expected_beyond_what_is_foreseen(context, database):
    experiment_id = _staged(context, database)
    with database.read() as session:
        capacity = capacity_of(context, session, fresh_workers(context, session))
        found = remaining_of(context, evidence_of(session, experiment_id), capacity)
    foreseen = sum(
        work.batch % 2 for work in found.course.later
    )  # of odd batches; each is followed by widening
    more = [work for work in found.course.later if work.batch > 0 and work.batch % 2 == 0]

    assert foreseen == len(found.later_cells)
    assert {work.kind for work in more} == {
        kind_of("residual_mlp", cell.width, has_curvature=False)
        for cell, _ in found.later_cells
        if cell.width > min(WIDE.widths)
    }


@pytest.mark.usefixtures("worker")
def test_when_a_budget_ends_what_is_left_out_is_priced(context, database):
    budget = {"money": 1.0, "rate_per_hour": 3600.0}
    experiment_id = _staged(context, database, budget=budget)
    for _ in range(4):
        with database.read() as session:
            rows = cell_rows.of_experiment(session, experiment_id)
        for row in rows:
            if row.state == "queued":
                finish(database, row.id)
                change_cell(database, row.id, spent_seconds=0.6)
        advance_experiments(context)

    progress = _progress(context, experiment_id)

    assert get_experiment(context, LOCAL_OWNER, experiment_id).stop_reason == "budget"
    assert progress.budget.limit_seconds == 1.0
    assert progress.budget.left_seconds == 0.0
    assert progress.budget.money_spent == pytest.approx(progress.spent_seconds)
    assert progress.left_out.num_runs > 0
    assert progress.left_out.money == pytest.approx(progress.left_out.slot_seconds)
    assert progress.eta_seconds is None


@pytest.fixture
def finished(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
        change_cell(database, cell_id, spent_seconds=2.0, predicted_seconds=2.0, correction=2.0)
    advance_experiments(context)
    return experiment_id


def _savings(context, experiment_id, **assumed):
    return get_savings(context, LOCAL_OWNER, experiment_id, SavingsRequest.model_validate(assumed))


def test_savings_rest_on_the_plan_and_on_what_its_cells_took(context, finished):
    found = _savings(context, finished)

    assert found.spent.device_hours == pytest.approx(8 * 2.0 / 3600)
    # Twice what the model says: the correction that planning used must not hide it.
    assert found.slowness == pytest.approx(2.0)
    assumed = found.assumptions
    assert (assumed.target_width, assumed.num_lrs, assumed.num_seeds) == (64, 7, 3)
    assert found.is_final


def test_savings_grow_with_the_target_and_with_what_would_be_tried_there(context, finished):
    usual = _savings(context, finished).direct
    wider = _savings(context, finished, target_width=4096).direct
    more = _savings(context, finished, num_seeds=6).direct

    assert wider.device_hours > 50 * usual.device_hours
    assert more.device_hours == pytest.approx(2 * usual.device_hours)
    assert more.staff_hours == pytest.approx(2 * usual.staff_hours)


def test_the_gain_of_the_largest_size_is_read_at_the_reused_lr(context, finished):
    (loss,) = _savings(context, finished).gains

    assert (loss.metric, loss.base_width, loss.width) == ("val_loss", 8, 64)
    assert loss.gain == pytest.approx(loss.base_value - loss.value)
    assert loss.gain > 0
    assert loss.gain_per_device_hour > 0


def test_savings_of_nothing_or_of_an_impossible_target_are_refused(context, finished, database):
    with pytest.raises(NotFound):
        get_savings(context, "somebody else", finished, SavingsRequest())
    with database.write() as session:
        row = session.get_one(ExperimentRow, finished)
        row.spec = row.spec.model_copy(update={"model": GPT(num_heads=4)})
    with pytest.raises(InvalidInput):
        _savings(context, finished, target_width=63)
