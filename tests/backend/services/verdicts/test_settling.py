"""An open answer is settled by the same experiment: priced first, nothing run twice, nothing lost."""

import threading
from uuid import uuid4

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, VerdictRow
from muscope.backend.domain.spec.budget import Budget
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import Conflict, NotFound
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.verdicts.judging import get_verdict
from muscope.backend.services.verdicts.rejudging import JudgementRequest, judge_again
from muscope.backend.services.verdicts.settling import SettleRequest, preview_settling, settle_experiment
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.services.judged import WIDE, finish
from tests.backend.services.listed import listed
from tests.backend.services.still_open import REUSED, TARGET, add_open, finish_open, open_spec, runs_of
from tests.backend.services.two_conductors import advance_twice_at_once

# The reused LR and the neighbour that may still be better than the limit allows; five seeds make three into
# eight.
CONTENDERS = {REUSED, 2.0**-2}
ADDED = {8, 9, 10, 11, 12}


@pytest.fixture
def open_id(context, database):
    return add_open(context, database)


def settle(context, experiment_id, max_seeds=48):
    return settle_experiment(context, LOCAL_OWNER, experiment_id, SettleRequest(max_seeds=max_seeds))


def preview(context, experiment_id, max_seeds=48):
    return preview_settling(context, LOCAL_OWNER, experiment_id, SettleRequest(max_seeds=max_seeds))


def row_of(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id)


def settled(context, database, experiment_id):
    """Let the experiment go on to its end; return the runs that were added."""
    before = runs_of(database, experiment_id)
    settle(context, experiment_id)
    for _ in range(5):
        advance_experiments(context)
        if not finish_open(database, experiment_id):
            break
    return set(runs_of(database, experiment_id)) - set(before)


def test_an_open_answer_can_be_settled_and_says_so(context, open_id):
    verdict = get_verdict(context, LOCAL_OWNER, open_id)

    assert (verdict.outcome, verdict.rule) == ("inconclusive", "unresolved")
    assert verdict.open is not None
    assert verdict.deciding is not None
    assert (verdict.open.likely, verdict.open.can_settle) == ("transfers", True)
    assert verdict.deciding.within == "unsure"


def test_the_price_is_that_of_the_next_batch_and_nothing_is_stored(context, database, open_id):
    before, runs = row_of(database, open_id), runs_of(database, open_id)

    view = preview(context, open_id)

    assert (view.can_settle, view.reason, view.max_seeds) == (True, None, 48)
    assert view.next_batch.num_runs == len(CONTENDERS) * len(ADDED)
    assert view.next_batch.slot_seconds > 0
    after = row_of(database, open_id)
    assert (after.version, after.state, after.granted_seeds) == (before.version, "completed", 0)
    assert runs_of(database, open_id) == runs


def test_the_same_experiment_goes_on_with_seeds_where_they_decide(context, database, open_id):
    added = settled(context, database, open_id)

    assert added == {(TARGET, lr, seed) for lr in CONTENDERS for seed in ADDED}
    runs = runs_of(database, open_id)
    assert len(runs) == len(set(runs))


def test_the_new_verdict_counts_the_added_seeds_and_the_one_before_stays_stored(context, database, open_id):
    first = get_verdict(context, LOCAL_OWNER, open_id)

    settled(context, database, open_id)

    verdict = get_verdict(context, LOCAL_OWNER, open_id)
    assert (verdict.outcome, verdict.is_interim, row_of(database, open_id).state) == (
        "transfers",
        False,
        "completed",
    )
    assert verdict.arm.sizes[-1].losses[0].num_seeds == 8
    with database.read() as session:
        by_look = {row.look: row.outcome for row in session.query(VerdictRow)}
        before = verdict_rows.latest(session, open_id, Scenario.AS_GIVEN, look=0)
    assert by_look == {0: "inconclusive", 1: "transfers"}
    assert before == first


def test_while_it_goes_on_the_experiment_has_no_outcome(context, database, open_id):
    (before,) = listed(context)
    settle(context, open_id)
    advance_experiments(context)

    (during,) = listed(context)

    assert (before.outcome, during.outcome, during.state) == ("inconclusive", None, "running")
    assert get_experiment(context, LOCAL_OWNER, open_id).outcome is None
    assert get_verdict(context, LOCAL_OWNER, open_id).is_interim
    finish_open(database, open_id)
    advance_experiments(context)
    assert get_experiment(context, LOCAL_OWNER, open_id).outcome == "transfers"


def test_a_settled_verdict_is_the_one_that_would_be_given_again(context, database, open_id):
    settled(context, database, open_id)
    given = get_verdict(context, LOCAL_OWNER, open_id)

    done = judge_again(context, LOCAL_OWNER, open_id, JudgementRequest())

    assert (done.is_new, done.judgements[0].verdict) == (False, given)


def test_fewer_seeds_than_the_next_look_settle_nothing(context, open_id):
    assert preview(context, open_id, max_seeds=7).reason == "settle.not_open"


