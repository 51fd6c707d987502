"""Roles of users, scopes of tokens, and the visitor of one request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """Role of a user: reads, also plans and stores, also keeps users and sees what everybody owns."""

    VIEWER = "viewer"
    RUNNER = "runner"
    ADMIN = "admin"


class Scope(StrEnum):
    """Kind of request that a role or a token allows."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"
    METRICS = "metrics"


_SCOPES = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.RUNNER: frozenset({Scope.READ, Scope.SUBMIT}),
    Role.ADMIN: frozenset(Scope),
}


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return everything that a role allows."""
    return _SCOPES[role]


def scopes_of_token(given: Collection[Scope], role: Role) -> frozenset[Scope]:
    """Return what a token allows now: what it was given, as far as its user's role still allows it."""
    return scopes_of(role) & frozenset(given)


class Overseer(str):
    """Id of an owner who sees what others own too; what an overseer makes is the overseer's own.

    It is passed wherever an owner's id is; `muscope.backend.db.accounts.owners` makes the difference.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Visitor:
    """The person or program behind a request, as far as it is known.

    Attributes:
        owner: id under which things are stored and looked for.
        user_id: None without an account.
        session_id: of the browser's session; None for a token or on a machine without accounts.
        token_id: None for a session or on a machine without accounts.
    """

    name: str
    owner: str
    scopes: frozenset[Scope]
    role: Role | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None
    token_id: str | None = None

    @property
    def is_by_cookie(self) -> bool:
        """Return whether the browser sends the credential by itself, even for a page of another site."""
        return self.session_id is not None


def owner_for(principal_id: str, scopes: frozenset[Scope]) -> str:
    """Return the id by which a visitor's things are looked for."""
    return Overseer(principal_id) if Scope.ADMIN in scopes else principal_id


def local_visitor(principal_id: str) -> Visitor:
    """Return the visitor of a machine without accounts, who may do everything."""
    return Visitor(principal_id, Overseer(principal_id), frozenset(Scope))
