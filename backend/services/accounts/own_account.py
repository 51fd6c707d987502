"""One's own account: the password, the tokens and the browsers that are signed in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from muscope.backend.accounts.lifetimes import FAILURES_FORGOTTEN, FREE_OF_ACCOUNT
from muscope.backend.accounts.passwords import hash_of, is_right, require_strong
from muscope.backend.accounts.roles import Role, Scope, Visitor, scopes_of
from muscope.backend.accounts.secrets import new_token, sha256_of
from muscope.backend.db.accounts import credentials
from muscope.backend.db.accounts import users as user_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import ApiTokenRow, UserRow
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Forbidden, InvalidInput, NotFound, Unauthorized
from muscope.backend.services.accounts.audit import Actor, record
from muscope.backend.services.accounts.sign_in import (
    Place,
    SignedIn,
    begin_session,
    require_no_wait,
    view_of_user,
)
from muscope.backend.services.accounts.views import (
    BrowserView,
    InvitationAnswer,
    NewToken,
    PasswordChange,
    TokenRequest,
    TokenView,
)
from muscope.backend.services.accounts.visiting import require_user
from muscope.backend.services.context import Context


def accept_link(context: Context, answer: InvitationAnswer, place: Place) -> SignedIn:
    """Set a password by a one-time link and sign in; the link that belongs to nobody makes the first admin.

    Raises Unauthorized for a link that is unknown, used or too old, InvalidInput for a weak password, after
    which the link still counts.
    """
    name = answer.name or "admin"
    require_strong(answer.password, [name])
    password_hash = hash_of(answer.password)
    with context.database.write() as session:
        user_rows.lock_all(session)
        link = user_rows.take_link(session, sha256_of(answer.secret), context.now())
        user = None if link is None else _user_of(context, session, link.user_id, name)
        if user is not None:
            user.password_hash = password_hash
            credentials.end_all(session, user.id)
            credentials.forget_failures(session, f"name:{user.name}")
            record(context, session, Actor(user.name, place.address), "password.set_by_link", user.name)
            # The link is proof enough: an address that has to wait after guesses would lose it otherwise.
            secret = begin_session(context, session, user, place, old=None)
            return SignedIn(secret, view_of_user(user))
    raise Unauthorized("link.ended")


def _user_of(context: Context, session: Session, user_id: UUID | None, name: str) -> UserRow | None:
    """Return the active user whom a link belongs to, or the first admin, who is made here."""
    if user_id is not None:
        user = user_rows.find(session, user_id)
        return user if user is not None and user.is_active else None
    if user_rows.are_there(session):
        return None
    row = UserRow(id=uuid4(), name=name, principal_id=LOCAL_OWNER, role=Role.ADMIN, created_at=context.now())
    user_rows.add(session, row)
    return row


def change_password(context: Context, visitor: Visitor, change: PasswordChange, place: Place) -> SignedIn:
    """Set another password; every other browser is signed out, tokens stay.

    Raises Forbidden for a wrong present password, TooManyRequests after many of them, InvalidInput for a weak
    new one.
    """
    with context.database.read() as session:
        user = require_user(session, visitor)
        key = f"name:{user.name}"  # that of signing in: a stolen browser gets no further attempts
        require_no_wait(context, session, {key: FREE_OF_ACCOUNT})
    if not is_right(change.present, user.password_hash):
        with context.database.write() as session:
            credentials.note_failure(session, key, context.now(), context.now() - FAILURES_FORGOTTEN)
        raise Forbidden("password.wrong")
    require_strong(change.new, [user.name])
    password_hash = hash_of(change.new)
    with context.database.write() as session:
        user = require_user(session, visitor)
        user.password_hash = password_hash
        credentials.end_all(session, user.id)
        secret = begin_session(context, session, user, place, old=None)
        record(context, session, Actor(user.name, place.address), "password.changed", user.name)
    return SignedIn(secret, view_of_user(user))


def make_token(context: Context, visitor: Visitor, actor: Actor, request: TokenRequest) -> NewToken:
    """Store a token and return its text; raises InvalidInput for a scope that the role does not have."""
    token, now = new_token(), context.now()
    with context.database.write() as session:
        user = require_user(session, visitor)
        if beyond := sorted(request.scopes - scopes_of(user.role)):
            raise InvalidInput("token.scope", scopes=", ".join(beyond), role=user.role.value)
        row = ApiTokenRow(
            id=token.id,
            secret_sha256=sha256_of(token.secret),
            user_id=user.id,
            name=request.name,
            scopes=" ".join(sorted(request.scopes)),
            created_at=now,
            expires_at=now + timedelta(days=request.days),
        )
        credentials.add_token(session, row)
        record(context, session, actor, "token.made", request.name, id=token.id, scopes=row.scopes)
    return NewToken(token=str(token), view=_token_view(row))


def list_tokens(context: Context, visitor: Visitor) -> list[TokenView]:
    """List one's own tokens, newest first."""
    with context.database.read() as session:
        user = require_user(session, visitor)
        return [_token_view(row) for row in credentials.tokens_of(session, user.id)]


def end_token(context: Context, visitor: Visitor, actor: Actor, token_id: str) -> None:
    """End one of one's own tokens; raises NotFound."""
    with context.database.write() as session:
        user = require_user(session, visitor)
        if not credentials.end_token(session, user.id, token_id):
            raise NotFound("token.not_found", id=token_id)
        record(context, session, actor, "token.ended", token_id)


def list_browsers(context: Context, visitor: Visitor) -> list[BrowserView]:
    """List the browsers that are signed in to one's own account, the last used first."""
    with context.database.read() as session:
        user = require_user(session, visitor)
        return [
            BrowserView(
                id=row.id,
                is_this=row.id == visitor.session_id,
                address=row.address,
                browser=row.browser,
                created_at=row.created_at,
                seen_at=row.seen_at,
            )
            for row in credentials.sessions_of(session, user.id)
        ]


def end_browser(context: Context, visitor: Visitor, actor: Actor, session_id: UUID) -> None:
    """Sign one of one's own browsers out; raises NotFound."""
    with context.database.write() as session:
        user = require_user(session, visitor)
        if not credentials.end_session(session, user.id, session_id):
            raise NotFound("session.not_found", id=str(session_id))
        record(context, session, actor, "session.ended", str(session_id))


def _token_view(row: ApiTokenRow) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        scopes=tuple(Scope(each) for each in row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