@pytest.mark.parametrize("protocol", Protocol)
def test_a_plan_with_a_settle_stage_settles_by_itself(context, database, protocol):
    """The whole grid is run already; the staged protocol finds in it all it would have planned."""
    plan = open_spec(settle=Settle(max_seeds=8), protocol=protocol)
    open_id = add_open(context, database, plan)

    finish_open(database, open_id)
    advance_experiments(context)

    verdict = get_verdict(context, LOCAL_OWNER, open_id)
    assert row_of(database, open_id).state == "completed"
    assert {seed for width, _, seed in runs_of(database, open_id) if width == TARGET} == {0, 3, 7} | ADDED
    assert verdict.arm.sizes[-1].losses[0].num_seeds == 8
    with database.read() as session:
        assert [row.look for row in session.query(VerdictRow)] == [0]


def test_what_seeds_cannot_settle_is_not_offered(context, database):
    """At the target the cost is open, but runs are missing at another size, which forbids any answer."""
    experiment_id, cell_ids = add_experiment(database, open_spec())
    context.blobs.path(open_spec().dataset_sha256).parent.mkdir(parents=True, exist_ok=True)
    context.blobs.path(open_spec().dataset_sha256).write_bytes(b"arrays")
    change_cell(database, cell_ids[1], state="failed")
    finish_open(database, experiment_id)
    advance_experiments(context)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    assert verdict.open is not None
    assert (verdict.rule, verdict.open.can_settle) == ("missing_runs", False)
    _is_refused(context, experiment_id, "settle.not_open")


def test_a_lost_batch_leaves_the_answer_open_and_ends(context, database, open_id):
    settle(context, open_id)
    advance_experiments(context)
    with database.read() as session:
        rows = cell_rows.of_experiment(session, open_id)
    for row in rows:
        if row.state == "queued":
            change_cell(database, row.id, state="failed")

    advance_experiments(context)

    assert row_of(database, open_id).state == "completed"
    assert get_verdict(context, LOCAL_OWNER, open_id).outcome == "inconclusive"
    assert preview(context, open_id).reason == "settle.not_open"


def test_an_answer_that_is_decided_has_nothing_to_settle(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
    advance_experiments(context)

    _is_refused(context, experiment_id, "settle.not_open")


def test_an_experiment_that_was_cancelled_or_still_runs_is_not_settled(context, database, open_id):
    for state, code in (("cancelled", "settle.not_open"), ("running", "settle.already_running")):
        with database.write() as session:
            session.get_one(ExperimentRow, open_id).state = state

        _is_refused(context, open_id, code)


def test_a_verdict_of_earlier_rules_is_to_be_judged_again_first(context, database, open_id):
    with database.write() as session:
        row = session.query(VerdictRow).one()
        row.id, row.rule_version, row.body = uuid4(), "4", row.body | {"rule_version": "4"}

    _is_refused(context, open_id, "settle.old_rules")

    judge_again(context, LOCAL_OWNER, open_id, JudgementRequest())
    assert preview(context, open_id).can_settle


def test_without_its_dataset_nothing_can_be_run(context, open_id):
    context.blobs.delete(open_spec().dataset_sha256)

    _is_refused(context, open_id, "settle.dataset_deleted")


def test_a_spent_budget_is_named_with_what_the_batch_takes(context, database):
    open_id = add_open(context, database, open_spec(budget=Budget(slot_seconds=1e-3)))

    offer = preview(context, open_id)
    assert (offer.can_settle, offer.reason) == (False, "settle.budget_spent")
    assert offer.next_batch.num_runs == len(CONTENDERS) * len(ADDED)
    with pytest.raises(Conflict) as refusal:
        settle(context, open_id)
    assert (refusal.value.params["needed"], refusal.value.params["left"]) == (1, 0)


def _is_refused(context, experiment_id, code):
    before = get_experiment(context, LOCAL_OWNER, experiment_id)
    assert (preview(context, experiment_id).can_settle, preview(context, experiment_id).reason) == (
        False,
        code,
    )
    with pytest.raises(Conflict, match=code.replace(".", r"\.")):
        settle(context, experiment_id)
    assert get_experiment(context, LOCAL_OWNER, experiment_id) == before


def test_an_unknown_experiment_is_not_settled(context):
    for ask in (preview, settle):
        with pytest.raises(NotFound, match=r"experiment\.not_found"):
            ask(context, uuid4())


def test_a_request_repeated_while_it_goes_on_changes_nothing(context, database, open_id):
    assert settle(context, open_id, max_seeds=16) is True
    opened = row_of(database, open_id)

    assert settle(context, open_id, max_seeds=16) is False

    assert (row_of(database, open_id).version, row_of(database, open_id).look) == (opened.version, 1)
    with pytest.raises(Conflict, match=r"settle\.already_running"):
        settle(context, open_id, max_seeds=24)


@pytest.mark.both_databases
def test_two_requests_at_once_open_it_once(context, database, open_id):
    barrier, done, errors = threading.Barrier(2), [], []

    def ask():
        own = Database(database.url)
        barrier.wait()
        try:
            done.append(settle(type(context)(**vars(context) | {"database": own}), open_id))
        except Exception as error:  # noqa: BLE001 (shown below)
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (errors, sorted(done)) == ([], [False, True])
    assert row_of(database, open_id).look == 1


@pytest.mark.both_databases
def test_two_conductors_at_once_plan_a_batch_once(context, database, open_id):
    settle(context, open_id)

    assert advance_twice_at_once(context) == []

    runs = runs_of(database, open_id)
    assert len(runs) == len(set(runs)) == 4 * 7 * 3 + len(CONTENDERS) * len(ADDED)
