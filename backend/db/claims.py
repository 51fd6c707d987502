"""Changes the state of a cell by conditional updates: claim, beat, write, finish, fail, release, expire.

Every update names the fence it was claimed under; expiry and claim raise it, so a worker that woke up too
late hits no row and stops (docs/reliability.md §2). Nothing here decides: `domain.lifecycle` says what
follows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, CursorResult, Update, and_, case, or_, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.lifecycle import (
    LONGEST_DELAY_SECONDS,
    OPEN_CELL_STATES,
    ROOM_DELAY_SECONDS,
    CellState,
    DesiredState,
    ExperimentState,
    FailureClass,
    after_failure,
    awake_seconds,
    silent_seconds,
)


@dataclass(frozen=True)
class Claim:
    """The right to write to a cell, as long as nobody holds a higher fence."""

    cell_id: UUID
    fence: int


class ClaimLost(Exception):
    """The cell was expired, cancelled or deleted while we worked on it, or its last writes are gone."""


def claim(
    session: Session, cell_id: UUID, *, owner: str, now: datetime, held: Collection[str] = ()
) -> Claim | None:
    """Take a queued cell, or return None when there is nothing to take.

    Args:
        held: hashes of the brought models that the worker holds; a cell of another one stays queued, to be
            rung for again soon.
    """
    if _needs_another_worker(session, cell_id, held):
        is_queued = (CellRow.id == cell_id, CellRow.state == CellState.QUEUED)
        session.execute(update(CellRow).where(*is_queued).values(dispatched_at=None))
        return None
    statement = (
        update(CellRow)
        .where(
            CellRow.id == cell_id,
            CellRow.state == CellState.QUEUED,
            CellRow.desired_state == DesiredState.RUN,
            is_due(now),
        )
        .values(
            state=CellState.RUNNING,
            fence=CellRow.fence + 1,
            owner=owner,
            heartbeat_count=0,
            heartbeat_at=now,
            claimed_at_step=CellRow.committed_step,
            started_at=now,
            asleep_seconds=0.0,
            version=CellRow.version + 1,
        )
        .returning(CellRow.fence, CellRow.experiment_id)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    _start_experiment(session, row.experiment_id, now)
    return Claim(cell_id, row.fence)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a cell waits for no moment, or for one that only a changed clock explains."""
    return is_due_between(now, latest_delay_of(now))


