"""Experiments as rows, with the keys that make creating one repeatable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, IdempotencyKeyRow
from muscope.backend.domain.lifecycle import (
    OPEN_CELL_STATES,
    OPEN_EXPERIMENT_STATES,
    CellState,
    DesiredState,
    ExperimentState,
    StopReason,
)
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.errors import Conflict


def add(session: Session, row: ExperimentRow) -> None:
    """Store an experiment; its cells follow in the same transaction.

    Raises ValueError for a spec that would not be read back as it is: every attempt to train it would fail.
    """
    text = json.dumps(row.spec.model_dump(mode="json"), allow_nan=False)
    if type(row.spec).model_validate_json(text) != row.spec:
        raise ValueError(f"spec: expected one that storage gives back unchanged, given {text[:200]}")
    session.add(row)
    session.flush()


def get(session: Session, owner_id: str, experiment_id: UUID) -> ExperimentRow | None:
    """Return one of the owner's experiments."""
    return session.scalar(
        select(ExperimentRow).where(
            is_seen_by(owner_id, ExperimentRow.owner_id), ExperimentRow.id == experiment_id
        )
    )


def find(session: Session, experiment_id: UUID) -> ExperimentRow | None:
    """Return an experiment whoever owns it, for the conductor and the workers."""
    return session.get(ExperimentRow, experiment_id)


def model_sha256_of(session: Session, experiment_id: UUID) -> str | None:
    """Return the hash of an experiment's brought model; None for a built-in one, or without the experiment.

    Reading a definition takes longer than all else that a claim does.
    """
    return session.scalar(select(ExperimentRow.model_sha256).where(ExperimentRow.id == experiment_id))


def on_dataset(session: Session, dataset_id: UUID, *, most: int) -> Sequence[ExperimentRow]:
    """List the newest experiments on a dataset."""
    statement = select(ExperimentRow).where(ExperimentRow.dataset_id == dataset_id)
    newest_first = (ExperimentRow.created_at.desc(), ExperimentRow.id)
    return session.scalars(statement.order_by(*newest_first).limit(most)).all()


def cell_counts(session: Session, experiment_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Count each experiment's cells by state, in one query."""
    rows = session.execute(
        select(CellRow.experiment_id, CellRow.state, func.count())
        .where(CellRow.experiment_id.in_(experiment_ids))
        .group_by(CellRow.experiment_id, CellRow.state)
    )
    counts: dict[UUID, dict[str, int]] = {experiment_id: {} for experiment_id in experiment_ids}
    for experiment_id, state, count in rows:
        counts[experiment_id][state] = count
    return counts


def unfinished(session: Session) -> list[UUID]:
    """List the experiments that are not closed yet, oldest first."""
    is_open = ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES)
    return list(session.scalars(select(ExperimentRow.id).where(is_open).order_by(ExperimentRow.created_at)))


class OpenExperiment(NamedTuple):
    """Experiment that is not closed yet, with sums over its cells; its definition is not read.

    Attributes:
        predicted_seconds: wall time predicted when it was created.
        cell_versions: sum of its cells' versions; it grows with every change of one of them.
        num_running: cells that train now.
        planned_seconds: slot-seconds predicted for all its cells.
        open_seconds: the same of the cells that have not ended.
        told_at: earliest moment at which workers were told of a queued cell; None if of none.
    """

    id: UUID
    owner_id: str
    name: str
    version: int
    created_at: datetime
    predicted_seconds: float
    cell_versions: int
    num_running: int
    planned_seconds: float
    open_seconds: float
    told_at: datetime | None


def unfinished_with_sums(session: Session) -> list[OpenExperiment]:
    """Return the experiments that are not closed yet, oldest first, with sums over their cells."""
    own = ExperimentRow
    heads = (own.id, own.owner_id, own.name, own.version, own.created_at, own.predicted_seconds)
    seconds = func.coalesce(CellRow.predicted_seconds, 0.0)
    sums = (
        func.coalesce(func.sum(CellRow.version), 0),
        func.coalesce(func.sum(case((CellRow.state == CellState.RUNNING, 1), else_=0)), 0),
        func.sum(seconds),
        func.sum(case((CellRow.state.in_(OPEN_CELL_STATES), seconds), else_=0.0)),
        func.min(case((CellRow.state == CellState.QUEUED, CellRow.dispatched_at))),
    )
    statement = (
        select(*heads, *sums)
        .outerjoin(CellRow, CellRow.experiment_id == own.id)
        .where(own.state.in_(OPEN_EXPERIMENT_STATES))
        .group_by(*heads)
        .order_by(own.created_at)
    )
    return [OpenExperiment._make(row) for row in session.execute(statement)]


