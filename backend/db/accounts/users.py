"""Users and their one-time links as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from muscope.backend.accounts.roles import Role
from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.account_tables import SessionRow, SignInLinkRow, UserRow
from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow


def are_there(session: Session) -> bool:
    """Tell whether there is any user, so that everybody has to sign in."""
    return session.scalar(select(UserRow.id).limit(1)) is not None


def has_admin(session: Session) -> bool:
    """Tell whether there is an active admin, whether or not the invitation was used."""
    return num_admins(session) > 0


def num_admins(session: Session) -> int:
    """Count the active admins."""
    is_one = (UserRow.role == Role.ADMIN, UserRow.is_active.is_(True))
    return session.scalar(select(func.count()).select_from(UserRow).where(*is_one)) or 0


def lock_all(session: Session) -> None:
    """Let changes of roles and the making of the first admin come one after the other."""
    session.execute(select(PrincipalRow.id).where(PrincipalRow.id == LOCAL_OWNER).with_for_update())


def add(session: Session, row: UserRow) -> bool:
    """Store a user with a principal of the same name where it has none; False if the name is taken."""
    if find_by_name(session, row.name) is not None:
        return False
    insert_new(session, PrincipalRow, [{"id": row.principal_id, "name": row.name}])
    session.add(row)
    session.flush()
    return True


def change(
    session: Session, row: UserRow, *, role: Role | None, is_active: bool | None, own_principal: str
) -> None:
    """Give a user another role or activity; None leaves it.

    Args:
        own_principal: id of a new owner, for a viewer who may make things from now on: the work of another
            user, which was only shown until then, stays that user's.
    """
    if row.role is Role.VIEWER and role not in (None, Role.VIEWER) and _is_shown_another(session, row):
        insert_new(session, PrincipalRow, [{"id": own_principal, "name": row.name}])
        row.principal_id = own_principal
    row.role = row.role if role is None else role
    row.is_active = row.is_active if is_active is None else is_active
    session.flush()


def _is_shown_another(session: Session, row: UserRow) -> bool:
    """Tell whether what a user sees belongs to a user who was there before."""
    earlier = (
        UserRow.principal_id == row.principal_id,
        UserRow.id != row.id,
        UserRow.created_at < row.created_at,
    )
    return session.scalar(select(UserRow.id).where(*earlier).limit(1)) is not None


def find(session: Session, user_id: UUID) -> UserRow | None:
    """Return a user."""
    return session.get(UserRow, user_id)


def get(session: Session, user_id: UUID) -> UserRow:
    """Return a user that another row refers to."""
    return session.get_one(UserRow, user_id)


def find_by_name(session: Session, name: str) -> UserRow | None:
    """Return a user by name; letter case does not matter."""
    return session.scalar(select(UserRow).where(UserRow.name == name.lower()))


def all_of(session: Session) -> Sequence[UserRow]:
    """List the users by name."""
    return session.scalars(select(UserRow).order_by(UserRow.name)).all()


def last_seen(session: Session) -> dict[UUID, datetime]:
    """Return when each user's browsers were last used; users without a session are left out."""
    rows = session.execute(
        select(SessionRow.user_id, func.max(SessionRow.seen_at)).group_by(SessionRow.user_id)
    )
    return {row[0]: row[1] for row in rows}


def add_link(session: Session, row: SignInLinkRow) -> None:
    """Store a one-time link; earlier ones of the same user, or of no user, end."""
    session.execute(delete(SignInLinkRow).where(_of(row.user_id)))
    session.add(row)
    session.flush()


def take_link(session: Session, secret_sha256: str, now: datetime) -> SignInLinkRow | None:
    """Use a link up and return it; None for one that is unknown, used or too old."""
    row = session.scalar(
        select(SignInLinkRow).where(SignInLinkRow.secret_sha256 == secret_sha256).with_for_update()
    )
    if row is None:
        return None
    session.execute(delete(SignInLinkRow).where(SignInLinkRow.id == row.id))
    return row if now < row.expires_at else None


def end_links(session: Session, user_id: UUID | None) -> None:
    """End the links of a user, or those that make the first admin."""
    session.execute(delete(SignInLinkRow).where(_of(user_id)))


def _of(user_id: UUID | None) -> ColumnElement[bool]:
    return SignInLinkRow.user_id.is_(None) if user_id is None else SignInLinkRow.user_id == user_id
