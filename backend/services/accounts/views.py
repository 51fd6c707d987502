"""Requests and answers about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from muscope.backend.accounts.lifetimes import LONGEST_TOKEN_DAYS
from muscope.backend.accounts.passwords import LONGEST
from muscope.backend.accounts.roles import Role, Scope
from muscope.backend.domain.spec.dataset import Frozen

UserName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$", max_length=64, strip_whitespace=True, to_lower=True
    ),
    Field(examples=["a.sato"], description="Letters, digits and `._@+-`; letter case does not matter."),
]
Password = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Secret = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
TokenName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)]

_WORDS = "four words nobody says"


def _example(**values: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class SessionView(Frozen):
    """The visitor of a request, for the page."""

    accounts: bool = Field(description="True where one must sign in.")
    name: str | None = Field(
        description="Name of the user; null if nobody is signed in, or without accounts."
    )
    role: Role | None
    scopes: tuple[Scope, ...]


class SignInRequest(Frozen):
    """Name and password."""

    model_config = _example(name="a.sato", password=_WORDS)

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Password


class InvitationAnswer(Frozen):
    """A one-time link's secret and the password that is set by it."""

    model_config = _example(secret="0" * 64, password=_WORDS)

    secret: Secret = Field(description="The part of the link after `#`.")
    name: UserName | None = Field(default=None, description="Name of the first admin; else left out.")
    password: Password


class InvitationRequest(Frozen):
    """A new user."""

    model_config = _example(name="a.sato", role="runner")

    name: UserName
    role: Role = Role.RUNNER
    reads: UserName | None = Field(
        default=None,
        description="For a viewer: the user whose experiments and data are shown; the inviting admin's if "
        "left out.",
    )


class UserChange(Frozen):
    """Changes of a user; what is left out stays."""

    model_config = _example(role="viewer")

    role: Role | None = None
    is_active: bool | None = None


class UserView(Frozen):
    """A user as admins see it."""

    id: UUID
    name: str
    role: Role
    is_active: bool
    has_password: bool = Field(description="False until the invitation is used.")
    reads: str | None = Field(description="For a viewer: the user whose work is shown.")
    created_at: datetime
    seen_at: datetime | None = Field(description="Last use of a browser that is still signed in.")


class LinkView(Frozen):
    """A one-time link, shown this once."""

    user: UserView
    path: str = Field(description="Address below the page's own; open it in a browser.")
    expires_at: datetime


class PasswordChange(Frozen):
    """The present password and the next one."""

    model_config = _example(present=_WORDS, new="other words nobody says")

    present: Password
    new: Password


class TokenRequest(Frozen):
    """A new API token; it never allows more than its user's role does at the time of use."""

    model_config = _example(name="nightly build", scopes=["read", "submit"], days=30)

    name: TokenName
    scopes: frozenset[Scope] = Field(default=frozenset({Scope.READ, Scope.SUBMIT}), min_length=1)
    days: int = Field(default=90, ge=1, le=LONGEST_TOKEN_DAYS, description="Days until it ends.")


class TokenView(Frozen):
    """An API token without its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class NewToken(Frozen):
    """An API token with its text, shown this once."""

    token: str = Field(examples=["mus_0123456789ab_" + "0" * 64])
    view: TokenView


class BrowserView(Frozen):
    """A browser that is signed in."""

    id: UUID
    is_this: bool
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime


class AuditView(Frozen):
    """One entry of the audit log."""

    id: int
    at: datetime
    actor: str
    token_id: str | None
    address: str
    action: str = Field(examples=["user.invited"])
    subject: str
    details: dict[str, str | int | float | bool | None]


class AuditPage(Frozen):
    """Entries of the audit log, newest first."""

    entries: tuple[AuditView, ...]
    next: int | None = Field(description="`before` of the next page; null at the end.")
    is_unbroken: bool = Field(
        description="True if the hash of every entry follows from the one before, so that none was changed."
    )
