"""Locks that a database server keeps for all hosts that are connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import URL, func, select

from muscope.backend.db.connection.session import PATIENT_SECONDS, Database

BLOBS = "blobs"  # name of the lock under which blobs come to be used, and go


def shared_lock(url: URL, name: str) -> Callable[[], AbstractContextManager[None]] | None:
    """Return a lock by its name, or None where the database is a file, which belongs to one host.

    It lasts for the block, and ends with the connection when its holder dies. Taking it raises Unavailable if
    others hold it for too long, or if the server is away.
    """
    if url.get_backend_name() == "sqlite":
        return None

    @contextmanager
    def in_turn() -> Iterator[None]:
        # A connection of its own: those who wait would otherwise take the ones that the holder needs.
        database = Database(url, busy_seconds=PATIENT_SECONDS)
        try:
            # Changes nothing, so the connection may lie idle for as long as the block takes.
            with database.read() as session:
                session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
                yield
        finally:
            database.close()

    return in_turn
