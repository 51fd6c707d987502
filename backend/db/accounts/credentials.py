"""Sessions, API tokens and failed sign-ins as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, Delete, delete, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.schema.account_tables import ApiTokenRow, SessionRow, SignInFailureRow, UserRow


def add_session(session: Session, row: SessionRow) -> None:
    """Store a session."""
    session.add(row)
    session.flush()


def find_session(session: Session, secret_sha256: str) -> tuple[SessionRow, UserRow] | None:
    """Return a session and its active user by what is stored of the secret."""
    found = session.execute(
        select(SessionRow, UserRow)
        .join(UserRow, UserRow.id == SessionRow.user_id)
        .where(SessionRow.secret_sha256 == secret_sha256, UserRow.is_active.is_(True))
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def note_seen(session: Session, session_id: UUID, now: datetime) -> None:
    """Record that a session was used."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=now))


def sessions_of(session: Session, user_id: UUID) -> Sequence[SessionRow]:
    """List a user's sessions, the last used first."""
    statement = select(SessionRow).where(SessionRow.user_id == user_id)
    return session.scalars(statement.order_by(SessionRow.seen_at.desc(), SessionRow.id)).all()


def end_session(session: Session, user_id: UUID, session_id: UUID) -> bool:
    """End one of a user's sessions; False if there is none."""
    return _delete(
        session, delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.id == session_id)
    )


def end_all(session: Session, user_id: UUID, *, with_tokens: bool = False, but: UUID | None = None) -> None:
    """End a user's sessions, all or all but one, and on demand the tokens."""
    sessions = delete(SessionRow).where(SessionRow.user_id == user_id)
    session.execute(sessions if but is None else sessions.where(SessionRow.id != but))
    if with_tokens:
        session.execute(delete(ApiTokenRow).where(ApiTokenRow.user_id == user_id))


def forget_sessions(session: Session, created_by: datetime, seen_by: datetime) -> None:
    """Delete the sessions that have ended by themselves."""
    session.execute(delete(SessionRow).where(SessionRow.created_at <= created_by))
    session.execute(delete(SessionRow).where(SessionRow.seen_at <= seen_by))


def add_token(session: Session, row: ApiTokenRow) -> None:
    """Store a token."""
    session.add(row)
    session.flush()


def find_token(session: Session, token_id: str) -> tuple[ApiTokenRow, UserRow] | None:
    """Return a token and its active user by the id that the token itself names."""
    found = session.execute(
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.user_id)
        .where(ApiTokenRow.id == token_id, UserRow.is_active.is_(True))
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def note_use(session: Session, token_id: str, now: datetime) -> None:
    """Record that a token was used."""
    session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(used_at=now))


def tokens_of(session: Session, user_id: UUID) -> Sequence[ApiTokenRow]:
    """List a user's tokens, newest first."""
    statement = select(ApiTokenRow).where(ApiTokenRow.user_id == user_id)
    return session.scalars(statement.order_by(ApiTokenRow.created_at.desc(), ApiTokenRow.id)).all()


def end_token(session: Session, user_id: UUID, token_id: str) -> bool:
    """End one of a user's tokens; False if there is none."""
    return _delete(
        session, delete(ApiTokenRow).where(ApiTokenRow.user_id == user_id, ApiTokenRow.id == token_id)
    )


def failures(session: Session, keys: Sequence[str], since: datetime) -> dict[str, tuple[int, datetime]]:
    """Return the failed sign-ins by key: their number and the time of the last."""
    rows = session.scalars(
        select(SignInFailureRow).where(SignInFailureRow.key.in_(keys), SignInFailureRow.last_at > since)
    )
    return {row.key: (row.failures, row.last_at) for row in rows}


def note_failure(session: Session, key: str, now: datetime, since: datetime) -> None:
    """Count a failed sign-in; those before `since` are forgotten."""
    session.execute(delete(SignInFailureRow).where(SignInFailureRow.last_at <= since))
    row = session.get(SignInFailureRow, key, with_for_update=True)
    if row is None:
        session.add(SignInFailureRow(key=key, failures=1, last_at=now))
    else:
        row.failures, row.last_at = row.failures + 1, now
    session.flush()


def forget_failures(session: Session, key: str) -> None:
    """Forget the failed sign-ins of a key."""
    session.execute(delete(SignInFailureRow).where(SignInFailureRow.key == key))


def _delete(session: Session, statement: Delete) -> bool:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)
