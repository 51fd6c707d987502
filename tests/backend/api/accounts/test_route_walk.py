"""Every route and method as every kind of visitor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muscope.backend.accounts.access import need_of
from muscope.backend.api.app import create_app
from muscope.backend.settings import Settings
from tests.backend.api.accounts.route_walk import operations, walk
from tests.backend.api.conftest import Server, serving


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("walk")
    with serving(Settings(data=folder, broker_url=f"unix://{folder}/no-broker.sock")) as server:
        yield server


def test_every_visitor_gets_what_the_role_allows_and_nothing_of_others(own_server: Server):
    count, wrong = walk(own_server)

    assert count > 300
    assert wrong == []


def test_every_route_of_the_api_has_a_row_in_the_table_of_permissions():
    below = [
        (method, path.removeprefix("/api/v1/"))
        for method, path, _ in operations(create_app(Settings()).openapi())
        if path.startswith("/api/v1/")
    ]

    missing = [(method, path) for method, path in below if need_of(method.upper(), path) is None]

    assert below
    assert missing == [], "say in backend/accounts/access.py who may ask this"
