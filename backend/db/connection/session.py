"""Engines and transactions. The only `commit()` of the code base is here.

SQLite runs through `pysqlite3`, whose bundled library is free of the WAL corruption bug of 3.7.0-3.51.2;
where no wheel exists the standard library's SQLite is used with a rollback journal (docs/reliability.md §6).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from muscope.backend.db.connection.begin_writing import begin_writing
from muscope.backend.db.connection.forks import NO_FORK
from muscope.backend.db.connection.outages import SameFile, outage
from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.errors import InvalidInput, Unavailable

__all__ = ["Database", "Session"]

log = logging.getLogger(__name__)

WAL_FLOOR = (3, 51, 3)
# A chunk may wait this long for its turn; heartbeats and web requests must answer sooner.
PATIENT_SECONDS = 30.0
BRISK_SECONDS = 5.0
# A server that is silent for so long while an answer is waited for has been lost.
ANSWER_SECONDS = 60.0
# Writers of all processes wait as long as the log is emptied, so a reader in the way is not waited for.
_SHORTEN_MILLISECONDS = 500


def sqlite_module() -> ModuleType:
    """Return the SQLite driver: the bundled one where there is a wheel for it."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


class Database:
    """One database, as short reads and writes; every `write()` is one transaction.

    Each raises Unavailable with the cause: a full disk, a file that is read-only or gone, or no connection.

    Args:
        forks: this process forks others that use the database, so a file is open for one session at a time.
        answer_seconds: silence of a server after which its answer is not waited for any more; None for ever.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        busy_seconds: float = BRISK_SECONDS,
        forks: bool = False,
        answer_seconds: float | None = ANSWER_SECONDS,
    ) -> None:
        self.url = make_url(url)
        self._path = _file_of(self.url)
        self._file = SameFile(self._path) if self._path else None
        is_open_briefly = forks and self._path is not None
        self._no_fork: AbstractContextManager[object] = NO_FORK if is_open_briefly else nullcontext()
        if _is_sqlite(self.url):
            self.engine = _file_engine(self.url, busy_seconds, self._file, is_open_briefly)
        else:
            from muscope.backend.db.connection.server import server_engine

            self.engine = server_engine(self.url, busy_seconds=busy_seconds, answer_seconds=answer_seconds)
        self._writer = self.engine.execution_options(muscope_writes=True)
        self._turn = WriteTurn(PATIENT_SECONDS) if _is_sqlite(self.url) else nullcontext()
        # A read sees one moment, whatever others write meanwhile; in a file it always does.
        one_moment = {} if _is_sqlite(self.url) else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(**one_moment)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that changes nothing."""
        with self._translating_outages(), Session(self._reader) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction: committed when the block ends, rolled back when it raises."""
        with (
            self._turn,
            self._translating_outages(),
            Session(self._writer, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    def require_writable(self) -> None:
        """Raise Unavailable, by its cause, if nothing can be written now; changes nothing."""
        with self.write() as session:
            if self._path is None:
                if session.scalar(text("SHOW transaction_read_only")) == "on":
                    raise Unavailable("database.read_only", detail="transaction_read_only is on")
            else:  # SQLite begins even where it may not write; only a statement that writes is refused
                session.execute(text("CREATE TABLE muscope_probe (id INTEGER)"))
            session.rollback()

    def shorten_log(self, above_bytes: int) -> None:
        """Copy SQLite's write-ahead log into the database and empty it, if it is larger than `above_bytes`.

        Readers that never pause keep SQLite from doing so by itself. One in the way now is left alone:
        the next call tries again.
        """
        if self.log_bytes() > above_bytes:
            with self._turn, self._translating_outages(), self.engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute(f"PRAGMA busy_timeout={_SHORTEN_MILLISECONDS}")
                try:
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.invalidate()  # its short patience is for this statement only

    def forget_deleted(self) -> None:
        """Have the log forget rows that were deleted; in the database file SQLite overwrites them itself.

        Called after the deletion was committed, so an outage or a reader in the way is no error: the log is
        then emptied with the next deletion, or when it has grown.
        """
        with suppress(Unavailable):
            self.shorten_log(above_bytes=0)

    def log_bytes(self) -> int:
        """Return the size of SQLite's write-ahead log; 0 without one."""
        log_file = self._path and self._path.with_name(f"{self._path.name}-wal")
        return log_file.stat().st_size if log_file and log_file.exists() else 0

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    @contextmanager
    def _translating_outages(self) -> Iterator[None]:
        if self._file:
            self._file.require()
        try:
            with self._no_fork:
                yield
        except PoolTimeout as error:
            raise Unavailable("database.unavailable", detail="every connection is in use") from error
        except DataError as error:  # a letter or a number that the database cannot hold
            raise InvalidInput("database.value_refused", detail=str(error.orig)) from error
        except DBAPIError as error:
            if (known := outage(error, self._path)) is None:
                raise
            raise known from error


def _lower(value: str | None) -> str | None:
    return None if value is None else str(value).lower()


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file_of(url: URL) -> Path | None:
    """Return the path of a database in a file, None for a server or one in memory."""
    is_file = _is_sqlite(url) and url.database not in {None, "", ":memory:"}
    return Path(url.database or "") if is_file else None


def _file_engine(url: URL, busy_seconds: float, file: SameFile | None, is_open_briefly: bool) -> Engine:
    engine = _sqlite_engine(url, busy_seconds, is_open_briefly)
    if file:
        event.listen(engine, "connect", lambda _connection, _record: file.note())
    return engine


def _sqlite_engine(url: URL, busy_seconds: float, is_open_briefly: bool) -> Engine:
    module = sqlite_module()
    # The pool serves threads of one process; waiting for the file is SQLite's own busy handler.
    arguments = {"timeout": busy_seconds, "check_same_thread": False}
    pool: dict[str, Any] = {"poolclass": NullPool} if is_open_briefly else {}
    path = _file_of(url)
    line = path and path.with_name(f"{path.name}-next")
    engine = create_engine(url, module=module, connect_args=arguments, **pool)
    journal = "WAL" if module.sqlite_version_info >= WAL_FLOOR else "TRUNCATE"
    if journal != "WAL":
        log.warning("SQLite %s has the WAL bug; using a rollback journal", module.sqlite_version)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # SQLite's own knows ASCII only; a server knows every letter.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "handle_error")
    def _refuse_large_number(context: ExceptionContext) -> None:
        # A whole number above 64 bits is no error of SQLite's, but of its driver; a server's is a DataError.
        if isinstance(context.original_exception, OverflowError):
            detail = str(context.original_exception)
            raise InvalidInput("database.value_refused", detail=detail) from context.original_exception

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A lazy BEGIN fails on upgrade when another writer came first; writers queue up front instead.
        if connection.get_execution_options().get("muscope_writes", False):
            begin_writing(connection, module.OperationalError, busy_seconds, line)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine
