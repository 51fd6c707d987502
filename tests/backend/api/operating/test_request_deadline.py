"""A connection whose request never gets its head complete is closed; all others are left alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from muscope.backend.api.operating.request_deadline import HEAD_SECONDS, LARGEST_HEAD_BYTES, DeadlineProtocol


class Loop:
    """Loop that only notes what is to be called later."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def call_later(self, seconds: float, _call: Any) -> Any:
        self.waits.append(seconds)
        return SimpleNamespace(cancel=lambda: None)


@pytest.fixture
def connection() -> Any:
    protocol: Any = DeadlineProtocol.__new__(DeadlineProtocol)
    protocol.loop = Loop()
    protocol.cycle = None
    protocol.timeout_keep_alive_task = None
    protocol.transport = SimpleNamespace(num_closed=0)
    protocol.transport.close = lambda: setattr(protocol.transport, "num_closed", 1)
    return protocol


def test_the_rest_of_a_head_is_waited_for_twice(connection):
    connection.look()
    assert connection.transport.num_closed == 0
    assert connection.loop.waits == [HEAD_SECONDS]
    connection.look()
    assert connection.transport.num_closed == 1


def test_a_second_request_that_never_begins_counts_as_well(connection):
    connection.cycle = SimpleNamespace(response_complete=True)
    connection.look()
    connection.look()
    assert connection.transport.num_closed == 1


@pytest.mark.parametrize("kind", ["answering", "idle", "next request"])
def test_whoever_is_answered_idle_or_goes_on_is_left_alone(connection, kind):
    connection.cycle = SimpleNamespace(response_complete=kind != "answering")
    connection.timeout_keep_alive_task = SimpleNamespace() if kind == "idle" else None
    for _ in range(5):
        if kind == "next request":
            connection.cycle = SimpleNamespace(response_complete=True)
        connection.look()
    assert connection.transport.num_closed == 0
    assert len(connection.loop.waits) == 5


@pytest.mark.parametrize(("becomes_a_request", "closes"), [(False, 1), (True, 0)])
def test_a_head_over_the_limit_ends_the_connection_and_a_body_does_not(
    connection, monkeypatch, becomes_a_request, closes
):
    def parse(self, _data):
        if becomes_a_request:
            self.cycle = SimpleNamespace(response_complete=False)

    monkeypatch.setattr(DeadlineProtocol.__mro__[1], "data_received", parse)
    for _ in range(2):
        connection.data_received(bytes(LARGEST_HEAD_BYTES // 2 + 1))
    assert connection.transport.num_closed == closes
