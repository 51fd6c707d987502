"""Admission by an OpenID provider: who a person is, by its claims, and the role that follows from them.

A person is the pair of issuer and subject. An e-mail address counts only if the provider has verified it:
anybody can enter the address of somebody else. No claim makes an admin.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from muscope.backend.accounts.roles import Role

MAX_EMAIL = 254
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


@dataclass(frozen=True)
class Identity:
    """A person as a provider knows them.

    Attributes:
        email: in lower case; None if the provider tells none.
        groups: values of the claim that roles are read from.
    """

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    groups: frozenset[str] = frozenset()

    @property
    def verified_email(self) -> str | None:
        """Return the address, unless it is one that the person only claims to have."""
        return self.email if self.is_email_verified else None


@dataclass(frozen=True)
class Rules:
    """Admission as the operator has set it up.

    Attributes:
        allowed: addresses and domains, in lower case, whose people get an account at their first sign-in.
        role_claim: None if everybody gets `default_role`.
        default_role: of those whose claim names no role; None refuses them.
    """

    allowed: frozenset[str]
    role_claim: str | None
    roles: Mapping[str, Role]
    default_role: Role | None


def identity_of(issuer: str, claims: Mapping[str, object], role_claim: str | None) -> Identity:
    """Read a person from the claims of a valid ID token, which has a subject."""
    email = claims.get("email")
    is_address = isinstance(email, str) and 3 <= len(email) <= MAX_EMAIL and "@" in email
    return Identity(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=str(email).strip().lower() if is_address else None,
        # Some providers send booleans as text.
        is_email_verified=claims.get("email_verified") in (True, "true"),
        groups=frozenset() if role_claim is None else _texts(_claim(claims, role_claim)),
    )


def _claim(claims: Mapping[str, object], name: str) -> object:
    """Return a claim by its name, or along a path with dots such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: object) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(each for each in values if isinstance(each, str))


def rules_of(
    allowed: tuple[str, ...], role_claim: str | None, roles: Mapping[str, str], default_role: str
) -> Rules:
    """Return rules from the words of the settings; raises ValueError for an admin by claim."""
    by_group = {name: Role(role) for name, role in roles.items()}
    default = None if default_role == "none" else Role(default_role)
    if Role.ADMIN in (default, *by_group.values()):
        raise ValueError("no claim makes an admin")
    addresses = frozenset(each.lower().removeprefix("@") for each in allowed)
    return Rules(addresses, role_claim, by_group, default)


def is_allowed(identity: Identity, rules: Rules) -> bool:
    """Tell whether a person may have an account: the verified address or its whole domain is listed."""
    email = identity.verified_email
    return email is not None and not rules.allowed.isdisjoint({email, email.rpartition("@")[2]})


def role_of(identity: Identity, rules: Rules) -> Role | None:
    """Return the role with the most rights that a person's groups have; None for a person to refuse."""
    found = {role for group, role in rules.roles.items() if group in identity.groups}
    if Role.RUNNER in found:
        return Role.RUNNER
    return Role.VIEWER if found else rules.default_role


def name_of(identity: Identity) -> str:
    """Return the name of a new account: the verified address, or a word from the subject."""
    email = identity.verified_email
    if email is not None and _NAME.fullmatch(email):
        return email
    return f"oidc-{hashlib.sha256(f'{identity.issuer} {identity.subject}'.encode()).hexdigest()[:12]}"
