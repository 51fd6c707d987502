"""Checkpoints as rows: which blobs hold the state of a cell that trains for long.

A row comes before its blob and is marked complete after it, so that no blob is ever without a row that leads
to its removal. Rows outlive their cell for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from muscope.backend.db import claims
from muscope.backend.db.claims import Claim
from muscope.backend.db.schema.tables import CellRow, CheckpointRow
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES


def begin(session: Session, claim: Claim, sha256: str, *, step: int) -> None:
    """Announce a blob that is about to be stored; raises ClaimLost."""
    claims.advance_step(session, claim, step=-1)  # moves nothing; raises without the claim
    session.merge(CheckpointRow(cell_id=claim.cell_id, sha256=sha256, step=step, is_complete=False))


def complete(session: Session, claim: Claim, sha256: str) -> None:
    """Say that the blob is stored; raises ClaimLost."""
    claims.advance_step(session, claim, step=-1)
    session.execute(update(CheckpointRow).where(*_is(claim.cell_id, sha256)).values(is_complete=True))


def of_cell(session: Session, cell_id: UUID) -> Sequence[CheckpointRow]:
    """Return the checkpoints of a cell, the latest first, those that were never completed included."""
    statement = select(CheckpointRow).where(CheckpointRow.cell_id == cell_id)
    return session.scalars(statement.order_by(CheckpointRow.step.desc(), CheckpointRow.sha256)).all()


def of_ended_cells(session: Session) -> Sequence[CheckpointRow]:
    """Return the checkpoints that nobody will resume from: their cell has ended or was deleted."""
    is_open = select(CellRow.id).where(CellRow.state.in_(OPEN_CELL_STATES))
    return session.scalars(select(CheckpointRow).where(CheckpointRow.cell_id.not_in(is_open))).all()


def remove(session: Session, cell_id: UUID, sha256: str) -> None:
    """Forget a checkpoint whose blob is gone."""
    session.execute(delete(CheckpointRow).where(*_is(cell_id, sha256)))


def _is(cell_id: UUID, sha256: str) -> tuple[ColumnElement[bool], ...]:
    return (CheckpointRow.cell_id == cell_id, CheckpointRow.sha256 == sha256)
