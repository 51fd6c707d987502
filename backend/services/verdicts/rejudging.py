"""Repeated judgement of stored evidence by current rules or other thresholds; earlier verdicts stay."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow, VerdictRow
from muscope.backend.db.verdicts import FIXED_THRESHOLDS
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import RULE_VERSION, RULE_VERSIONS, Verdict
from muscope.backend.errors import Conflict, InvalidInput
from muscope.backend.events import ProgressNotice
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.experiments.answers import keep_answer
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.verdicts.judging import judge_scenario
from muscope.backend.services.views.views import JudgementView


class JudgementRequest(Frozen):
    """Rules and thresholds to judge stored evidence by."""

    rule_version: str | None = Field(
        default=None, max_length=16, description="A version of the rules; the current one when left out."
    )
    thresholds: Thresholds | None = Field(
        default=None,
        description="Limits of the rules; those fixed before the first run when left out. Others are "
        "allowed, and named in the verdict.",
    )


@dataclass(frozen=True)
class Judgements:
    """Verdicts, one for each scenario, and whether this request made any of them."""

    judgements: tuple[JudgementView, ...]
    is_new: bool


def judge_again(
    context: Context, owner_id: str, experiment_id: UUID, request: JudgementRequest
) -> Judgements:
    """Judge the stored evidence of an ended experiment and keep the verdicts beside the earlier ones.

    Idempotent: an equal earlier judgement is returned as it is. Raises InvalidInput for unknown rules,
    Conflict while runs are open, NotFound.
    """
    version = request.rule_version or RULE_VERSION
    if version not in RULE_VERSIONS:
        raise InvalidInput("verdict.unknown_rules", given=version, known=", ".join(RULE_VERSIONS))
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        if experiment.state in OPEN_EXPERIMENT_STATES:
            raise Conflict("verdict.still_open", name=experiment.name)
        mark = _mark(experiment, request.thresholds)
        found = _stored(session, experiment, version, mark)
        evidence = ExperimentEvidence(session, experiment)
        verdicts = [
            judge_scenario(evidence, scenario, thresholds=request.thresholds)
            for scenario in experiment.spec.judged_scenarios
            if scenario not in found
        ]
    with context.database.write() as session:
        # Looked up again: it may have been deleted in the meantime.
        experiment = find_experiment(session, owner_id, experiment_id)
        is_new = _add(context, session, experiment, verdicts, mark)
        found = _stored(session, experiment, version, mark)
        views = tuple(_view(found[scenario]) for scenario in experiment.spec.judged_scenarios)
    if is_new:
        context.notices.publish(ProgressNotice(experiment_id))
    return Judgements(views, is_new=is_new)


def _add(
    context: Context, session: Session, experiment: ExperimentRow, verdicts: list[Verdict], mark: str
) -> bool:
    """Store verdicts beside the earlier ones; tell whether any of them is new."""
    added = [
        verdict_rows.add(
            session,
            experiment.id,
            verdict,
            now=context.now(),
            thresholds_sha256=mark,
            look=experiment.look,
        )
        for verdict in verdicts
    ]
    if any(added):
        # The figure over sizes shows what the latest verdict expects: its mark must change with it.
        experiment_rows.mark_changed(experiment)
        keep_answer(session, experiment)
    return any(added)


def _mark(experiment: ExperimentRow, thresholds: Thresholds | None) -> str:
    """Return the storage key of thresholds; empty for those of the spec."""
    fixed = experiment.spec.thresholds
    return FIXED_THRESHOLDS if thresholds is None or thresholds == fixed else thresholds.sha256()


def _stored(session: Session, experiment: ExperimentRow, version: str, mark: str) -> dict[str, VerdictRow]:
    rows = {
        scenario: verdict_rows.row_of(session, experiment.id, scenario, version, mark, look=experiment.look)
        for scenario in experiment.spec.judged_scenarios
    }
    return {scenario: row for scenario, row in rows.items() if row is not None}


def _view(row: VerdictRow) -> JudgementView:
    verdict = verdict_rows.read_body(row)
    return JudgementView(
        scenario=verdict.scenario,
        rule_version=row.rule_version,
        are_thresholds_fixed=row.thresholds_sha256 == FIXED_THRESHOLDS,
        thresholds_sha256=verdict.thresholds.sha256(),
        judged_at=row.created_at,
        verdict=verdict,
    )
