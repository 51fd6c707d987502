"""Clients of a real server in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from muscope.backend.client import AsyncClient, Client
from muscope.backend.client.exchange import Retries
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving

AT_ONCE = Retries(first_seconds=0.0, longest_seconds=0.0)
ROWS = [{"size": i, "colour": i % 7, "sold": "yes" if (i * 7919) % 13 > 5 else "no"} for i in range(60)]
PLAN: dict[str, Any] = {
    "arms": [{"parametrization": name, "lrs": [0.1, 0.2]} for name in ("mup", "sp")],
    "widths": [8, 16],
    "depths": [2],
    "seeds": [0, 1],
    "num_steps": 20,
    "measure_every": 5,
}


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client")
    settings = Settings(
        data=folder, database_url=None, broker_url=f"unix://{folder}/no-broker.sock", worker_slots=2
    )
    with serving(settings) as server:
        yield server


@pytest.fixture(scope="session")
def url(live: Server) -> str:
    return f"http://127.0.0.1:{live.port}"


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url, retries=AT_ONCE) as client:
        yield client


@pytest.fixture
def async_client(url: str) -> AsyncClient:
    return AsyncClient(url, retries=AT_ONCE)