def is_due_between(
    now: datetime | BindParameter[datetime], latest_delay: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Return the condition of `is_due`, for a statement that is built once."""
    waited_for = CellRow.not_before
    return or_(waited_for.is_(None), waited_for <= now, waited_for > latest_delay)


def latest_delay_of(now: datetime) -> datetime:
    """Return the last moment for which a cell may be made to wait."""
    return now + timedelta(seconds=LONGEST_DELAY_SECONDS)


def _needs_another_worker(session: Session, cell_id: UUID, held: Collection[str]) -> bool:
    statement = (
        select(ExperimentRow.model_sha256)
        .join(CellRow, CellRow.experiment_id == ExperimentRow.id)
        .where(CellRow.id == cell_id)
    )
    needed = session.scalar(statement)
    return needed is not None and needed not in held


def beat(session: Session, claim: Claim, *, now: datetime) -> DesiredState | None:
    """Show life; return what the owner wants, or None when the claim is lost."""
    heard_at = session.scalar(select(CellRow.heartbeat_at).where(_held_by(claim)))
    values: dict[str, Any] = {"heartbeat_count": CellRow.heartbeat_count + 1, "heartbeat_at": now}
    if asleep := silent_seconds(heard_at, now):
        values["asleep_seconds"] = CellRow.asleep_seconds + asleep
    statement = update(CellRow).where(_held_by(claim)).values(**values).returning(CellRow.desired_state)
    return session.execute(statement).scalar_one_or_none()


def advance_step(session: Session, claim: Claim, *, step: int, after: int = -1) -> None:
    """Move `committed_step` forward, never back; raises ClaimLost.

    Args:
        after: last step before this write. A server that has crashed without keeping what it had confirmed
            does not know of it any more; another write would leave a gap.
    """
    forward = case((CellRow.committed_step < step, step), else_=CellRow.committed_step)
    _require(
        session,
        update(CellRow)
        .where(_held_by(claim), CellRow.desired_state == DesiredState.RUN, CellRow.committed_step >= after)
        .values(committed_step=forward, version=CellRow.version + 1),
    )


def finish(session: Session, claim: Claim, state: CellState, *, now: datetime, after: int = -1) -> None:
    """End the cell, once; raises ClaimLost for a twin, and where the step `after` is not stored."""
    values: dict[str, Any] = {
        "state": state,
        "finished_at": now,
        "owner": None,
        "version": CellRow.version + 1,
    }
    values |= _spent(session, claim, until=now)
    if state is CellState.COMPLETED:
        values |= {"error_class": None, "error_detail": None}
    statement = update(CellRow).where(_held_by(claim), CellRow.committed_step >= after)
    _require(session, statement.values(**values))


def fail(
    session: Session,
    claim: Claim,
    failure: FailureClass,
    detail: str,
    *,
    now: datetime,
    retry_delay: timedelta,
    until: datetime | None = None,
) -> CellState:
    """Record an attempt that did not finish; return what the cell became. Raises ClaimLost.

    The attempt is taken to have lasted `until`, or now: a worker that fell silent worked no longer.
    """
    columns = (CellRow.failures, CellRow.committed_step, CellRow.claimed_at_step, CellRow.desired_state)
    spent = _spent(session, claim, until=until or now)
    row = session.execute(select(*columns).where(_held_by(claim))).one_or_none()
    if row is None:
        raise ClaimLost(claim)
    has_moved = row.committed_step > row.claimed_at_step
    attempt = after_failure(failures=row.failures, has_moved=has_moved, failure=failure)
    state = CellState.CANCELLED if row.desired_state == DesiredState.CANCELLED else attempt.state
    is_disk = failure is FailureClass.DISK
    delay = timedelta(seconds=ROOM_DELAY_SECONDS) if is_disk else retry_delay * attempt.failures
    values = _back_to_queue(now + delay) | spent
    values |= {
        "state": state,
        "failures": attempt.failures,
        "error_class": failure,
        "error_detail": detail[:4000],
        "finished_at": None if state is CellState.QUEUED else now,
    }
    _require(session, update(CellRow).where(_held_by(claim)).values(**values))
    return state


def fail_open(session: Session, experiment_id: UUID, failure: FailureClass, *, now: datetime) -> None:
    """Fail every open cell of an experiment; a worker that still trains one has lost it."""
    session.execute(
        update(CellRow)
        .where(CellRow.experiment_id == experiment_id, CellRow.state.in_(OPEN_CELL_STATES))
        .values(
            state=CellState.FAILED,
            error_class=failure,
            finished_at=now,
            fence=CellRow.fence + 1,
            version=CellRow.version + 1,
        )
    )


def queue_cancelled(session: Session, experiment_id: UUID) -> list[UUID]:
    """Put the cancelled cells of an experiment back into the queue; return them, the dearest first.

    Chunks that they have stored stay: an attempt that computes them again writes nothing twice.
    """
    was_cancelled = (CellRow.experiment_id == experiment_id, CellRow.state == CellState.CANCELLED)
    order = (CellRow.predicted_seconds.desc(), CellRow.id)
    cell_ids = list(session.scalars(select(CellRow.id).where(*was_cancelled).order_by(*order)))
    values = _back_to_queue(None) | {"failures": 0, "error_class": None, "error_detail": None}
    values |= {"state": CellState.QUEUED, "desired_state": DesiredState.RUN, "finished_at": None}
    session.execute(update(CellRow).where(*was_cancelled).values(**values))
    return cell_ids


def release(session: Session, claim: Claim, *, now: datetime) -> None:
    """Give a cell back politely; it counts as no failure. Raises ClaimLost."""
    values = _back_to_queue(None) | _spent(session, claim, until=now)
    _require(session, update(CellRow).where(_held_by(claim)).values(state=CellState.QUEUED, **values))


def expire(
    session: Session, claim: Claim, *, seen_count: int, now: datetime, retry_delay: timedelta
) -> CellState | None:
    """Take a cell from a worker whose counter stood still; None when it moved after all."""
    still = select(CellRow.heartbeat_at).where(_held_by(claim), CellRow.heartbeat_count == seen_count)
    row = session.execute(still.with_for_update()).one_or_none()
    if row is None:
        return None
    detail = f"no heartbeat after the {seen_count}th"
    until = row.heartbeat_at
    return fail(session, claim, FailureClass.LOST, detail, now=now, retry_delay=retry_delay, until=until)


def _held_by(claim: Claim) -> ColumnElement[bool]:
    return and_(CellRow.id == claim.cell_id, CellRow.fence == claim.fence, CellRow.state == CellState.RUNNING)


def _spent(session: Session, claim: Claim, *, until: datetime) -> dict[str, Any]:
    """Add the attempt that ends to what the cell has taken; time asleep is none of it."""
    columns = (CellRow.started_at, CellRow.heartbeat_at, CellRow.asleep_seconds)
    row = session.execute(select(*columns).where(_held_by(claim))).one_or_none()
    seconds = 0.0 if row is None else awake_seconds(*row, until)
    return {"spent_seconds": CellRow.spent_seconds + seconds}


def _back_to_queue(not_before: datetime | None) -> dict[str, Any]:
    return {
        "fence": CellRow.fence + 1,
        "owner": None,
        "not_before": not_before,
        "dispatched_at": None,
        "version": CellRow.version + 1,
    }


def _require(session: Session, statement: Update) -> None:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise ClaimLost


def _start_experiment(session: Session, experiment_id: UUID, now: datetime) -> None:
    session.execute(
        update(ExperimentRow)
        .where(ExperimentRow.id == experiment_id, ExperimentRow.state == ExperimentState.QUEUED)
        .values(state=ExperimentState.RUNNING, started_at=now, version=ExperimentRow.version + 1)
    )
