"""The id of a request, in its answer and in the lines that are logged about it."""

from __future__ import annotations

import json
import logging
from uuid import uuid4

import httpx
import pytest

from muscope.backend import logs


@pytest.fixture
def client(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as opened:
        yield opened


def test_an_id_that_a_client_sends_comes_back(client):
    assert (
        client.get("/healthz", headers={"X-Request-Id": "build-17.a_b"}).headers["X-Request-Id"]
        == "build-17.a_b"
    )


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "<script>"])
def test_an_id_that_could_forge_a_line_is_replaced(given, client):
    found = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    assert found != given
    assert len(found) == 32


def test_every_answer_has_an_id_of_its_own_also_where_it_is_refused(client):
    answers = [
        client.get("/healthz"),
        client.get("/nothing"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.post("/api/v1/experiments", headers={"Origin": "https://evil.example"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 400, 403]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 4


def _broken():
    raise ZeroDivisionError


def test_what_is_logged_about_a_request_names_it_and_its_experiment(client, server, monkeypatch):
    lines = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(self.format(record)))

    kept = Kept()
    kept.setFormatter(logs.json_formatter())
    kept.addFilter(logs.add_ids)
    logger = logging.getLogger("muscope.backend.api")
    logger.addHandler(kept)
    monkeypatch.setattr(server.runtime.context.notices, "is_up", lambda: False)
    experiment_id = str(uuid4())
    try:
        client.get("/readyz", headers={"X-Request-Id": "one"})
        monkeypatch.setattr(server.runtime.context.database, "read", _broken)
        client.get(f"/api/v1/experiments/{experiment_id}", headers={"X-Request-Id": "two"})
    finally:
        logger.removeHandler(kept)

    assert [line["request_id"] for line in lines] == ["one", "two"]
    assert lines[1]["experiment_id"] == experiment_id
    assert lines[0]["level"] == "WARNING"
    assert "/readyz" in lines[0]["message"]
