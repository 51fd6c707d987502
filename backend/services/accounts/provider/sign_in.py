"""Leaving for an OpenID provider and coming back: signing in, or linking the provider's account to one's own.

The browser keeps one random secret in a cookie. State, nonce and the verifier of PKCE follow from it, so an
answer of the provider counts in the browser that has left, once, for ten minutes, and nowhere else.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import uuid4

from muscope.backend.accounts.admission import Identity
from muscope.backend.accounts.lifetimes import (
    FAILURES_FORGOTTEN,
    FREE_OF_ADDRESS,
    MAX_PROVIDER_LOGINS,
    PROVIDER_LOGIN,
)
from muscope.backend.accounts.roles import Visitor
from muscope.backend.accounts.secrets import derived, new_secret, sha256_of
from muscope.backend.db.accounts import credentials, identities
from muscope.backend.db.accounts import users as user_rows
from muscope.backend.db.schema.account_tables import ProviderLoginRow, UserRow
from muscope.backend.errors import (
    Conflict,
    Forbidden,
    MuscopeError,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from muscope.backend.services.accounts.audit import Actor, record
from muscope.backend.services.accounts.provider.client import Provider, word
from muscope.backend.services.accounts.provider.people import link, user_for
from muscope.backend.services.accounts.provider.views import (
    IdentityView,
    ProviderAnswer,
    ProviderRequest,
    ProviderSession,
)
from muscope.backend.services.accounts.sign_in import Place, begin_session, require_no_wait, view_of_user
from muscope.backend.services.accounts.visiting import are_in_use, require_user
from muscope.backend.services.context import Context


@dataclass(frozen=True)
class Leaving:
    """The secret for the browser's cookie, and the address that it leaves for."""

    secret: str
    address: str


@dataclass(frozen=True)
class Return:
    """A browser that comes back.

    Attributes:
        secret: of the cookie; None if the browser sends none.
        address: that the provider was told to lead back to.
        visitor: who is signed in in this browser.
        old_session: secret of the browser's present session.
    """

    secret: str | None
    address: str
    visitor: Visitor | None
    old_session: str | None
    place: Place


@dataclass(frozen=True)
class CameBack:
    """The new session's secret, and what the page shows."""

    secret: str
    view: ProviderSession


def leave(
    context: Context,
    provider: Provider | None,
    request: ProviderRequest,
    return_address: str,
    visitor: Visitor | None,
    place: Place,
) -> Leaving:
    """Return where a browser goes to sign in; with `connect`, to link what it finds there to one's account.

    Raises NotFound without a provider, Conflict before the first admin is made, Unauthorized for linking
    without a session, TooManyRequests for an address with many that have not come back, and Unavailable.
    """
    provider = _require(provider)
    if not are_in_use(context):
        raise Conflict("provider.before_first_admin")
    user_id = None
    if request.connect:
        if visitor is None or visitor.user_id is None or visitor.session_id is None:
            raise Unauthorized("account.sign_in_needed")
        user_id = visitor.user_id
    keys = _keys(place)
    with context.database.read() as session:
        require_no_wait(context, session, keys)
    secret, now = new_secret(), context.now()
    address = provider.address_for(secret, return_address, now)
    row = ProviderLoginRow(
        id=uuid4(),
        secret_sha256=sha256_of(secret),
        user_id=user_id,
        destination=request.to,
        address=place.address[:64],
        expires_at=now + PROVIDER_LOGIN,
    )
    with context.database.write() as session:
        is_stored = identities.add_login(session, row, now, MAX_PROVIDER_LOGINS)
    if not is_stored:
        raise TooManyRequests("provider.too_many", seconds=int(PROVIDER_LOGIN.total_seconds()))
    return Leaving(secret, address)


