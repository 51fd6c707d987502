"""Status and workers over HTTP, on a server whose broker is away."""

from __future__ import annotations

from importlib.metadata import version

import httpx
import pytest

from muscope.backend.catalogue import LANGUAGES, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_status_answers_while_a_part_is_away_and_says_what_to_do(client: httpx.Client, language: str):
    reply = client.get("/api/v1/status", headers={"Accept-Language": language})
    status = reply.json()

    assert (reply.status_code, status["is_ready"], status["version"]) == (200, False, version("muscope"))
    assert [check["name"] for check in status["checks"] if check["is_ok"]] == ["disk", "database"]
    (fault,) = [check for check in status["checks"] if not check["is_ok"]]
    assert (fault["code"], fault["message"]) == (
        "system.broker_away",
        text("error.system.broker_away", language),
    )
    assert status["disk"]["free_bytes"] > 0


def test_an_experiment_waits_in_the_queue_until_it_is_cancelled(
    client: httpx.Client, experiment: dict[str, str]
):
    def places() -> list[str]:
        return [each["id"] for each in client.get("/api/v1/status").json()["queue"]]

    before = client.get("/api/v1/status").json()["num_open"]
    was_there = experiment["id"] in places() or before > len(places())
    client.post(f"/api/v1/experiments/{experiment['id']}/cancellation")

    assert was_there
    assert experiment["id"] not in places()
    assert client.get("/api/v1/status").json()["num_open"] == before - 1


def test_no_worker_was_seen_on_a_server_without_any(client: httpx.Client):
    for lost in (False, True):
        reply = client.get("/api/v1/workers", params={"lost": lost})
        assert (reply.status_code, reply.json()) == (200, [])
