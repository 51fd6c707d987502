"""A cancelled experiment goes on: its results are those of one that was never cancelled."""

from uuid import uuid4

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.errors import Conflict, NotFound, StorageFull
from muscope.backend.events import ProgressNotice
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.services.experiments.resuming import resume_experiment
from muscope.backend.services.experiments.store import cancel_experiment, get_experiment
from muscope.backend.services.verdicts.judging import get_verdict
from muscope.backend.services.verdicts.rejudging import JudgementRequest, judge_again
from muscope.backend.storage import disk
from tests.backend.db.stores import NOW, add_experiment, cell_row, take
from tests.backend.domain.specs import SPEC
from tests.backend.services.recorded import record
from tests.backend.services.still_open import finish_open, loss_of, open_spec, runs_of

STAGED = open_spec(protocol=Protocol.STAGED)


def resume(context, experiment_id):
    return resume_experiment(context, LOCAL_OWNER, experiment_id)


@pytest.fixture
def stored(context, database):
    """Store an experiment with its data; return its id and its cells'."""

    def store(plan=SPEC):
        path = context.blobs.path(plan.dataset_sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"arrays")
        return add_experiment(database, plan)

    return store


@pytest.fixture
def cancelled(context, database, stored):
    """Return an experiment that was cancelled with one cell ended, one begun, and the rest in the queue."""

    def cancel(plan=SPEC):
        experiment_id, (done, begun, *_) = stored(plan)
        record(database, done, value=loss_of)
        with database.write() as session:
            claims.finish(session, take_in(session, done), CellState.COMPLETED, now=NOW)
        claim = take(database, begun)
        record(database, begun, until=4, value=loss_of)
        cancel_experiment(context, LOCAL_OWNER, experiment_id)
        with pytest.raises(Conflict, match=r"experiment\.still_stopping"):
            resume(context, experiment_id)
        with database.write() as session:
            claims.finish(session, claim, CellState.CANCELLED, now=NOW)
        advance_experiments(context)
        assert row_of(database, experiment_id).state == "cancelled"
        return experiment_id

    return cancel


def take_in(session, cell_id):
    claim = claims.claim(session, cell_id, owner="tester", now=NOW)
    assert claim is not None
    return claim


def row_of(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id)


def states_of(database, experiment_id):
    with database.read() as session:
        return sorted(cell_rows.states_of(session, experiment_id).values())


def run_to_its_end(context, database, experiment_id):
    for _ in range(9):
        advance_experiments(context)
        if not finish_open(database, experiment_id):
            break
    advance_experiments(context)
    assert row_of(database, experiment_id).state == "completed"


@pytest.mark.parametrize("plan", [open_spec(), STAGED], ids=["grid", "staged"])
def test_a_continued_experiment_ends_as_one_that_was_never_cancelled(
    plan, context, database, stored, cancelled
):
    whole, _ = stored(plan)
    run_to_its_end(context, database, whole)
    broken = cancelled(plan)

    resume(context, broken)
    run_to_its_end(context, database, broken)

    assert export_sha256(context, LOCAL_OWNER, broken) == export_sha256(context, LOCAL_OWNER, whole)
    assert runs_of(database, broken) == runs_of(database, whole)
    assert get_verdict(context, LOCAL_OWNER, broken) == get_verdict(context, LOCAL_OWNER, whole)


def test_what_was_computed_stays_and_only_the_rest_is_rung_for(context, database, bell, notices, cancelled):
    experiment_id = cancelled()
    before = states_of(database, experiment_id)

    assert resume(context, experiment_id) is True

    num_left = before.count(CellState.CANCELLED)
    assert before == sorted([CellState.COMPLETED] + [CellState.CANCELLED] * num_left)
    assert states_of(database, experiment_id) == sorted([CellState.COMPLETED] + [CellState.QUEUED] * num_left)
    (rung,) = bell.rung
    assert len(rung) == num_left
    assert all(cell_row(database, cell_id).desired_state == "run" for cell_id in rung)
    assert max(cell_row(database, cell_id).committed_step for cell_id in rung) > -1
    assert notices.published[-1] == ProgressNotice(experiment_id)
    view = get_experiment(context, LOCAL_OWNER, experiment_id)
    assert (view.state, view.is_cancelling, view.finished_at) == ("running", False, None)


def test_a_request_repeated_while_it_goes_on_changes_nothing(context, database, bell, cancelled):
    experiment_id = cancelled()
    resume(context, experiment_id)
    version = row_of(database, experiment_id).version

    assert resume(context, experiment_id) is False

    assert (row_of(database, experiment_id).version, len(bell.rung)) == (version, 1)


def test_one_that_had_not_begun_waits_for_its_first_cell_again(context, database, stored):
    experiment_id, (first, *_) = stored()
    cancel_experiment(context, LOCAL_OWNER, experiment_id)

    resume(context, experiment_id)

    assert row_of(database, experiment_id).state == "queued"
    take(database, first)
    assert (row_of(database, experiment_id).state, row_of(database, experiment_id).started_at) == (
        "running",
        NOW,
    )


def test_an_answer_on_the_broken_evidence_is_not_the_answer_while_it_goes_on(context, cancelled):
    experiment_id = cancelled(open_spec())
    judge_again(context, LOCAL_OWNER, experiment_id, JudgementRequest())

    resume(context, experiment_id)

    assert get_experiment(context, LOCAL_OWNER, experiment_id).outcome is None
    assert get_verdict(context, LOCAL_OWNER, experiment_id).is_interim


def _is_refused(context, database, experiment_id, code, kind=Conflict):
    before = states_of(database, experiment_id), row_of(database, experiment_id).version
    with pytest.raises(kind, match=code.replace(".", r"\.")):
        resume(context, experiment_id)
    assert (states_of(database, experiment_id), row_of(database, experiment_id).version) == before


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_what_has_ended_by_itself_is_not_continued(state, context, database, cancelled):
    experiment_id = cancelled()
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).state = state

    _is_refused(context, database, experiment_id, "experiment.not_cancelled")


def test_without_its_data_nothing_can_be_trained(context, database, cancelled):
    experiment_id = cancelled()
    context.blobs.delete(SPEC.dataset_sha256)

    _is_refused(context, database, experiment_id, "experiment.without_data")


def test_it_counts_among_the_open_ones_as_a_new_one_does(context, database, cancelled):
    experiment_id = cancelled()
    few = context.settings.model_copy(update={"max_open_experiments": 1})
    context = type(context)(**vars(context) | {"settings": few})
    add_experiment(database)

    _is_refused(context, database, experiment_id, "experiment.too_many_open")


def test_a_full_disk_begins_nothing(context, database, cancelled, monkeypatch):
    experiment_id = cancelled()
    monkeypatch.setattr(disk, "free_bytes", lambda _: 0)

    _is_refused(context, database, experiment_id, "storage", StorageFull)


def test_another_owner_and_an_unknown_id_find_nothing(context, cancelled):
    for owner, experiment_id in (("somebody", cancelled()), (LOCAL_OWNER, uuid4())):
        with pytest.raises(NotFound, match=r"experiment\.not_found"):
            resume_experiment(context, owner, experiment_id)
