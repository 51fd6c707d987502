"""Settling of an ended experiment whose answer is open: its price first, then the same experiment goes on.

Nothing is run twice: the protocol plans further seeds at the target, and every other result stays in use.
"""

from __future__ import annotations

import math
from uuid import UUID

from pydantic import Field

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, ExperimentState
from muscope.backend.domain.plan.outlay import Outlay, outlay
from muscope.backend.domain.protocol import Add
from muscope.backend.domain.spec.budget import committed_seconds
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.verdict.verdict import RULE_VERSIONS
from muscope.backend.errors import Conflict, MuscopeError
from muscope.backend.events import ProgressNotice
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts_on
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.plans.draft import budget_price, cost, decide
from muscope.backend.services.time_left.budget import claimed
from muscope.backend.services.views.outlay_views import OutlayView
from muscope.backend.services.workers import capacity_of, fresh_workers


class SettleRequest(Frozen):
    """Wish to settle an open answer with further seeds."""

    max_seeds: int = Field(default=MOST_SEEDS, ge=2, le=MOST_SEEDS, description="Most seeds of one LR.")


class SettleView(Frozen):
    """Price of settling an open answer, before anything is run."""

    can_settle: bool
    reason: str | None = Field(description="Code of the reason why not; its text is `error.<code>`.")
    max_seeds: int
    next_batch: OutlayView | None = Field(
        description="Runs of the next batch; more may follow. Given where a budget does not cover them, too."
    )


def preview_settling(
    context: Context, owner_id: str, experiment_id: UUID, request: SettleRequest
) -> SettleView:
    """Return the price of the next batch, or the reason why nothing can be settled; raises NotFound."""
    with context.database.read() as session:
        evidence = ExperimentEvidence(session, find_experiment(session, owner_id, experiment_id))
        batch, reason = None, None
        try:
            batch = _next_batch(context, evidence, request.max_seeds)
            _require_budget(context, evidence, batch)
        except MuscopeError as refusal:
            reason = refusal.code
        view = None if batch is None else OutlayView.of(batch, budget_price(evidence.spec))
        session.rollback()
    return SettleView(can_settle=reason is None, reason=reason, max_seeds=request.max_seeds, next_batch=view)


def settle_experiment(context: Context, owner_id: str, experiment_id: UUID, request: SettleRequest) -> bool:
    """Let an ended experiment go on with further seeds; return whether this request opened it.

    Repeatable: an experiment that already goes on with as many seeds stays as it is. Raises Conflict where
    nothing can be settled, NotFound.
    """
    with context.database.write() as session:
        find_experiment(session, owner_id, experiment_id)
        experiment = experiment_rows.lock(session, owner_id, experiment_id)
        assert experiment is not None, "it was found in this transaction"
        if experiment.state in OPEN_EXPERIMENT_STATES and experiment.granted_seeds >= request.max_seeds:
            return False
        evidence = ExperimentEvidence(session, experiment)
        _require_budget(context, evidence, _next_batch(context, evidence, request.max_seeds))
        experiment_rows.go_on(experiment, granted_seeds=request.max_seeds)
    context.notices.publish(ProgressNotice(experiment_id))
    return True


def _next_batch(context: Context, evidence: ExperimentEvidence, max_seeds: int) -> Outlay:
    """Return what the next batch takes; raises Conflict where there is none."""
    session, experiment = evidence.session, evidence.experiment
    _require_open_answer(session, experiment)
    if not context.blobs.exists(experiment.spec.dataset_sha256):
        raise Conflict("settle.dataset_deleted", name=experiment.name)
    capacity = capacity_of(context, session, fresh_workers(context, session))
    decision = decide(context, evidence, capacity, granted_seeds=max_seeds)
    if not isinstance(decision, Add):
        raise Conflict("settle.not_open", name=experiment.name)
    divergence = divergence_counts_on(evidence)
    costed = cost(evidence.spec, evidence.shape, decision.cells, capacity, divergence)
    return outlay((each for _, each in costed), capacity.slots)


def _require_budget(context: Context, evidence: ExperimentEvidence, batch: Outlay) -> None:
    """Raise Conflict, with what the batch takes and what is left, where the budget does not cover it."""
    budget = evidence.spec.budget
    if budget is None:
        return
    left = budget.limit_seconds - committed_seconds(claimed(evidence.cells, context.now()))
    if batch.slot_seconds > left:
        needed, rest = math.ceil(batch.slot_seconds), max(0, math.floor(left))
        raise Conflict("settle.budget_spent", name=evidence.experiment.name, needed=needed, left=rest)


def _require_open_answer(session: Session, experiment: ExperimentRow) -> None:
    """Raise Conflict unless the experiment has ended with an open answer under the current rules."""
    if experiment.state in OPEN_EXPERIMENT_STATES:
        raise Conflict("settle.already_running", name=experiment.name)
    if experiment.state != ExperimentState.COMPLETED:
        raise Conflict("settle.not_open", name=experiment.name)
    verdicts = [
        verdict_rows.latest(session, experiment.id, scenario, look=experiment.look)
        for scenario in experiment.spec.judged_scenarios
    ]
    if any(verdict is None or verdict.rule_version not in RULE_VERSIONS for verdict in verdicts):
        raise Conflict("settle.old_rules", name=experiment.name)
    if not any(verdict is not None and verdict.open and verdict.open.can_settle for verdict in verdicts):
        raise Conflict("settle.not_open", name=experiment.name)
