"""Who is admitted by a provider's claims, and with which role."""

from __future__ import annotations

from typing import Any

import pytest

from muscope.backend.accounts.admission import identity_of, is_allowed, name_of, role_of, rules_of
from muscope.backend.accounts.roles import Role

RULES = rules_of(("Example.com", "guest@other.example", "@sub.example"), "groups", {}, "viewer")


def person(**claims: Any):
    return identity_of("https://id.example", {"sub": "1", "email_verified": True} | claims, "groups")


@pytest.mark.parametrize(
    ("email", "verified", "allowed"),
    [
        ("a@example.com", True, True),
        ("A@EXAMPLE.COM", "true", True),
        ("a@sub.example", True, True),
        ("guest@other.example", True, True),
        ("a@example.com", False, False),
        ("a@example.com", None, False),
        ("a@example.com", "false", False),
        ("a@example.com", 2, False),
        ("a@example.com.evil.example", True, False),
        ("a@evil-example.com", True, False),
        ("a@mail.example.com", True, False),
        ("a@example.com@evil.example", True, False),
        ("other@other.example", True, False),
        ("example.com", True, False),
        (None, True, False),
        (["a@example.com"], True, False),
    ],
)
def test_a_verified_address_or_its_whole_domain_must_be_listed(email: Any, verified: Any, allowed: bool):
    assert is_allowed(person(email=email, email_verified=verified), RULES) is allowed


@pytest.mark.parametrize(
    ("claims", "claim", "default", "role"),
    [
        ({"groups": ["ml", "staff"]}, "groups", "none", Role.RUNNER),
        ({"groups": ["staff"]}, "groups", "none", Role.VIEWER),
        ({"groups": "ml"}, "groups", "none", Role.RUNNER),
        ({"groups": ["admin"]}, "groups", "viewer", Role.VIEWER),
        ({"groups": []}, "groups", "runner", Role.RUNNER),
        ({"groups": []}, "groups", "none", None),
        ({"groups": [["ml"]]}, "groups", "none", None),
        ({"groups": {"ml": True}}, "groups", "none", None),
        ({}, "groups", "none", None),
        ({"realm_access": {"roles": ["ml"]}}, "realm_access.roles", "none", Role.RUNNER),
        ({"https://x.example/roles": ["ml"]}, "https://x.example/roles", "none", Role.RUNNER),
        ({"groups": ["ml"]}, None, "viewer", Role.VIEWER),
    ],
)
def test_the_role_is_the_strongest_that_the_claim_names(
    claims: dict[str, Any], claim: str | None, default: str, role: Role | None
):
    rules = rules_of((), claim, {"ml": "runner", "staff": "viewer"}, default)

    assert role_of(identity_of("https://id.example", {"sub": "1"} | claims, claim), rules) is role


def test_no_claim_makes_an_admin():
    for roles, default in (({"ml": "admin"}, "viewer"), ({}, "admin")):
        with pytest.raises(ValueError, match="admin"):
            rules_of((), "groups", roles, default)


def test_a_new_account_is_named_by_a_verified_address_that_is_a_name_and_else_by_the_subject():
    names = [
        name_of(person(email="A.Sato@example.com")),
        name_of(person(email="o'hara@example.com")),
        name_of(person(email="a@example.com", email_verified=False)),
        name_of(person(sub="2")),
    ]

    assert names[0] == "a.sato@example.com"
    assert all(each.startswith("oidc-") and len(each) == 17 for each in names[1:])
    assert names[1] == names[2] != names[3]
