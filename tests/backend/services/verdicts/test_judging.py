from uuid import uuid4

import pytest

from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, VerdictRow
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Verdict
from muscope.backend.errors import NotFound
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.store import delete_experiment
from muscope.backend.services.verdicts.judging import get_verdict
from tests.backend.db.stores import LATER, NOW, add_experiment, change_cell
from tests.backend.services.judged import WIDE, finish, judge_now
from tests.backend.services.listed import listed


def finished(database, **options):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id, **options)
    return experiment_id


def rows_of(database):
    with database.read() as session:
        return session.query(VerdictRow).all()


def state_of(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id).state


def test_an_experiment_ends_with_its_verdict(context, database):
    experiment_id = finished(database)

    advance_experiments(context)

    (row,) = rows_of(database)
    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)
    assert (row.outcome, row.rule_version, row.created_at) == ("transfers", RULE_VERSION, NOW)
    assert (verdict.outcome, verdict.is_interim, verdict.is_provisional) == ("transfers", False, True)
    assert verdict.control is not None
    assert (verdict.control.outcome, verdict.can_discriminate) == ("does_not_transfer", True)
    assert row.spec_sha256 == verdict.spec_sha256 == WIDE.sha256()
    assert state_of(database, experiment_id) == "completed"
    assert verdict.arm.base_lr_index is not None
    assert verdict.arm.base_lr == WIDE.arms[0].lrs[verdict.arm.base_lr_index] == 2.0**-3


def test_a_listed_experiment_has_its_outcome_once_it_is_final(context, database):
    finished(database)
    (before,) = listed(context)

    advance_experiments(context)

    (after,) = listed(context)
    assert (before.outcome, after.outcome) == (None, "transfers")


def test_the_stored_verdict_is_the_one_that_would_be_given_again(context, database):
    experiment_id = finished(database)
    advance_experiments(context)

    stored = get_verdict(context, LOCAL_OWNER, experiment_id)

    assert judge_now(context, experiment_id) == stored


def test_a_running_experiment_has_an_interim_verdict(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids[:3]:
        finish(database, cell_id)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    assert (verdict.outcome, verdict.rule, verdict.is_interim) == ("inconclusive", "runs_pending", True)
    assert verdict.reasons[0].params == {"missing": 21, "planned": 84}
    assert rows_of(database) == []


def test_an_interim_verdict_knows_all_there_is(context, database):
    experiment_id = finished(database)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    assert (verdict.outcome, verdict.is_interim) == ("transfers", True)


def test_failed_cells_leave_an_inconclusive_verdict(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
    change_cell(database, cell_ids[2], state="failed", committed_step=5)

    advance_experiments(context)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)
    assert (state_of(database, experiment_id), verdict.rule) == ("completed", "missing_runs")
    assert verdict.reasons[0].params == {"width": 32, "depth": 2, "missing": 21, "planned": 21}


def test_an_experiment_of_which_everything_failed_fails_with_a_verdict(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        change_cell(database, cell_id, state="failed")

    advance_experiments(context)

    (row,) = rows_of(database)
    assert (state_of(database, experiment_id), row.outcome) == ("failed", "inconclusive")


def test_a_divergence_at_the_reused_rate_is_no_transfer(context, database):
    experiment_id = finished(database, diverges=lambda cell, run: cell.width == 64 and run.lr >= 2.0**-3)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    assert (verdict.outcome, verdict.rule) == ("does_not_transfer", "diverges")
    assert verdict.arm.sizes[-1].divergence_rate == 1.0


def test_a_cancelled_experiment_stores_no_verdict(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        change_cell(database, cell_id, state="cancelled")
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).desired_state = "cancelled"

    advance_experiments(context)

    assert (state_of(database, experiment_id), rows_of(database)) == ("cancelled", [])
    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)
    assert (verdict.rule, verdict.is_interim) == ("missing_runs", False)


def test_a_verdict_given_twice_is_stored_once(context, database):
    experiment_id = finished(database)
    verdict = judge_now(context, experiment_id)

    for now in (NOW, LATER):
        with database.write() as session:
            verdict_rows.add(session, experiment_id, verdict, now=now)

    (row,) = rows_of(database)
    assert row.created_at == NOW


def test_other_rules_have_other_verdicts(context, database):
    experiment_id = finished(database)
    advance_experiments(context)

    with database.read() as session:
        assert verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, "0", look=0) is None


def test_a_deleted_experiment_takes_its_verdict_along(context, database):
    experiment_id = finished(database)
    advance_experiments(context)

    delete_experiment(context, LOCAL_OWNER, experiment_id)

    assert rows_of(database) == []


@pytest.mark.parametrize("ask", [get_verdict])
def test_an_unknown_experiment_has_no_verdict(ask, context):
    with pytest.raises(NotFound, match=r"experiment\.not_found"):
        ask(context, LOCAL_OWNER, uuid4())


def test_a_final_verdict_looks_ahead(context, database):
    experiment_id = finished(database)
    advance_experiments(context)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    outlook = verdict.outlook
    assert outlook is not None
    assert (outlook.extrapolation.claim, outlook.extrapolation.target.width) == ("measured", 64)
    assert outlook.recommendation.lr == verdict.arm.base_lr
    assert [gate.state for gate in outlook.recommendation.gates] == ["passed", "next", "later"]
    assert verdict.early is None


def test_an_open_experiment_has_an_early_answer_of_the_sizes_that_are_there(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids[:3]:
        finish(database, cell_id)

    early = get_verdict(context, LOCAL_OWNER, experiment_id).early

    assert early is not None
    assert (early.outcome, early.at_step, early.num_sizes) == ("transfers", 12, 4)
    assert [size.width for size in early.sizes] == [8, 16, 32]
    assert early.confidence == pytest.approx(2 / 3)


@pytest.mark.parametrize(("width", "doublings", "is_claimed"), [(128, 1.0, True), (32_768, 9.0, False)])
def test_a_named_target_is_extrapolated_to_and_claimed_as_far_as_the_study_reached(
    context, database, width, doublings, is_claimed
):
    experiment_id, cell_ids = add_experiment(database, WIDE.model_copy(update={"target_width": width}))
    for cell_id in cell_ids:
        finish(database, cell_id)
        change_cell(database, cell_id, spent_seconds=42.0)

    outlook = get_verdict(context, LOCAL_OWNER, experiment_id).outlook

    assert outlook is not None
    assert (outlook.extrapolation.target.width, outlook.extrapolation.doublings) == (width, doublings)
    assert outlook.extrapolation.lr.interval is not None
    assert (outlook.recommendation.lr is not None) is is_claimed


def test_a_verdict_from_before_the_outlook_can_still_be_read(context, database):
    experiment_id = finished(database)
    body = judge_now(context, experiment_id).model_dump(mode="json")

    for name in ("outlook", "early"):
        del body[name]
    old = Verdict.model_validate(body)

    assert (old.outlook, old.early) == (None, None)
