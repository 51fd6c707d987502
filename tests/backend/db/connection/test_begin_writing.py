"""The line of processes in front of SQLite's write lock; each Database here stands for a process."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muscope.backend.db.connection import begin_writing
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import PrincipalRow
from tests.waiting import wait_until

pytestmark = pytest.mark.sqlite


def _line(database: Database) -> Path:
    return Path(f"{database.url.database}-next")


def _is_held(line: Path) -> bool:
    descriptor = os.open(line, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _wait_until_one_stands_in_line(database: Database) -> None:
    wait_until(lambda: _line(database).exists() and _is_held(_line(database)))


@contextmanager
def _adding(database: Database, name: str) -> Iterator[None]:
    """A transaction that has begun: it has added a row."""
    with database.write() as session:
        session.add(PrincipalRow(id=name, name=name))
        session.flush()
        yield


def _add(database: Database, name: str) -> None:
    with _adding(database, name):
        pass


def test_one_who_waits_comes_before_one_who_has_just_written_and_asks_again(database):
    other = Database(database.url)
    order: list[str] = []

    def wait_in_line() -> None:
        with _adding(other, "waited"):
            order.append("waited")

    waiting = threading.Thread(target=wait_in_line)
    with _adding(database, "first"):
        waiting.start()
        _wait_until_one_stands_in_line(database)
    with _adding(database, "again"):
        order.append("asked again")
    waiting.join()
    other.close()

    assert order == ["waited", "asked again"]


def test_one_who_gives_way_goes_after_one_who_came_later_and_stands_in_line(database, monkeypatch):
    monkeypatch.setattr("muscope.backend.db.connection.session.WAY_SECONDS", 3600.0)
    looks: set[bool] = set()

    def look(next_one: int | None, *, gives_way: bool) -> bool:
        may = may_look(next_one, gives_way=gives_way)
        looks.update({gives_way} if may else ())
        return may

    may_look = begin_writing._may_look
    monkeypatch.setattr(begin_writing, "_may_look", look)
    polite, other = Database(database.url, gives_way=True), Database(database.url)
    order: list[str] = []

    def write(by: Database, name: str) -> None:
        with _adding(by, name):
            order.append(name)

    came_first = threading.Thread(target=write, args=(polite, "gave way"))
    came_later = threading.Thread(target=write, args=(other, "stood in line"))
    with _adding(database, "first"):
        looks.clear()
        came_first.start()
        wait_until(lambda: True in looks)
        came_later.start()
        wait_until(lambda: False in looks)
    came_later.join()
    came_first.join()
    polite.close()
    other.close()

    assert order == ["stood in line", "gave way"]


def test_one_who_has_given_way_for_long_enough_stands_in_line(database, monkeypatch):
    monkeypatch.setattr("muscope.backend.db.connection.session.WAY_SECONDS", 0.0)
    once_polite = Database(database.url, gives_way=True)

    waiting = threading.Thread(target=_add, args=(once_polite, "ann"))
    with _adding(database, "first"):
        waiting.start()
        _wait_until_one_stands_in_line(database)
    waiting.join()
    once_polite.close()

    with database.read() as session:
        assert session.get(PrincipalRow, "ann") is not None


def test_nobody_holds_the_line_once_the_writing_has_begun(database):
    with _adding(database, "ann"):
        assert not _is_held(_line(database))


def test_a_line_that_cannot_be_held_keeps_nobody_from_writing(database):
    _line(database).unlink(missing_ok=True)
    _line(database).mkdir()

    _add(database, "ann")

    with database.read() as session:
        assert session.get(PrincipalRow, "ann") is not None


def test_one_who_stands_still_at_the_front_holds_up_nobody_for_longer_than_the_lock_may(database):
    brisk = Database(database.url, busy_seconds=0.05)
    _add(database, "ann")
    descriptor = os.open(_line(database), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        _add(brisk, "bob")
    finally:
        os.close(descriptor)
        brisk.close()

    with database.read() as session:
        assert session.get(PrincipalRow, "bob") is not None


def test_a_file_system_without_such_locks_keeps_nobody_waiting(database, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    slow = Database(database.url, busy_seconds=600.0)
    monkeypatch.setattr(fcntl, "flock", refuse)

    _add(slow, "ann")
    slow.close()

    with database.read() as session:
        assert session.get(PrincipalRow, "ann") is not None
