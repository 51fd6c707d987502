"""The most experiments of one user that may be open at once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from muscope.backend.db import experiments
from tests.backend.api.conftest import Server


def test_one_more_open_experiment_than_allowed_is_refused_and_nothing_is_stored(
    server: Server, client: httpx.Client, plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    with server.runtime.context.database.read() as session:
        count = experiments.num_open(session, "local")
    monkeypatch.setitem(server.runtime.context.settings.__dict__, "max_open_experiments", count)

    reply = client.post("/api/v1/experiments", json=plan)

    assert reply.status_code == 409
    assert reply.json()["error"]["code"] == "experiment.too_many_open"
    with server.runtime.context.database.read() as session:
        assert experiments.num_open(session, "local") == count
