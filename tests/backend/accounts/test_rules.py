"""Roles, scopes, the table of permissions, passwords, secrets and lifetimes: pure rules."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from muscope.backend.accounts import chain, lifetimes, passwords, secrets
from muscope.backend.accounts.access import Need, allows, need_of
from muscope.backend.accounts.roles import (
    Overseer,
    Role,
    Scope,
    Visitor,
    owner_for,
    scopes_of,
    scopes_of_token,
)
from muscope.backend.errors import InvalidInput

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def visitor(role: Role, token_id: str | None = None) -> Visitor:
    scopes = scopes_of(role)
    return Visitor("a", owner_for("a", scopes), scopes, role=role, token_id=token_id)


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "experiments", Role.VIEWER),
        ("POST", "experiments", Role.RUNNER),
        ("DELETE", "datasets/1", Role.RUNNER),
        ("HEAD", "uploads/1", Role.VIEWER),
        ("PATCH", "uploads/1", Role.RUNNER),
        ("POST", "sweeps/judge", Role.VIEWER),
        ("GET", "users", Role.ADMIN),
        ("PATCH", "users/1", Role.ADMIN),
        ("GET", "audit", Role.ADMIN),
    ],
)
def test_a_role_may_do_what_the_least_role_may_and_no_other(method: str, path: str, least: Role):
    order = [Role.VIEWER, Role.RUNNER, Role.ADMIN]

    allowed = [role for role in order if allows(need_of(method, path), visitor(role))]

    assert allowed == order[order.index(least) :]
    assert not allows(need_of(method, path), None)


def test_a_path_without_a_row_is_for_nobody():
    assert need_of("GET", "experimentsx") is None
    assert need_of("GET", "") is None
    assert not allows(None, visitor(Role.ADMIN))


def test_a_token_makes_no_tokens():
    assert allows(need_of("POST", "account/tokens"), visitor(Role.VIEWER))
    assert not allows(need_of("POST", "account/tokens"), visitor(Role.ADMIN, token_id="t"))


def test_a_token_has_no_more_than_it_was_given_and_no_more_than_its_user_has_now():
    every = frozenset(Scope)

    assert scopes_of_token({Scope.READ}, Role.ADMIN) == {Scope.READ}
    assert scopes_of_token(every, Role.VIEWER) == {Scope.READ}
    assert not isinstance(owner_for("a", scopes_of_token({Scope.READ}, Role.ADMIN)), Overseer)
    assert isinstance(owner_for("a", scopes_of_token(every, Role.ADMIN)), Overseer)
    assert allows(
        Need.METRICS, Visitor("a", "a", scopes_of_token({Scope.METRICS}, Role.ADMIN), role=Role.ADMIN)
    )


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.length"),
        ("Xk9#fj2!qP0", "password.length"),
        ("x" * 201, "password.length"),
        ("password1234", "password.guessable"),
        ("qwertyuiop[]", "password.guessable"),
        ("aaaaaaaaaaaaaaaa", "password.guessable"),
        ("hanako.sato1", "password.guessable"),
    ],
)
def test_a_short_or_common_password_is_refused(password: str, code: str):
    with pytest.raises(InvalidInput) as error:
        passwords.require_strong(password, ["hanako.sato"])

    assert error.value.code == code


def test_a_password_is_known_by_its_hash_only():
    stored = passwords.hash_of("lamp otter nineteen gravel")

    passwords.require_strong("lamp otter nineteen gravel", ["hanako.sato"])
    assert "otter" not in stored
    assert stored.startswith("$argon2id$")
    assert passwords.is_right("lamp otter nineteen gravel", stored)
    assert not passwords.is_right("lamp otter nineteen gravem", stored)
    assert not passwords.is_right("\x00", None)
    assert not passwords.is_right("x", "not a hash")


def test_a_token_is_read_as_it_was_written():
    token = secrets.new_token(lambda size: bytes(range(size)))

    assert str(token) == "mus_000102030405_" + bytes(range(32)).hex()
    assert secrets.read_token(str(token)) == token
    assert secrets.sha256_of(token.secret) == hashlib.sha256(token.secret.encode()).hexdigest()


@pytest.mark.parametrize(
    "text", ["", "mus", "mus_", "mus_a", "mus_a_", "mus__b", "ghp_a_b", "Bearer mus_a_b"]
)
def test_a_text_of_another_form_is_no_token(text: str):
    assert secrets.read_token(text) is None


def test_two_secrets_differ():
    assert secrets.new_secret() != secrets.new_secret()


def test_the_wait_doubles_after_the_free_attempts_up_to_a_quarter_of_an_hour():
    waits = [lifetimes.wait_after(failures, 5).total_seconds() for failures in (0, 4, 5, 6, 7, 11, 500)]

    assert waits == [0, 0, 15, 30, 60, 900, 900]


@pytest.mark.parametrize(
    ("age", "idle", "is_live"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(days=6), timedelta(hours=11), True),
        (timedelta(days=1), timedelta(hours=12), False),
        (timedelta(days=7), timedelta(0), False),
    ],
)
def test_a_session_ends_when_it_is_not_used_and_when_it_is_old(
    age: timedelta, idle: timedelta, is_live: bool
):
    assert lifetimes.is_session_live(NOW - age, NOW - idle, NOW) is is_live


def test_a_chain_shows_the_entry_that_was_changed_and_the_one_that_is_gone():
    facts = [{"action": name} for name in ("a", "b", "c")]
    hashes, previous = [], chain.START
    for each in facts:
        previous = chain.entry_sha256(previous, each)
        hashes.append(previous)
    whole = list(zip(hashes, facts, strict=True))

    assert chain.first_break(whole) is None
    assert chain.first_break([whole[0], (whole[1][0], {"action": "x"}), whole[2]]) == 1
    assert chain.first_break([whole[0], whole[2]]) == 1
