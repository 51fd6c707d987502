"""Signing in and out, and the wait after wrong passwords."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from uuid import UUID, uuid4

from muscope.backend.accounts.lifetimes import (
    FAILURES_FORGOTTEN,
    FREE_OF_ACCOUNT,
    FREE_OF_ADDRESS,
    SESSION,
    SESSION_IDLE,
    wait_after,
)
from muscope.backend.accounts.passwords import is_right
from muscope.backend.accounts.roles import Visitor, scopes_of
from muscope.backend.accounts.secrets import new_secret, sha256_of
from muscope.backend.db.accounts import credentials, users
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import SessionRow, UserRow
from muscope.backend.errors import TooManyRequests, Unauthorized
from muscope.backend.services.accounts.audit import Actor, record
from muscope.backend.services.accounts.views import SessionView
from muscope.backend.services.accounts.visiting import are_in_use
from muscope.backend.services.context import Context


@dataclass(frozen=True)
class Place:
    """Address and browser of a request."""

    address: str
    browser: str


@dataclass(frozen=True)
class SignedIn:
    """The secret for the cookie, and what the page shows."""

    secret: str
    view: SessionView


def sign_in(context: Context, name: str, password: str, place: Place, *, old: str | None = None) -> SignedIn:
    """Begin a session and end the browser's earlier one.

    Raises Unauthorized for a wrong name or password, which look the same, and TooManyRequests after many.
    """
    keys = {f"name:{name.lower()}"[:100]: FREE_OF_ACCOUNT, f"address:{place.address}"[:100]: FREE_OF_ADDRESS}
    with context.database.read() as session:
        require_no_wait(context, session, keys)
        user = users.find_by_name(session, name)
    # Slow on purpose, so outside of a transaction.
    is_known = is_right(password, user.password_hash if user and user.is_active else None)
    with context.database.write() as session:
        actor = Actor(name, place.address)
        if user is None or not is_known:
            for key in keys:
                credentials.note_failure(session, key, context.now(), context.now() - FAILURES_FORGOTTEN)
            record(context, session, actor, "sign_in.refused", name)
        else:
            credentials.forget_failures(session, next(iter(keys)))
            secret = begin_session(context, session, user, place, old=old)
            record(context, session, actor, "sign_in", user.name)
    if user is None or not is_known:
        raise Unauthorized("sign_in.wrong")
    return SignedIn(secret, view_of_user(user))


def begin_session(context: Context, session: Session, user: UserRow, place: Place, *, old: str | None) -> str:
    """Store a session and return its secret; the browser's earlier one ends."""
    now, secret = context.now(), new_secret()
    credentials.forget_sessions(session, now - SESSION, now - SESSION_IDLE)
    if old is not None and (known := credentials.find_session(session, sha256_of(old))):
        credentials.end_session(session, known[0].user_id, known[0].id)
    credentials.add_session(
        session,
        SessionRow(
            id=uuid4(),
            secret_sha256=sha256_of(secret),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            address=place.address[:64],
            browser=place.browser[:200],
        ),
    )
    return secret


def sign_out(context: Context, visitor: Visitor | None) -> None:
    """End a visitor's session; without one there is nothing to end."""
    if visitor is not None and visitor.user_id is not None and visitor.session_id is not None:
        end_session(context, visitor.user_id, visitor.session_id)


def end_session(context: Context, user_id: UUID, session_id: UUID) -> bool:
    """End a user's session; False if there is none."""
    with context.database.write() as session:
        return credentials.end_session(session, user_id, session_id)


def session_view(context: Context, visitor: Visitor | None) -> SessionView:
    """Return who is signed in, for the page."""
    if visitor is None:
        return SessionView(accounts=True, name=None, role=None, scopes=())
    has_account = visitor.user_id is not None
    return SessionView(
        accounts=are_in_use(context),
        name=visitor.name if has_account else None,
        role=visitor.role,
        scopes=tuple(sorted(visitor.scopes)),
    )


def view_of_user(user: UserRow) -> SessionView:
    """Return what the page shows of a user who has just signed in."""
    scopes = tuple(sorted(scopes_of(user.role)))
    return SessionView(accounts=True, name=user.name, role=user.role, scopes=scopes)


def require_no_wait(context: Context, session: Session, free: dict[str, int]) -> None:
    """Raise TooManyRequests while one of the keys has to wait.

    Args:
        free: failures that cost nothing, by key.
    """
    now = context.now()
    found = credentials.failures(session, list(free), now - FAILURES_FORGOTTEN)
    waits = [last + wait_after(count, free[key]) - now for key, (count, last) in found.items()]
    seconds = ceil(max((wait.total_seconds() for wait in waits), default=0))
    if seconds > 0:
        raise TooManyRequests("sign_in.wait", seconds=seconds)
