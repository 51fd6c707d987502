"""Users, for admins: inviting, roles, deactivating, and the one-time links that set passwords."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from muscope.backend.accounts.lifetimes import INVITATION, LINK
from muscope.backend.accounts.roles import Role
from muscope.backend.accounts.secrets import new_secret, sha256_of
from muscope.backend.db.accounts import credentials
from muscope.backend.db.accounts import users as user_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import SignInLinkRow, UserRow
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Conflict, NotFound
from muscope.backend.services.accounts.audit import Actor, record
from muscope.backend.services.accounts.views import InvitationRequest, LinkView, UserChange, UserView
from muscope.backend.services.context import Context

# Page that a link opens; the secret stands behind `#`, which no browser sends and no proxy logs.
WELCOME = "/welcome"


def list_users(context: Context) -> list[UserView]:
    """List the users by name."""
    with context.database.read() as session:
        seen = user_rows.last_seen(session)
        everybody = user_rows.all_of(session)
        return [_view(row, everybody, seen.get(row.id)) for row in everybody]


def invite(context: Context, actor: Actor, request: InvitationRequest) -> LinkView:
    """Make a user who has no password yet, and a link that sets one.

    Raises Conflict for a name that is taken, NotFound for an unknown user in `reads`.
    """
    with context.database.write() as session:
        user_rows.lock_all(session)
        shown = request.reads or actor.name
        row = UserRow(
            id=uuid4(),
            name=request.name,
            principal_id=_principal(session, request, shown),
            role=request.role,
            created_at=context.now(),
        )
        if not user_rows.add(session, row):
            raise Conflict("user.name_taken", name=request.name)
        record(context, session, actor, "user.invited", row.name, role=row.role.value)
        return _link(session, row, INVITATION + context.now())


def new_link(context: Context, actor: Actor, user_id: UUID) -> LinkView:
    """Make another link for a user who lost the password or the invitation; earlier ones end."""
    with context.database.write() as session:
        row = _find(session, user_id)
        record(context, session, actor, "user.link", row.name)
        return _link(session, row, LINK + context.now())


def change_user(context: Context, actor: Actor, user_id: UUID, change: UserChange) -> UserView:
    """Change role or activity; it holds from the next request on. Raises Conflict for the last admin."""
    with context.database.write() as session:
        user_rows.lock_all(session)
        row = _find(session, user_id)
        user_rows.change(
            session, row, role=change.role, is_active=change.is_active, own_principal=str(uuid4())
        )
        if not user_rows.has_admin(session):
            raise Conflict("user.last_admin", name=row.name)
        if not row.is_active:
            credentials.end_all(session, row.id, with_tokens=True)
            user_rows.end_links(session, row.id)
        record(context, session, actor, "user.changed", row.name, role=row.role.value, active=row.is_active)
        return _view(row, user_rows.all_of(session), None)


def user_named(context: Context, name: str) -> UUID:
    """Return the id of a user; raises NotFound."""
    with context.database.read() as session:
        row = user_rows.find_by_name(session, name)
    if row is None:
        raise NotFound("user.not_found", name=name)
    return row.id


def first_link(context: Context) -> str | None:
    """Return the path of a link that makes the first admin; None once there is a user."""
    with context.database.write() as session:
        if user_rows.are_there(session):
            return None
        return _stored_link(session, None, context.now() + LINK)


def _principal(session: Session, request: InvitationRequest, shown: str) -> str:
    """Return the owner of what a user makes: an own one, of a viewer that of the user who is read."""
    if request.role is not Role.VIEWER:
        return LOCAL_OWNER if not user_rows.are_there(session) else str(uuid4())
    row = user_rows.find_by_name(session, shown)
    if row is None and request.reads is not None:
        raise NotFound("user.not_found", name=shown)
    return LOCAL_OWNER if row is None else row.principal_id


def _link(session: Session, row: UserRow, expires_at: datetime) -> LinkView:
    path = _stored_link(session, row.id, expires_at)
    return LinkView(user=_view(row, user_rows.all_of(session), None), path=path, expires_at=expires_at)


def _stored_link(session: Session, user_id: UUID | None, expires_at: datetime) -> str:
    secret = new_secret()
    row = SignInLinkRow(id=uuid4(), secret_sha256=sha256_of(secret), user_id=user_id, expires_at=expires_at)
    user_rows.add_link(session, row)
    return f"{WELCOME}#{secret}"


def _find(session: Session, user_id: UUID) -> UserRow:
    row = user_rows.find(session, user_id)
    if row is None:
        raise NotFound("user.not_found", name=str(user_id))
    return row


def _view(row: UserRow, everybody: Sequence[UserRow], seen_at: datetime | None) -> UserView:
    shown = [each.name for each in everybody if each.principal_id == row.principal_id and each.id != row.id]
    return UserView(
        id=row.id,
        name=row.name,
        role=row.role,
        is_active=row.is_active,
        has_password=row.password_hash is not None,
        reads=shown[0] if row.role is Role.VIEWER and shown else None,
        created_at=row.created_at,
        seen_at=seen_at,
    )
