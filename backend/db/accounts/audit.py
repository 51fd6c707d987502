"""The audit log as rows; an entry is added in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
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
