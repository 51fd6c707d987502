"""The audit log: who changed what, from where."""

from __future__ import annotations

from dataclasses import dataclass

from muscope.backend.accounts.chain import first_break
from muscope.backend.accounts.roles import Visitor
from muscope.backend.db.accounts import audit as audit_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import AuditRow
from muscope.backend.services.accounts.views import AuditPage, AuditView
from muscope.backend.services.context import Context


@dataclass(frozen=True)
class Actor:
    """The one who changes something, and where the request came from."""

    name: str
    address: str
    token_id: str | None = None


COMMAND_LINE = Actor("command line", "this host")


def actor_of(visitor: Visitor, address: str) -> Actor:
    """Return the actor that a visitor is."""
    return Actor(visitor.name, address[:64], visitor.token_id)


def record(
    context: Context, session: Session, actor: Actor, action: str, subject: str, **details: object
) -> None:
    """Add an entry in the transaction of the change it tells of."""
    audit_rows.add(
        session,
        AuditRow(
            at=context.now(),
            actor=actor.name[:64],
            token_id=actor.token_id,
            address=actor.address,
            action=action,
            subject=subject[:200],
            details=details,
        ),
    )


def record_request(context: Context, actor: Actor, method: str, path: str) -> None:
    """Add an entry of a request that has changed something."""
    with context.database.write() as session:
        record(context, session, actor, f"request.{method.lower()}", path)


def list_entries(context: Context, *, before: int | None, limit: int) -> AuditPage:
    """Return one page, newest first, and whether the whole log is unbroken."""
    with context.database.read() as session:
        rows = audit_rows.latest(session, before=before, limit=limit + 1)
        everything = audit_rows.oldest_first(session)
        broken = first_break((row.sha256, audit_rows.facts_of(row)) for row in everything)
        shown = tuple(AuditView.model_validate(row, from_attributes=True) for row in rows[:limit])
    return AuditPage(
        entries=shown, next=shown[-1].id if len(rows) > limit else None, is_unbroken=broken is None
    )