def come_back(context: Context, provider: Provider | None, answer: ProviderAnswer, back: Return) -> CameBack:
    """Begin a session for the person whom the provider names, or link that person to the signed-in user.

    Raises Unauthorized for an answer that does not belong to this browser, was used, is too old, or does not
    hold; Forbidden for a person without an account; Conflict for one that is linked elsewhere; Unavailable.
    """
    provider = _require(provider)
    secret = back.secret or ""
    if not secret or not hmac.compare_digest(answer.state, derived(secret, "state")):
        raise Unauthorized("provider.login_ended")
    keys = _keys(back.place)
    with context.database.write() as session:
        require_no_wait(context, session, keys)
        login = identities.take_login(session, sha256_of(secret), context.now())
    if login is None:
        raise Unauthorized("provider.login_ended")
    identity: Identity | None = None
    try:
        code = _code_of(provider, answer)
        identity = provider.identify(code, secret, back.address, context.now())
        return _enter(context, identity, login, back)
    except (Unauthorized, Forbidden, Conflict) as error:
        _note_refusal(context, identity, error, back.place)
        raise


def _code_of(provider: Provider, answer: ProviderAnswer) -> str:
    if answer.iss is not None and answer.iss != provider.issuer:
        raise Unauthorized("provider.token_invalid", reason="iss: response")
    if answer.error is not None or answer.code is None:
        raise Unauthorized("provider.refused", name=provider.name, reason=word(answer.error))
    return answer.code


def _enter(context: Context, identity: Identity, login: ProviderLoginRow, back: Return) -> CameBack:
    actor = Actor(identity.verified_email or identity.subject, back.place.address)
    with context.database.write() as session:
        user_rows.lock_all(session)
        if login.user_id is None:
            user = user_for(context, session, identity, actor)
        else:
            visitor = back.visitor
            if visitor is None or visitor.session_id is None or visitor.user_id != login.user_id:
                raise Unauthorized("provider.login_ended")
            user = require_user(session, visitor)
            link(context, session, identity, user, Actor(user.name, back.place.address))
        secret = begin_session(context, session, user, back.place, old=back.old_session)
        record(
            context, session, Actor(user.name, back.place.address), "sign_in", user.name, by=identity.issuer
        )
    return CameBack(secret, ProviderSession(session=view_of_user(user), to=login.destination))


def _note_refusal(context: Context, identity: Identity | None, error: MuscopeError, place: Place) -> None:
    """Log who was refused and why, and let an address that is refused often wait."""
    who = "-" if identity is None else identity.email or identity.subject
    with context.database.write() as session:
        for key in _keys(place):
            credentials.note_failure(session, key, context.now(), context.now() - FAILURES_FORGOTTEN)
        record(
            context, session, Actor(who, place.address), "sign_in.refused", who, by="provider", why=error.code
        )


def identity_view(context: Context, provider: Provider | None, visitor: Visitor) -> IdentityView:
    """Return the provider's account that is linked to one's own."""
    provider = _require(provider)
    with context.database.read() as session:
        user = require_user(session, visitor)
        row = identities.of_user(session, user.id, provider.issuer)
    return IdentityView(
        provider=provider.name,
        is_linked=row is not None,
        email=None if row is None else row.email,
        linked_at=None if row is None else row.linked_at,
    )


def disconnect(context: Context, provider: Provider | None, visitor: Visitor, actor: Actor) -> None:
    """End the link between the provider's account and one's own.

    Raises NotFound without a link, and Conflict for a user who could not sign in any more.
    """
    provider = _require(provider)
    with context.database.write() as session:
        user: UserRow = require_user(session, visitor)
        row = identities.of_user(session, user.id, provider.issuer)
        if row is None:
            raise NotFound("provider.not_linked", name=user.name)
        if user.password_hash is None:
            raise Conflict("provider.only_way", name=user.name)
        identities.forget(session, row)
        record(context, session, actor, "identity.unlinked", user.name, issuer=provider.issuer)


def _require(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFound("provider.none")
    return provider


def _keys(place: Place) -> dict[str, int]:
    return {f"address:{place.address}"[:100]: FREE_OF_ADDRESS}
