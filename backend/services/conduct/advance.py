"""Advance of open experiments: the protocol decides from ended cells which cells run next.

An arm advances as soon as its own cells have ended, whatever other arms still train. The decision is made
from a snapshot, outside any lock, and carried out only if no cell was planned or ended since, so any number
of conductors may run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from muscope.backend import logs
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims, planned_cells
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.planned_cells import PlannedRows
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.lifecycle import (
    OPEN_CELL_STATES,
    CellState,
    DesiredState,
    ExperimentState,
    FailureClass,
    StopReason,
)
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.protocol import Add, Decision, Done, Skip, Wait
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.errors import Unavailable
from muscope.backend.events import ProgressNotice
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts_on
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.experiments.answers import keep_answer
from muscope.backend.services.plans.draft import cost, decide
from muscope.backend.services.time_left.budget import within_budget
from muscope.backend.services.verdicts.judging import final_verdicts
from muscope.backend.services.workers import capacity_of, fresh_workers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """Cells of an experiment, and those of them that have ended."""

    planned: frozenset[UUID]
    ended: frozenset[UUID]

    @property
    def has_open(self) -> bool:
        """Return whether a cell is queued or running."""
        return self.planned != self.ended


@dataclass(frozen=True)
class _Planned:
    """Decision with what carries it out: rows of cells to add, or verdicts to store."""

    decision: Decision
    rows: PlannedRows = field(default_factory=lambda: PlannedRows([], []))
    verdicts: Sequence[Verdict] = ()


class LastSnapshots:
    """Last snapshot of every open experiment, so that statistics are not computed again without a change."""

    def __init__(self) -> None:
        self._ended: dict[UUID, frozenset[UUID]] = {}

    def is_due(self, experiment_id: UUID, snapshot: Snapshot) -> bool:
        """Return whether a cell has ended since the last snapshot, or none is left to wait for."""
        return not snapshot.has_open or self._ended.get(experiment_id) != snapshot.ended

    def note(self, experiment_id: UUID, snapshot: Snapshot) -> None:
        """Store a snapshot."""
        self._ended[experiment_id] = snapshot.ended

    def keep(self, experiment_ids: list[UUID]) -> None:
        """Remove every experiment that is not open any more."""
        still_open = set(experiment_ids)
        self._ended = {each: ended for each, ended in self._ended.items() if each in still_open}


def advance_experiments(context: Context, last: LastSnapshots | None = None) -> None:
    """Plan or skip cells of every open experiment with an arm that may advance, or close the experiment."""
    last = last or LastSnapshots()
    with context.database.read() as session:
        experiment_ids = experiment_rows.unfinished(session)
        states = cell_rows.states_of_unfinished(session)
        snapshots = {each: _snapshot_of(states.get(each, {})) for each in experiment_ids}
    last.keep(experiment_ids)
    for experiment_id, snapshot in snapshots.items():
        if last.is_due(experiment_id, snapshot) and _advance_alone(context, experiment_id):
            context.notices.publish(ProgressNotice(experiment_id))
        last.note(experiment_id, snapshot)


def _advance_alone(context: Context, experiment_id: UUID) -> bool:
    """Advance one experiment; whatever is wrong with it holds up no other. Return whether it changed.

    A definition that cannot be read will never be: its experiment fails. After another fault it is looked at
    again when one of its cells ends.
    """
    try:
        with logs.about(experiment_id=experiment_id):
            return _advance(context, experiment_id)
    except Unavailable:
        raise
    except ValidationError:
        log.exception("experiment %s has a definition that cannot be read: it fails", experiment_id)
        with context.database.write() as session:
            claims.fail_open(session, experiment_id, FailureClass.SPEC, now=context.now())
            experiment_rows.end(session, experiment_id, ExperimentState.FAILED, now=context.now())
        return True
    except Exception:
        log.exception("experiment %s could not be advanced", experiment_id)
        return False


def _snapshot(session: Session, experiment_id: UUID) -> Snapshot:
    return _snapshot_of(cell_rows.states_of(session, experiment_id))


def _snapshot_of(states: Mapping[UUID, CellState]) -> Snapshot:
    ended = (cell_id for cell_id, state in states.items() if state not in OPEN_CELL_STATES)
    return Snapshot(frozenset(states), frozenset(ended))


def _advance(context: Context, experiment_id: UUID) -> bool:
    """Decide from a snapshot and act if it is still current; return whether anything was done."""
    with context.database.read() as session:
        experiment = experiment_rows.find(session, experiment_id)
        if experiment is None:
            return False
        snapshot = _snapshot(session, experiment_id)
        planned = _decide(context, session, experiment)
        is_cancelled = experiment.desired_state == DesiredState.CANCELLED
    if isinstance(planned.decision, Wait) and not (is_cancelled and not snapshot.has_open):
        return False
    with context.database.write() as session:
        experiment = experiment_rows.lock_open(session, experiment_id)
        if experiment is None or _snapshot(session, experiment_id) != snapshot:
            return False  # another conductor or a worker was faster: the next round decides again
        if experiment.desired_state == DesiredState.CANCELLED:
            return _end_cancelled(context, session, experiment, snapshot)
        return _carry_out(context, session, experiment, planned)


def _decide(context: Context, session: Session, experiment: ExperimentRow) -> _Planned:
    """Return the protocol's decision and all that takes long to compute, before anything is locked."""
    if experiment.desired_state == DesiredState.CANCELLED:
        return _Planned(Wait())
    capacity = capacity_of(context, session, fresh_workers(context, session))
    evidence = ExperimentEvidence(session, experiment)
    decision = decide(context, evidence, capacity)
    costed = _costed(evidence, decision, capacity)
    decision = within_budget(evidence, decision, costed, context.now())
    if isinstance(decision, Add):
        cost_of = dict(costed)
        cells = [(cell, cost_of[cell]) for cell in decision.cells]
        return _Planned(decision, planned_cells.rows_of(experiment.id, cells))
    if isinstance(decision, Done):
        return _Planned(decision, verdicts=final_verdicts(evidence, _stop_reason(experiment, decision)))
    return _Planned(decision)


