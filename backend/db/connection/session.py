"""Transactions of a database in a file or on a server. The only `commit()` of the code base is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from muscope.backend.db.connection.forks import NO_FORK
from muscope.backend.db.connection.outages import SameFile, outage
from muscope.backend.db.connection.sqlite_engine import sqlite_engine
from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.errors import InvalidInput, Unavailable

__all__ = ["Database", "Session"]

# A chunk may wait this long for its turn; heartbeats and web requests must answer sooner.
PATIENT_SECONDS = 30.0
BRISK_SECONDS = 5.0
# An answer may come so much later; the cores of a worker that waits to claim or to store stand still.
WAY_SECONDS = 0.25
# A server that is silent for so long while an answer is waited for has been lost.
ANSWER_SECONDS = 60.0
# Writers of all processes wait while the log is emptied, so a reader in the way is hardly waited for: the
# longer, the more there is of the log.
_SHORTEN_MILLISECONDS, _LONGEST_MILLISECONDS = 20, 500
# SQLite's log shrinks by itself only in moments without readers; above this size it is emptied.
MOST_LOG_BYTES = 16 << 20


class Database:
    """One database, as short reads and writes; every `write()` is one transaction.

    Each raises Unavailable with the cause: a full disk, a file that is read-only or gone, or no connection.

    Args:
        forks: this process forks others that use the database, so a file is open for one session at a time.
        gives_way: others who wait to write to a file go first, for a moment.
        is_durable: what is committed outlives a loss of power. Without that a file keeps the order all the
            same: nothing that anybody has written later is there without it.
        answer_seconds: silence of a server after which its answer is not waited for any more; None for ever.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        busy_seconds: float = BRISK_SECONDS,
        forks: bool = False,
        gives_way: bool = False,
        is_durable: bool = True,
        answer_seconds: float | None = ANSWER_SECONDS,
    ) -> None:
        self.url = make_url(url)
        self._path = _file_of(self.url)
        self._file = SameFile(self._path) if self._path else None
        is_open_briefly = forks and self._path is not None
        self._no_fork: AbstractContextManager[object] = NO_FORK if is_open_briefly else nullcontext()
        self._turn: AbstractContextManager[object] = nullcontext()
        if _is_sqlite(self.url):
            self._turn = turn = WriteTurn(PATIENT_SECONDS)
            self.engine = sqlite_engine(
                self.url, self._path, busy_seconds, turn, pooled=not is_open_briefly, is_durable=is_durable
            )
            if (file := self._file) is not None:
                event.listen(self.engine, "connect", lambda _connection, _record: file.note())
        else:
            from muscope.backend.db.connection.server import server_engine

            self.engine = server_engine(self.url, busy_seconds=busy_seconds, answer_seconds=answer_seconds)
        self._writer = self.engine.execution_options(
            muscope_writes=True, muscope_gives_way_seconds=WAY_SECONDS if gives_way else 0.0
        )
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
        if (num_bytes := self.log_bytes()) > above_bytes:
            with self._turn, self._translating_outages(), self.engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute(f"PRAGMA busy_timeout={shortening_milliseconds(num_bytes)}")
                try:
                    driver.execute("PRAGMA wal_checkpoint(PASSIVE)")  # copies, and keeps nobody waiting
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


def shortening_milliseconds(log_bytes: int) -> int:
    """Return for how long all writers may wait for a reader, so that a log of this size is emptied."""
    times_usual = max(1, log_bytes // MOST_LOG_BYTES)
    return min(_LONGEST_MILLISECONDS, times_usual * _SHORTEN_MILLISECONDS)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file_of(url: URL) -> Path | None:
    """Return the path of a database in a file, None for a server or one in memory."""
    is_file = _is_sqlite(url) and url.database not in {None, "", ":memory:"}
    return Path(url.database or "") if is_file else None
