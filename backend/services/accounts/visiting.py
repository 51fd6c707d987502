"""The visitor of a request, by session or token; without accounts everybody is `local`."""

from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from muscope.backend.accounts.lifetimes import SEEN_AGAIN, is_session_live
from muscope.backend.accounts.roles import (
    Scope,
    Visitor,
    local_visitor,
    owner_for,
    scopes_of,
    scopes_of_token,
)
from muscope.backend.accounts.secrets import read_token, sha256_of
from muscope.backend.db.accounts import credentials, users
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import UserRow
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Unauthorized, Unavailable
from muscope.backend.services.context import Context


def visitor_of(context: Context, *, cookie: str | None, bearer: str | None) -> Visitor | None:
    """Return who visits; None if accounts are in use and nobody is signed in.

    Raises Unauthorized for a token that does not count, and Unavailable without a database, unless this
    process knows that there were no accounts.
    """
    if not are_in_use(context):
        return local_visitor(LOCAL_OWNER)
    if bearer is not None:
        return _by_token(context, bearer)
    return None if cookie is None else _by_session(context, cookie)


def are_in_use(context: Context) -> bool:
    """Tell whether there are accounts. Once there are, there always are; the database may be away before."""
    known = context.caches.accounts
    if known.are_in_use:
        return True
    try:
        with context.database.read() as session:
            known.are_in_use = users.are_there(session)
    except Unavailable:
        if known.are_in_use is None:
            raise
    return known.are_in_use


def _by_token(context: Context, text: str) -> Visitor:
    now, token = context.now(), read_token(text)
    if token is None:
        raise Unauthorized("token.unreadable")
    with context.database.read() as session:
        found = credentials.find_token(session, token.id)
    if found is None or not hmac.compare_digest(found[0].secret_sha256, sha256_of(token.secret)):
        raise Unauthorized("token.unknown")
    row, user = found
    if row.expires_at <= now:
        raise Unauthorized("token.expired", name=row.name, date=row.expires_at.date().isoformat())
    if _is_old(row.used_at, now):
        with suppress(Unavailable), context.database.write() as session:
            credentials.note_use(session, row.id, now)
    scopes = scopes_of_token([Scope(each) for each in row.scopes.split()], user.role)
    owner = owner_for(user.principal_id, scopes)
    return Visitor(user.name, owner, scopes, role=user.role, user_id=user.id, token_id=row.id)


def _by_session(context: Context, secret: str) -> Visitor | None:
    now = context.now()
    with context.database.read() as session:
        found = credentials.find_session(session, sha256_of(secret))
    if found is None or not is_session_live(found[0].created_at, found[0].seen_at, now):
        return None
    row, user = found
    if _is_old(row.seen_at, now):
        with suppress(Unavailable), context.database.write() as session:
            credentials.note_seen(session, row.id, now)
    return _signed_in(user, row.id)


def _signed_in(user: UserRow, session_id: UUID) -> Visitor:
    scopes = scopes_of(user.role)
    owner = owner_for(user.principal_id, scopes)
    return Visitor(user.name, owner, scopes, role=user.role, user_id=user.id, session_id=session_id)


def _is_old(used_at: datetime | None, now: datetime) -> bool:
    return used_at is None or now - used_at >= SEEN_AGAIN


def require_user(session: Session, visitor: Visitor) -> UserRow:
    """Return the row of a visitor; raises Unauthorized without an account."""
    user = None if visitor.user_id is None else users.find(session, visitor.user_id)
    if user is None:
        raise Unauthorized("account.none")
    return user
