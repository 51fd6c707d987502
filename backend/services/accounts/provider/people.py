"""Accounts of a provider's people: found by issuer and subject, linked, or made where the operator allows."""

from __future__ import annotations

from uuid import uuid4

from muscope.backend.accounts.admission import Identity, Rules, is_allowed, name_of, role_of, rules_of
from muscope.backend.accounts.roles import Role
from muscope.backend.db.accounts import identities
from muscope.backend.db.accounts import users as user_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.account_tables import IdentityRow, UserRow
from muscope.backend.errors import Conflict, Forbidden
from muscope.backend.services.accounts.audit import Actor, record
from muscope.backend.services.context import Context
from muscope.backend.settings import Settings


def user_for(context: Context, session: Session, identity: Identity, actor: Actor) -> UserRow:
    """Return the user that a person signs in as; new people get an account if they are allowed one.

    Raises Forbidden for a person who is not, and Conflict for a name that another account has.
    """
    rules = rules_from(context.settings)
    known = identities.find(session, identity.issuer, identity.subject)
    if known is None:
        user = _invited(session, identity) or _made(context, session, identity, rules, actor)
        link(context, session, identity, user, actor)
    else:
        user = user_rows.get(session, known.user_id)
        if not user.is_active:
            raise Forbidden("provider.account_inactive", name=user.name)
        known.used_at, known.email = context.now(), identity.email
    _follow_claim(context, session, identity, rules, user, actor)
    return user


def link(context: Context, session: Session, identity: Identity, user: UserRow, actor: Actor) -> None:
    """Let a person sign in as a user from now on; raises Conflict if either has another counterpart."""
    known = identities.find(session, identity.issuer, identity.subject)
    if known is not None and known.user_id != user.id:
        raise Conflict("provider.linked_elsewhere")
    if known is None and identities.of_user(session, user.id, identity.issuer) is not None:
        raise Conflict("provider.linked_already", name=user.name)
    if known is None:
        now = context.now()
        row = IdentityRow(
            issuer=identity.issuer,
            subject=identity.subject,
            user_id=user.id,
            email=identity.email,
            linked_at=now,
            used_at=now,
        )
        identities.add(session, row)
        details = {"issuer": identity.issuer, "person": identity.subject}
        record(context, session, actor, "identity.linked", user.name, **details)


def rules_from(settings: Settings) -> Rules:
    """Return the rules of admission that the settings hold."""
    return rules_of(
        settings.oidc_allowed, settings.oidc_role_claim, settings.oidc_roles, settings.oidc_default_role
    )


def _invited(session: Session, identity: Identity) -> UserRow | None:
    """Return the user whom an admin has invited by the verified address and who has never signed in.

    An account with a password, or an admin's, is linked by its owner alone.
    """
    email = identity.verified_email
    user = None if email is None else user_rows.find_by_name(session, email)
    if user is None or user.password_hash is not None or user.role is Role.ADMIN or not user.is_active:
        return None
    if identities.of_user(session, user.id, identity.issuer) is not None:
        return None
    user_rows.end_links(session, user.id)
    return user


def _made(context: Context, session: Session, identity: Identity, rules: Rules, actor: Actor) -> UserRow:
    if identity.email is not None and not identity.is_email_verified:
        raise Forbidden("provider.email_unverified", email=identity.email)
    if not is_allowed(identity, rules):
        raise Forbidden("provider.not_admitted", email=identity.email or "–")
    role = _role(identity, rules)
    user = UserRow(
        id=uuid4(),
        name=name_of(identity),
        principal_id=_principal(context, session, role),
        role=role,
        created_at=context.now(),
    )
    if not user_rows.add(session, user):
        raise Conflict("provider.name_taken", name=user.name)
    record(context, session, actor, "user.admitted", user.name, role=role.value)
    return user


def _role(identity: Identity, rules: Rules) -> Role:
    role = role_of(identity, rules)
    if role is None:
        raise Forbidden("provider.no_role", claim=rules.role_claim or "–")
    return role


def _principal(context: Context, session: Session, role: Role) -> str:
    """Return the owner of what a new user makes; for a viewer of the user whose work the operator shows."""
    shown = context.settings.oidc_viewers_read
    row = user_rows.find_by_name(session, shown) if shown is not None and role is Role.VIEWER else None
    return str(uuid4()) if row is None else row.principal_id


def _follow_claim(
    context: Context, session: Session, identity: Identity, rules: Rules, user: UserRow, actor: Actor
) -> None:
    """Give a user the role that the claim names now; an admin stays one, whatever a provider says."""
    if rules.role_claim is None or user.role is Role.ADMIN:
        return
    role = _role(identity, rules)
    if role is user.role:
        return
    user_rows.change(session, user, role=role, is_active=None, own_principal=str(uuid4()))
    record(context, session, actor, "user.changed", user.name, role=role.value, active=True)
