"""Stored sweeps: found by id or by the file, changed under a lock, removed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.schema.sweeps import SweepRow


def add(session: Session, row: SweepRow) -> SweepRow:
    """Store a sweep; return the one that was stored meanwhile if its file is the same."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        known = find(session, row.owner_id, row.source_sha256)
        if known is None:
            raise
        return known
    return row


def find(session: Session, owner_id: str, source_sha256: str) -> SweepRow | None:
    """Return the owner's sweep with this file."""
    return session.scalar(
        select(SweepRow)
        .where(SweepRow.owner_id == owner_id, SweepRow.source_sha256 == source_sha256)
        .options(undefer(SweepRow.reading))
    )


def get(session: Session, owner_id: str, sweep_id: UUID, *, lock: bool = False) -> SweepRow | None:
    """Return one of the owner's sweeps with its file and reading; locked against other writers on wish."""
    statement = (
        select(SweepRow)
        .where(is_seen_by(owner_id, SweepRow.owner_id), SweepRow.id == sweep_id)
        .options(undefer(SweepRow.reading), undefer(SweepRow.source))
    )
    return session.scalar(statement.with_for_update() if lock else statement)


def remove(session: Session, owner_id: str, sweep_id: UUID) -> bool:
    """Delete a sweep; tell whether there was one."""
    is_it = (is_seen_by(owner_id, SweepRow.owner_id), SweepRow.id == sweep_id)
    found = session.scalars(delete(SweepRow).where(*is_it).returning(SweepRow.id)).all()
    return bool(found)


def stored_bytes(session: Session, owner_id: str | None) -> int:
    """Return the size of the files of an owner's sweeps as they were sent; of all owners for None."""
    statement = select(func.coalesce(func.sum(SweepRow.source_bytes), 0))
    if owner_id is not None:
        statement = statement.where(SweepRow.owner_id == owner_id)
    return int(session.scalar(statement) or 0)
