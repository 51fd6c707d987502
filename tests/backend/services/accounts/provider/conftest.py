from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from muscope.backend.accounts.roles import Role
from muscope.backend.db.accounts import users
from muscope.backend.services.accounts.provider.client import open_provider
from muscope.backend.services.context import Context
from muscope.backend.settings import Settings
from tests.backend.services.accounts.provider.mock import CLIENT_ID, ISSUER, SATO, Visit, Wire, mock_app

PEOPLE: dict[str, dict[str, Any]] = {
    "sato": SATO,
    "unverified": SATO | {"email_verified": False},
    "outside": {"email": "eve@example.com.evil.example", "email_verified": True},
    "quiet": {"name": "tells no address"},
}


SETTINGS: dict[str, Any] = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": CLIENT_ID,
    "oidc_client_secret": "the client's secret",
    "oidc_allowed": "example.com",
}


@pytest.fixture(scope="module")
def app():
    return mock_app(PEOPLE)


@pytest.fixture
def visit_with(context: Context, app):
    """Return a function that opens an installation with a first admin, under settings of the test's."""

    def opened(is_empty: bool = False, **settings: Any) -> Visit:
        chosen = Settings(
            data=context.settings.data,
            **(SETTINGS | settings),
        )
        # The provider stamps its tokens with the time of this machine.
        mine = replace(context, settings=chosen, now=lambda: datetime.now(UTC))
        wire = Wire(app)
        provider = open_provider(chosen)
        assert provider is not None
        provider.transport = wire
        visit = Visit(mine, provider, wire)
        with mine.database.read() as session:
            is_empty = is_empty or users.are_there(session)
        if not is_empty:
            visit.invite("boss", role=Role.ADMIN)
        return visit

    return opened


@pytest.fixture
def visit(visit_with: Callable[..., Visit]) -> Visit:
    return visit_with()