def _end_cancelled(context: Context, session: Session, experiment: ExperimentRow, snapshot: Snapshot) -> bool:
    if not snapshot.has_open:
        experiment_rows.end(session, experiment.id, ExperimentState.CANCELLED, now=context.now())
    return not snapshot.has_open


def _carry_out(
    context: Context,
    session: Session,
    experiment: ExperimentRow,
    planned: _Planned,
) -> bool:
    decision = planned.decision
    if isinstance(decision, Add):
        planned_cells.add(session, planned.rows)
        # The number foreseen is a guess; a window may have been widened since.
        num_runs = max(experiment.num_runs, cell_rows.num_runs(session, experiment.id))
        experiment_rows.count_runs(experiment, num_runs)
        return True
    if isinstance(decision, Skip):
        experiment_rows.note_stop_reason(experiment, decision.stop_reason)
        return cell_rows.skip(session, decision.cell_ids, now=context.now()) > 0
    if isinstance(decision, Done):
        for verdict in planned.verdicts:
            verdict_rows.add(session, experiment.id, verdict, now=context.now(), look=experiment.look)
        keep_answer(session, experiment)
        states = cell_rows.states_of(session, experiment.id)
        final, reason = _final_state(states), _stop_reason(experiment, decision)
        experiment_rows.count_runs(experiment, cell_rows.num_runs(session, experiment.id))
        experiment_rows.end(session, experiment.id, final, now=context.now(), stop_reason=reason)
        return True
    return False


def _costed(evidence: ExperimentEvidence, decision: Decision, capacity: Capacity) -> list[CostedCell]:
    if not isinstance(decision, Add):
        return []
    divergence = divergence_counts_on(evidence)
    return cost(evidence.spec, evidence.shape, decision.cells, capacity, divergence)


def _stop_reason(experiment: ExperimentRow, decision: Done) -> StopReason | None:
    """Return the reason for an early end; cells that a budget left out take precedence over other reasons."""
    if experiment.stop_reason is not None:
        return experiment.stop_reason
    return decision.stop_reason


def _final_state(states: dict[UUID, CellState]) -> ExperimentState:
    has_result = CellState.COMPLETED in states.values()
    return ExperimentState.COMPLETED if has_result else ExperimentState.FAILED
