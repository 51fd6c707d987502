"""Stored evidence judged again: beside what was said, once, and with a stamp when the lines were moved."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, VerdictRow
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Verdict
from muscope.backend.errors import Conflict, InvalidInput, NotFound
from muscope.backend.figures.names import FigureName
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.answers import keep_answer
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.figures.cached_json import figure_etag
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.verdicts.judging import get_verdict
from muscope.backend.services.verdicts.rejudging import JudgementRequest, judge_again
from tests.backend.db.stores import NOW, add_experiment
from tests.backend.services.judged import WIDE, finish
from tests.backend.services.listed import listed

OLD = Path(__file__).parents[3] / "fixtures" / "verdict_rules_2.json"
STRICT = Thresholds(transfers_regret=0.0, fine_tune_regret=0.0)


@pytest.fixture
def experiment_id(context, database):
    """An experiment that ended and was judged."""
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
    advance_experiments(context)
    return experiment_id


@pytest.fixture
def old_id(database, experiment_id):
    """The same, but judged under an earlier version of the rules, which came to another outcome."""
    with database.write() as session:
        row = session.query(VerdictRow).one()
        row.id, row.rule_version = uuid4(), "1"
        row.outcome = "fine_tune"
        row.body = row.body | {"rule_version": "1", "outcome": "fine_tune"}
        session.flush()
        keep_answer(session, session.get_one(ExperimentRow, experiment_id))
    return experiment_id


def again(context, experiment_id, **request):
    return judge_again(context, LOCAL_OWNER, experiment_id, JudgementRequest(**request))


def stored(database):
    with database.read() as session:
        return {(row.rule_version, row.thresholds_sha256) for row in session.query(VerdictRow)}


def test_figures_that_show_the_answer_are_marked_anew_when_it_is_another(context, old_id):
    def mark():
        return figure_etag(context, LOCAL_OWNER, old_id, FigureName.OPTIMUM_SIZE, "en", FigureOptions())

    before = mark()
    again(context, old_id)
    after = mark()
    again(context, old_id)

    assert before != after
    assert mark() == after


def test_what_was_judged_by_these_rules_is_not_judged_twice(context, database, experiment_id):
    done = again(context, experiment_id)

    (judgement,) = done.judgements
    assert (done.is_new, judgement.rule_version, judgement.judged_at) == (False, RULE_VERSION, NOW)
    assert judgement.verdict == get_verdict(context, LOCAL_OWNER, experiment_id)
    assert len(stored(database)) == 1


def test_evidence_judged_by_old_rules_is_judged_by_the_current_ones_beside_them(context, database, old_id):
    first = again(context, old_id)
    second = again(context, old_id, rule_version=RULE_VERSION)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.judgements == second.judgements
    assert first.judgements[0].verdict.outcome == "transfers"
    assert stored(database) == {("1", ""), (RULE_VERSION, "")}


def test_what_was_said_stays_said_until_it_is_judged_again(context, old_id):
    (item,) = listed(context)
    shown = get_verdict(context, LOCAL_OWNER, old_id)

    assert (item.outcome, item.rule_version, item.is_judged_by_old_rules) == ("fine_tune", "1", True)
    assert (shown.outcome, shown.rule_version) == ("fine_tune", "1")

    again(context, old_id)

    now = get_experiment(context, LOCAL_OWNER, old_id)
    assert (now.outcome, now.rule_version, now.is_judged_by_old_rules) == ("transfers", RULE_VERSION, False)
    assert get_verdict(context, LOCAL_OWNER, old_id).outcome == "transfers"
    assert get_verdict(context, LOCAL_OWNER, old_id, rule_version="1").outcome == "fine_tune"


def test_other_thresholds_than_the_fixed_ones_are_stamped_and_change_no_answer(
    context, database, experiment_id
):
    (judgement,) = again(context, experiment_id, thresholds=STRICT).judgements

    assert not judgement.are_thresholds_fixed
    assert judgement.thresholds_sha256 == STRICT.sha256()
    assert judgement.verdict.thresholds == STRICT
    assert "thresholds_not_fixed" in {why.code for why in judgement.verdict.reasons}
    assert get_experiment(context, LOCAL_OWNER, experiment_id).outcome == "transfers"
    assert get_verdict(context, LOCAL_OWNER, experiment_id).thresholds == WIDE.thresholds
    assert stored(database) == {(RULE_VERSION, ""), (RULE_VERSION, STRICT.sha256())}
    assert again(context, experiment_id, thresholds=STRICT).is_new is False


def test_the_fixed_thresholds_named_again_are_the_fixed_ones(context, database, experiment_id):
    (judgement,) = again(context, experiment_id, thresholds=WIDE.thresholds).judgements

    assert judgement.are_thresholds_fixed
    assert "thresholds_not_fixed" not in {why.code for why in judgement.verdict.reasons}
    assert len(stored(database)) == 1


def test_thresholds_fixed_with_the_spec_bear_no_stamp(context, database):
    fixed = WIDE.model_copy(update={"thresholds": STRICT})
    experiment_id, cell_ids = add_experiment(database, fixed)
    for cell_id in cell_ids:
        finish(database, cell_id)
    advance_experiments(context)

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id)

    codes = {why.code for why in verdict.reasons}
    assert verdict.thresholds == STRICT
    assert "thresholds_not_fixed" not in codes
    assert "thresholds_changed" in codes


def test_a_verdict_from_before_can_still_be_read(context, database, experiment_id):
    """The body is what version 2 of the rules wrote, before there were axes and fixed thresholds."""
    old = json.loads(OLD.read_text(encoding="utf-8"))
    with database.write() as session:
        row = session.query(VerdictRow).one()
        row.rule_version, row.body = old["rule_version"], old

    verdict = get_verdict(context, LOCAL_OWNER, experiment_id, rule_version="2")

    assert (verdict.outcome, verdict.rule_version) == (old["outcome"], "2")
    assert verdict.arm.base_lr == old["arm"]["base_lr"]


@pytest.mark.usefixtures("experiment_id")
def test_what_a_later_version_no_longer_says_is_left_out(database):
    with database.write() as session:
        row = session.query(VerdictRow).one()
        row.body = row.body | {"said_once": True}

    with database.read() as session:
        assert isinstance(verdict_rows.read_body(session.query(VerdictRow).one()), Verdict)


def test_rules_that_are_not_there_are_refused_naming_those_that_are(context, experiment_id):
    with pytest.raises(InvalidInput, match=rf"verdict\.unknown_rules\(given='0', known='{RULE_VERSION}'\)"):
        again(context, experiment_id, rule_version="0")


def test_a_verdict_that_was_never_given_is_refused_naming_those_that_were(context, old_id):
    with pytest.raises(NotFound, match=r"verdict\.not_stored\(rule_version='0', found='1'\)"):
        get_verdict(context, LOCAL_OWNER, old_id, rule_version="0")


def test_an_open_experiment_is_not_judged_for_good(context, database):
    experiment_id, _ = add_experiment(database, WIDE)

    with pytest.raises(Conflict, match=r"verdict\.still_open"):
        again(context, experiment_id)

    assert stored(database) == set()


def test_a_cancelled_experiment_can_be_judged_by_what_it_has(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    finish(database, cell_ids[0])
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).state = "cancelled"

    (judgement,) = again(context, experiment_id).judgements

    assert (judgement.verdict.outcome, judgement.verdict.is_interim) == ("inconclusive", False)


def test_an_unknown_experiment_is_not_judged(context):
    with pytest.raises(NotFound, match=r"experiment\.not_found"):
        again(context, uuid4())


@pytest.mark.parametrize(
    "wrong", [{"level": 1.0}, {"spread_level": 0.0}, {"min_seeds": 0}, {"fine_tune_regret": -1}]
)
def test_lines_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Thresholds(**wrong)
