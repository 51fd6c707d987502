"""The wait for SQLite's write lock: in line, and by short pauses.

SQLite knows no line: the lock goes to whoever looks next. A process that writes often, and asks again as soon
as it is done, takes it again and again before another, which looks every few milliseconds, finds it free. So
the one who waits for the lock holds a file beside the database, and nobody else looks for the lock meanwhile.
Who gives way does not stand in line at first, and looks for the lock only while nobody does.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection

# SQLite's own pauses grow to 100 ms.
_PAUSE_MILLISECONDS = 1


def begin_writing(
    connection: Connection,
    busy: type[Exception],
    patience_seconds: float,
    line: Path | None = None,
    *,
    gives_way_seconds: float = 0.0,
) -> None:
    """Begin a transaction that holds the write lock.

    Args:
        busy: of the driver, raised where the lock was not free.
        patience_seconds: after which SQLAlchemy's OperationalError is raised, `database is locked`.
        line: file that the next one to write holds; None for a database of one process.
        gives_way_seconds: for which all who stand in line go first.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    began = time.monotonic()
    give_up = began + patience_seconds
    driver.execute(f"PRAGMA busy_timeout={_PAUSE_MILLISECONDS}")
    try:
        with _file(line) as next_one:
            while (now := time.monotonic()) < give_up:
                if not _may_look(next_one, gives_way=now < began + gives_way_seconds):
                    time.sleep(_PAUSE_MILLISECONDS / 1000)
                    continue
                try:
                    driver.execute("BEGIN IMMEDIATE")
                except busy as error:
                    if "locked" not in str(error):
                        break  # raised once more below, as an error of SQLAlchemy
                else:
                    return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={round(1000 * patience_seconds)}")


@contextmanager
def _file(path: Path | None) -> Iterator[int | None]:
    """Open the file of the line; None without one, or where SQLite will say why nothing can be written."""
    descriptor = None
    with suppress(OSError):
        descriptor = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _may_look(next_one: int | None, *, gives_way: bool) -> bool:
    """Return whether nobody else is next to write; who does not give way is next from then on.

    A file system that knows no such locks has no line: SQLite's lock alone decides.
    """
    if next_one is None:
        return True
    try:
        fcntl.flock(next_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if gives_way:
            fcntl.flock(next_one, fcntl.LOCK_UN)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
