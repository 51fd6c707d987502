"""Turns of the threads of one process that write, and the wait of those that only read."""

import threading
from unittest.mock import Mock

import pytest

from muscope.backend.db.connection import write_turn
from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.errors import Unavailable


def test_a_writer_that_never_gets_its_turn_is_unavailable():
    turn = WriteTurn(patience_seconds=0.01)

    with turn, pytest.raises(Unavailable, match="no turn"), turn:
        pass
    with turn:  # and the line is open again
        pass


@pytest.fixture
def clock():
    return Mock(return_value=0.0)


@pytest.fixture
def turn(clock, monkeypatch):
    """Return a turn that is let finish for an hour, by a clock that stands still."""
    monkeypatch.setattr(write_turn, "LET_FINISH_SECONDS", 3600.0)
    return WriteTurn(patience_seconds=1.0, clock=clock)


def test_who_reads_waits_for_nobody_where_nobody_writes(turn):
    with turn:
        turn.has_begun()

    turn.let_finish()


def test_who_reads_waits_until_the_transaction_of_another_thread_has_ended(turn):
    order = []

    def read():
        turn.let_finish()
        order.append("read")

    reader = threading.Thread(target=read)
    with turn:
        turn.has_begun()
        reader.start()
        order.append("written")
    reader.join()

    assert order == ["written", "read"]


def test_a_transaction_that_lasts_is_not_waited_for_by_who_reads(turn, clock):
    reader = threading.Thread(target=turn.let_finish)
    with turn:
        turn.has_begun()
        clock.return_value = 3601.0
        reader.start()
        reader.join()


def test_a_thread_that_reads_while_it_writes_does_not_wait_for_itself(turn):
    with turn:
        turn.has_begun()
        turn.let_finish()
