"""Settling over HTTP: a price that stores nothing, a conflict with words, and an experiment that goes on."""

from uuid import UUID, uuid4

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.services.verdicts.judging import get_verdict
from tests.backend.services.still_open import add_open, finish_open


@pytest.fixture
def context(server):
    return server.runtime.context


@pytest.fixture
def open_id(context):
    return add_open(context, context.database)


def address(experiment_id: UUID) -> str:
    return f"/api/v1/experiments/{experiment_id}/settle"


def test_the_price_of_a_batch_is_answered_and_nothing_goes_on(client, open_id):
    reply = client.get(address(open_id), params={"max_seeds": 16})

    body = reply.json()
    assert (reply.status_code, body["can_settle"], body["reason"], body["max_seeds"]) == (200, True, None, 16)
    assert body["next_batch"]["num_runs"] > 0
    assert client.get(f"/api/v1/experiments/{open_id}").json()["state"] == "completed"


def test_an_accepted_request_answers_with_the_experiment_that_goes_on(client, context, open_id):
    reply, again = (client.post(address(open_id), json={}) for _ in range(2))

    assert (reply.status_code, again.status_code) == (202, 202)
    assert (reply.json()["id"], reply.json()["state"], reply.json()["outcome"]) == (
        str(open_id),
        "running",
        None,
    )
    finish_open(context.database, open_id)
    assert get_verdict(context, LOCAL_OWNER, open_id).is_interim


@pytest.mark.parametrize("body", [None, {}, {"max_seeds": 48}])
def test_the_body_may_be_left_out(client, open_id, body):
    assert client.post(address(open_id), json=body).status_code == 202


@pytest.mark.parametrize("max_seeds", [1, 49, "many"])
def test_more_seeds_than_there_are_looks_are_refused(client, open_id, max_seeds):
    assert client.post(address(open_id), json={"max_seeds": max_seeds}).status_code == 422
    assert client.get(address(open_id), params={"max_seeds": max_seeds}).status_code == 422


def test_a_conflict_is_said_in_words_and_by_the_price_as_its_reason(client, experiment):
    price, reply = client.get(address(experiment["id"])), client.post(address(experiment["id"]), json={})

    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (409, "settle.already_running")
    assert price.json() == {
        "can_settle": False,
        "reason": "settle.already_running",
        "max_seeds": 48,
        "next_batch": None,
    }
    assert error["message"] != error["code"]


def test_an_unknown_experiment_is_not_found(client):
    for ask in (client.get, client.post):
        assert ask(address(uuid4())).status_code == 404
