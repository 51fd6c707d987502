"""The wait for SQLite's write lock, by short pauses.

SQLite's own pauses grow to 100 ms. Where one process writes often, the lock lies free for a millisecond at
a time, and another process, which looks ten times a second, does not find it so for a long time.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection

# SQLite pauses for 1, 2 and 5 ms within this time, then for longer.
_PAUSES_MILLISECONDS = 8


def begin_writing(connection: Connection, busy: type[Exception], patience_seconds: float) -> None:
    """Begin a transaction that holds the write lock; look for it every few milliseconds.

    Args:
        busy: of the driver, raised where the lock was not free.
        patience_seconds: after which SQLAlchemy's OperationalError is raised, `database is locked`.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    give_up = time.monotonic() + patience_seconds
    driver.execute(f"PRAGMA busy_timeout={_PAUSES_MILLISECONDS}")
    try:
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
