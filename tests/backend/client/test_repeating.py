"""Requests that meet a server which is away: repeated with the same key, and given up with a sentence."""

from __future__ import annotations

import httpx2
import pytest

from muscope.backend.client import Client
from muscope.backend.client.exchange import Retries
from muscope.backend.errors import RequestFailed, Unavailable
from tests.backend.client.conftest import AT_ONCE

BUSY = {"error": {"code": "database.busy", "message": "Busy.", "params": {}}}
MISSING = {"error": {"code": "experiment.not_found", "message": "There is none.", "params": {"code": "x"}}}


class Scripted:
    """Server that answers as it is told, and keeps the requests."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer: httpx2.Response | Exception = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_of(server: Scripted, retries: Retries = AT_ONCE) -> Client:
    http = httpx2.Client(transport=httpx2.MockTransport(server))
    return Client("http://scripted.example/", token="secret", retries=retries, http=http)


def test_a_creation_is_repeated_with_the_same_key():
    lost, busy = httpx2.ReadError("lost"), httpx2.Response(503, json=BUSY, headers={"Retry-After": "5"})
    server = Scripted(lost, busy, httpx2.Response(404, json=MISSING))

    with pytest.raises(RequestFailed) as refused:
        client_of(server).create({"dataset_id": "x"})

    keys = {request.headers["Idempotency-Key"] for request in server.requests}
    assert (len(server.requests), len(keys)) == (3, 1)
    assert (refused.value.code, refused.value.params) == ("experiment.not_found", {"code": "x"})
    assert str(refused.value) == "There is none. [experiment.not_found]"


def test_every_request_carries_the_token_and_the_language():
    server = Scripted(httpx2.Response(200, json=[]))

    client_of(server).list_workers()

    (request,) = server.requests
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Accept-Language"] == "en"
    assert str(request.url) == "http://scripted.example/api/v1/workers"


def test_a_server_that_stays_away_is_named():
    server = Scripted(*[httpx2.ConnectError("refused")] * AT_ONCE.most)

    with pytest.raises(Unavailable) as away:
        client_of(server).list_datasets()

    assert away.value.params == {"server": "http://scripted.example", "reason": "refused"}
    assert server.answers == []


def test_a_refusal_that_is_no_outage_is_not_repeated():
    server = Scripted(httpx2.Response(400, json=MISSING))

    with pytest.raises(RequestFailed):
        client_of(server).predict({"dataset_id": "x"})

    assert len(server.requests) == 1


def test_a_repeated_deletion_may_find_nothing_left():
    done = Scripted(httpx2.ReadTimeout("late"), httpx2.Response(404, json=MISSING))

    client_of(done).delete("1")

    with pytest.raises(RequestFailed):
        client_of(Scripted(httpx2.Response(404, json=MISSING))).delete("1")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b'{"detail": "no"}', b'["x"]'])
def test_an_answer_of_something_else_is_named_with_its_address(body):
    server = Scripted(httpx2.Response(418, content=body))

    with pytest.raises(RequestFailed, match=r"http://scripted\.example/api/v1/workers"):
        client_of(server).list_workers()


def test_pauses_double_within_limits_and_obey_the_server():
    retries = Retries(most=4, first_seconds=1.0, longest_seconds=3.0, random=lambda: 1.0)

    assert [retries.pause(tried) for tried in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, None]
    assert (retries.pause(1, "2"), retries.pause(1, "600"), retries.pause(4, "2")) == (2.0, 3.0, None)
    assert Retries(random=lambda: 0.0).pause(1) == 0.25


def test_a_name_cannot_lead_to_another_path():
    server = Scripted(httpx2.Response(404, json=MISSING))

    with pytest.raises(RequestFailed):
        client_of(server).get("../datasets?x=1")

    assert server.requests[0].url.raw_path == b"/api/v1/experiments/..%2Fdatasets%3Fx%3D1"
