"""Conditions under which a server may be reached from other machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muscope.backend.accounts.roles import Role
from muscope.backend.db import migrate
from muscope.backend.errors import InvalidInput
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.start import require_safe_start
from muscope.backend.services.accounts.users import invite
from muscope.backend.services.accounts.views import InvitationRequest
from muscope.backend.services.context import open_context
from muscope.backend.settings import Settings

TLS = "https://tools.example/muscope"


@pytest.fixture(scope="module")
def with_admin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("admin")
    settings = Settings(data=folder)
    migrate.upgrade(settings)
    with open_context(settings) as context:
        invite(context, COMMAND_LINE, InvitationRequest(name="a", role=Role.ADMIN))
    return folder


def refusal(**settings: Any) -> str | None:
    try:
        require_safe_start(Settings(**settings))
    except InvalidInput as error:
        return error.code
    return None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost"])
def test_a_server_of_this_machine_only_needs_nothing(tmp_path: Path, host: str):
    assert refusal(data=tmp_path / "none", host=host) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "tools.example"])
def test_a_server_for_others_needs_an_admin(tmp_path: Path, host: str):
    assert refusal(data=tmp_path / "none", host=host, public_url=TLS) == "start.no_admin"
    assert not (tmp_path / "none").exists()


def test_a_server_for_others_needs_names_and_tls_too(with_admin: Path):
    told = {"data": with_admin, "host": "0.0.0.0"}

    assert refusal(**told) == "start.no_host_names"
    assert refusal(**told, allowed_hosts="tools.example") == "start.no_tls"
    assert refusal(**told, public_url="http://tools.example") == "start.no_tls"
    assert refusal(**told, public_url=TLS) is None
    assert refusal(**told, allowed_hosts="tools.example", exposed="without_tls") is None


def test_an_operator_may_give_up_protection_in_words_only(tmp_path: Path):
    told = {"data": tmp_path / "none", "host": "0.0.0.0"}

    assert refusal(**told, exposed="without_tls") == "start.no_admin"
    assert refusal(**told, exposed="without_accounts") == "start.no_tls"
    assert refusal(**told, exposed="without_accounts,without_tls") is None
