"""The audit log: who changed what, from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muscope.backend.accounts.chain import START, first_break
from muscope.backend.accounts.roles import Visitor
from muscope.backend.db.accounts import audit as audit_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import AuditRow
from muscope.backend.services.accounts.views import AuditPage, AuditView
from muscope.backend.services.context import Also, Context


@dataclass(frozen=True)
class Actor:
    """The one who changes something, and where the request came from."""

    name: str
    address: str
    token_id: str | None = None


COMMAND_LINE = Actor("command line", "this host")
# The entry that takes the place of those that were too old: how many, and the hash that the rest follow on.
AUDIT_REMOVED = "retention.audit_entries"


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
        entry_of(context, actor, method, path)(session)


def entry_of(
    context: Context, actor: Actor, method: str, path: str, note: Callable[[], None] = lambda: None
) -> Also:
    """Return what adds an entry of a request in the transaction of its change, and then calls `note`."""

    def add(session: Session) -> None:
        record(context, session, actor, f"request.{method.lower()}", path)
        note()

    return add


def list_entries(context: Context, *, before: int | None, limit: int) -> AuditPage:
    """Return one page, newest first, and whether the whole log is unbroken."""
    with context.database.read() as session:
        rows = audit_rows.latest(session, before=before, limit=limit + 1)
        everything = audit_rows.oldest_first(session)
        facts = ((row.sha256, audit_rows.facts_of(row)) for row in everything)
        broken = first_break(facts, start=_start_of(everything))
        shown = tuple(AuditView.model_validate(row, from_attributes=True) for row in rows[:limit])
    return AuditPage(
        entries=shown, next=shown[-1].id if len(rows) > limit else None, is_unbroken=broken is None
    )


def _start_of(entries: Sequence[AuditRow]) -> str:
    """Return the hash that the oldest entry follows on: that of the last entry which was too old to keep."""
    removals = [row.details["last"] for row in entries if row.action == AUDIT_REMOVED]
    return str(removals[-1]) if removals else START
