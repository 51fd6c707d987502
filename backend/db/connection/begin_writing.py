"""The wait for SQLite's write lock: in line, and by short pauses.

SQLite knows no line: the lock goes to whoever looks next. A process that writes often, and asks again as soon
as it is done, takes it again and again before another, which looks every few milliseconds, finds it free. So
the one who waits for the lock holds a file beside the database, and nobody else looks for the lock meanwhile.
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
    connection: Connection, busy: type[Exception], patience_seconds: float, line: Path | None = None
) -> None:
    """Begin a transaction that holds the write lock.

    Args:
        busy: of the driver, raised where the lock was not free.
        patience_seconds: after which SQLAlchemy's OperationalError is raised, `database is locked`.
        line: file that the next one to write holds; None for a database of one process.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    give_up = time.monotonic() + patience_seconds
    driver.execute(f"PRAGMA busy_timeout={_PAUSE_MILLISECONDS}")
    try:
        with _front_of(line, give_up):
            while time.monotonic() < give_up:
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
def _front_of(line: Path | None, give_up: float) -> Iterator[None]:
    """Wait until no other process is next.

    Where the file cannot be opened SQLite says why nothing can be written.
    """
    descriptor = None
    with suppress(OSError):
        descriptor = None if line is None else os.open(line, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while descriptor is not None and not _take(descriptor) and time.monotonic() < give_up:
            time.sleep(_PAUSE_MILLISECONDS / 1000)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Lock a file until it is closed; return whether nobody else holds it.

    A file system that knows no such locks has no line: SQLite's lock alone decides.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
