"""Engines and transactions. The only `commit()` of the code base is here.

SQLite runs through `pysqlite3`, whose bundled library is free of the WAL corruption bug of 3.7.0-3.51.2;
where no wheel exists the standard library's SQLite is used with a rollback journal (docs/reliability.md §6).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from muscope.backend.errors import Unavailable

__all__ = ["Database", "Session"]

log = logging.getLogger(__name__)

WAL_FLOOR = (3, 51, 3)
# A chunk may wait this long for its turn; heartbeats and web requests must answer sooner.
PATIENT_SECONDS = 30.0
BRISK_SECONDS = 5.0


def sqlite_module() -> ModuleType:
    """Return the SQLite driver: the bundled one where there is a wheel for it."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


class Database:
    """One database, as short reads and writes; every `write()` is one transaction."""

    def __init__(self, url: str, *, busy_seconds: float = BRISK_SECONDS) -> None:
        self.url = url
        self.engine = _sqlite_engine(url, busy_seconds) if url.startswith("sqlite") else _server_engine(url)
        self._writer = self.engine.execution_options(muscope_writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that changes nothing."""
        with _translating_outages(), Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction: committed when the block ends, rolled back when it raises."""
        with _translating_outages(), Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


@contextmanager
def _translating_outages() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Unavailable("database.unavailable", detail=str(error.orig)) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise Unavailable("database.unavailable", detail=str(error.orig)) from error


def _server_engine(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=10)


def _sqlite_engine(url: str, busy_seconds: float) -> Engine:
    module = sqlite_module()
    # The pool serves threads of one process; waiting for the file is SQLite's own busy handler.
    engine = create_engine(
        url, module=module, connect_args={"timeout": busy_seconds, "check_same_thread": False}
    )
    journal = "WAL" if module.sqlite_version_info >= WAL_FLOOR else "TRUNCATE"
    if journal != "WAL":
        log.warning("SQLite %s has the WAL bug; using a rollback journal", module.sqlite_version)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A lazy BEGIN fails on upgrade when another writer came first; writers queue up front instead.
        writes = connection.get_execution_options().get("muscope_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