def num_open(session: Session, owner_id: str) -> int:
    """Count an owner's own experiments that are not closed yet."""
    is_its = (ExperimentRow.owner_id == owner_id, ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
    return session.scalar(select(func.count()).select_from(ExperimentRow).where(*is_its)) or 0


def lock_open(session: Session, experiment_id: UUID) -> ExperimentRow | None:
    """Return an unfinished experiment, locked against another conductor."""
    return session.scalar(
        select(ExperimentRow)
        .where(ExperimentRow.id == experiment_id, ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
        .with_for_update()
    )


def end(
    session: Session,
    experiment_id: UUID,
    state: ExperimentState,
    *,
    now: datetime,
    stop_reason: StopReason | None = None,
) -> None:
    """Close an unfinished experiment; `stop_reason`: why before its plan was run to the end."""
    session.execute(
        update(ExperimentRow)
        .where(ExperimentRow.id == experiment_id, ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
        .values(state=state, finished_at=now, stop_reason=stop_reason, version=ExperimentRow.version + 1)
    )


def go_on(experiment: ExperimentRow, *, granted_seeds: int) -> None:
    """Open an ended experiment again, so that its protocol may use further seeds."""
    experiment.state = ExperimentState.RUNNING
    experiment.desired_state = DesiredState.RUN
    experiment.granted_seeds = granted_seeds
    experiment.look += 1
    note_answer(experiment, None, None)
    experiment.finished_at = None
    experiment.stop_reason = None
    experiment.version += 1


def resume(experiment: ExperimentRow) -> None:
    """Open a cancelled experiment again; one that had not begun waits for its first cell once more."""
    go_on(experiment, granted_seeds=experiment.granted_seeds)
    if experiment.started_at is None:
        experiment.state = ExperimentState.QUEUED


def lock(session: Session, owner_id: str, experiment_id: UUID) -> ExperimentRow | None:
    """Return one of the owner's experiments, locked against other writers."""
    return session.scalar(
        select(ExperimentRow)
        .where(is_seen_by(owner_id, ExperimentRow.owner_id), ExperimentRow.id == experiment_id)
        .with_for_update()
    )


def count_runs(experiment: ExperimentRow, num_runs: int) -> None:
    """Record how many runs an experiment has, as far as they are known or foreseen."""
    experiment.num_runs = num_runs


def note_stop_reason(experiment: ExperimentRow, reason: StopReason | None) -> None:
    """Record why cells were skipped; a reason that is known already stays where there is no other."""
    experiment.stop_reason = reason or experiment.stop_reason


def note_answer(experiment: ExperimentRow, outcome: Outcome | None, rule_version: str | None) -> None:
    """Record the answer given last, for lists; None while there is none."""
    experiment.outcome = outcome
    experiment.rule_version = rule_version


def label(experiment: ExperimentRow, *, name: str | None, notes: str | None) -> None:
    """Give an experiment another name and other notes where they are given, and count the change."""
    experiment.name = experiment.name if name is None else name
    experiment.notes = experiment.notes if notes is None else notes
    experiment.edition += 1


def mark_changed(experiment: ExperimentRow) -> None:
    """Give the experiment another version, so that what was built from it is built again."""
    experiment.version += 1


def read_again(session: Session) -> None:
    """Forget the rows that were read: statements have changed them since."""
    session.expire_all()


def want_cancelled(session: Session, experiment_id: UUID) -> None:
    """Record that the owner wants an experiment stopped."""
    session.execute(
        update(ExperimentRow)
        .where(ExperimentRow.id == experiment_id, ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
        .values(desired_state=DesiredState.CANCELLED, version=ExperimentRow.version + 1)
    )


def remove(session: Session, experiment_id: UUID) -> None:
    """Delete an experiment with its cells, runs and chunks."""
    session.execute(delete(ExperimentRow).where(ExperimentRow.id == experiment_id))


def find_key(session: Session, owner_id: str, key: str) -> IdempotencyKeyRow | None:
    """Return what a creation key was used for."""
    return session.get(IdempotencyKeyRow, (owner_id, key))


def add_key(
    session: Session, owner_id: str, key: str, *, body_sha256: str, experiment_id: UUID, now: datetime
) -> None:
    """Remember what a creation key was used for; a key that another request took meanwhile is a conflict."""
    row = {
        "owner_id": owner_id,
        "key": key,
        "body_sha256": body_sha256,
        "experiment_id": experiment_id,
        "created_at": now,
    }
    if not insert_new(session, IdempotencyKeyRow, [row]):
        raise Conflict("experiment.key_in_use", key=key)
