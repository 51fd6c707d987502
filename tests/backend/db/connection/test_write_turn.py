"""Turns of the threads of one process that write, and the wait of those that only read."""

import threading

import pytest

from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.errors import Unavailable


def test_a_writer_that_never_gets_its_turn_is_unavailable():
    turn = WriteTurn(patience_seconds=0.01)

    with turn, pytest.raises(Unavailable, match="no turn"), turn:
        pass
    with turn:  # and the line is open again
        pass


def test_who_reads_waits_for_nobody_where_nobody_writes():
    turn = WriteTurn(patience_seconds=1.0)
    with turn:
        turn.has_begun()

    turn.let_finish(seconds=3600.0)


def test_who_reads_waits_until_the_transaction_of_another_thread_has_ended():
    turn = WriteTurn(patience_seconds=1.0)
    order = []

    def read():
        turn.let_finish(seconds=3600.0)
        order.append("read")

    reader = threading.Thread(target=read)
    with turn:
        turn.has_begun()
        reader.start()
        order.append("written")
    reader.join()

    assert order == ["written", "read"]


def test_a_writer_that_lasts_is_not_waited_for_by_who_reads():
    turn = WriteTurn(patience_seconds=1.0)
    reader = threading.Thread(target=turn.let_finish, kwargs={"seconds": 0.001})
    with turn:
        turn.has_begun()
        reader.start()
        reader.join()


def test_a_thread_that_reads_while_it_writes_does_not_wait_for_itself():
    turn = WriteTurn(patience_seconds=1.0)
    with turn:
        turn.has_begun()
        turn.let_finish(seconds=3600.0)
