"""The audit log as rows; an entry is added in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from muscope.backend.accounts.chain import START, entry_sha256
from muscope.backend.db.schema.account_tables import AuditRow


def add(session: Session, row: AuditRow) -> None:
    """Add an entry after the last one; other writers wait until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("audit", 0))))
    last = session.scalar(select(AuditRow.sha256).order_by(AuditRow.id.desc()).limit(1))
    row.sha256 = entry_sha256(last or START, facts_of(row))
    session.add(row)
    session.flush()


def num_before(session: Session, before: datetime) -> int:
    """Count the entries that lie before the first one of a moment or later."""
    is_before = _is_before(session, before)
    return session.scalar(select(func.count()).select_from(AuditRow).where(is_before)) or 0


def has_only(session: Session, action: str, before: datetime) -> bool:
    """Tell whether all entries that `num_before` counts are of one action."""
    others = select(AuditRow.id).where(_is_before(session, before), AuditRow.action != action)
    return session.scalar(others.limit(1)) is None


def last_before(session: Session, before: datetime) -> str:
    """Return the hash of the last entry that `num_before` counts, or the chain's start."""
    newest_first = select(AuditRow.sha256).where(_is_before(session, before)).order_by(AuditRow.id.desc())
    return session.scalar(newest_first.limit(1)) or START


def remove_before(session: Session, before: datetime) -> None:
    """Delete the entries that `num_before` counts.

    Only whole beginnings of the chain go, so that what is left can still be checked.
    """
    session.execute(delete(AuditRow).where(_is_before(session, before)))


def facts_of(row: AuditRow) -> Mapping[str, object]:
    """Return what an entry's hash covers."""
    return {
        "at": row.at.isoformat(),
        "actor": row.actor,
        "token_id": row.token_id,
        "address": row.address,
        "action": row.action,
        "subject": row.subject,
        "details": row.details,
    }


def latest(session: Session, *, before: int | None, limit: int) -> Sequence[AuditRow]:
    """List the newest entries, or the newest of those before one."""
    statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    return session.scalars(statement if before is None else statement.where(AuditRow.id < before)).all()


def oldest_first(session: Session) -> Sequence[AuditRow]:
    """List all entries in the order in which they were added."""
    return session.scalars(select(AuditRow).order_by(AuditRow.id)).all()


def _is_before(session: Session, before: datetime) -> ColumnElement[bool]:
    first_left = session.scalar(select(func.min(AuditRow.id)).where(AuditRow.at >= before))
    return AuditRow.at < before if first_left is None else AuditRow.id < first_left
