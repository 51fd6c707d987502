"""People of an OpenID provider, and browsers that have left for it, as rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from muscope.backend.db.schema.account_tables import IdentityRow, ProviderLoginRow


def add_login(session: Session, row: ProviderLoginRow, now: datetime, most: int) -> bool:
    """Store a browser that leaves; False if too many have left from its address. Old ones are forgotten."""
    session.execute(delete(ProviderLoginRow).where(ProviderLoginRow.expires_at <= now))
    of_address = select(func.count()).where(ProviderLoginRow.address == row.address)
    if (session.scalar(of_address) or 0) >= most:
        return False
    session.add(row)
    session.flush()
    return True


def take_login(session: Session, secret_sha256: str, now: datetime) -> ProviderLoginRow | None:
    """Use a login up and return it; None for one that is unknown, used or too old."""
    row = session.scalar(select(ProviderLoginRow).where(ProviderLoginRow.secret_sha256 == secret_sha256))
    if row is None:
        return None
    session.expunge(row)
    result = session.execute(delete(ProviderLoginRow).where(ProviderLoginRow.id == row.id))
    assert isinstance(result, CursorResult)
    # Of two requests with the same secret, one deletes the row.
    return row if result.rowcount == 1 and now < row.expires_at else None


def find(session: Session, issuer: str, subject: str) -> IdentityRow | None:
    """Return a person of the provider who has signed in before."""
    return session.get(IdentityRow, (issuer, subject))


def of_user(session: Session, user_id: UUID, issuer: str) -> IdentityRow | None:
    """Return the person of the provider who signs in as a user."""
    statement = select(IdentityRow).where(IdentityRow.user_id == user_id, IdentityRow.issuer == issuer)
    return session.scalar(statement)


def add(session: Session, row: IdentityRow) -> None:
    """Store whom a person of the provider signs in as."""
    session.add(row)
    session.flush()


def forget(session: Session, row: IdentityRow) -> None:
    """Delete a link between a person of the provider and a user."""
    session.delete(row)
    session.flush()
