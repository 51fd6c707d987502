"""Engines of a database server. No wait for it is without an end: of two ends that lost each other, neither
may keep a thread, a connection or a row for ever (docs/reliability.md §6).

Imported for servers alone: the driver is an extra that an installation with a file does without.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.orm import Session

T = TypeVar("T")

CONNECT_SECONDS = 5
# The first statement on a connection that lay idle only asks whether it still works.
PING_SECONDS = 5.0
# The web server answers in as many threads; each has one connection at most.
MOST_THREADS = 40
# A host that vanished sends no reset: it has to acknowledge what was sent to it, and after 10 s of silence it
# is asked three times. Both ends do so.
_VANISHED_MILLISECONDS = 30_000
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
# A writer whose client was cut off between two statements holds its rows until the server ends it.
_IDLE_WRITER_MILLISECONDS = 60_000


class BoundedConnection(psycopg.Connection[Any]):
    """Connection that gives up, and is closed, when a statement is not answered in time.

    The driver waits for an answer without end, and TCP notices nothing where something between the two ends
    goes on acknowledging what it does not deliver.

    Attributes:
        answer_seconds: longest silence while an answer is waited for; None for no limit.
    """

    answer_seconds: float | None = None

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        """Run one operation of the driver; raise OperationalError when the server is silent for too long."""
        # Outside of a transaction there are the pool's pings alone.
        limit = PING_SECONDS if self.autocommit and self.answer_seconds else self.answer_seconds
        bounded = gen if limit is None else _giving_up(gen, self.pgconn, limit)
        return super().wait(bounded, *arguments, **named)


def _giving_up(gen: Generator[Any, Any, T], pgconn: Any, seconds: float) -> Generator[Any, Any, T]:
    """Pass on what a generator of the driver wants and gets, until it got nothing for `seconds`."""
    heard_at, ready = time.monotonic(), None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
        ready = yield wanted
        if ready:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > seconds:
            pgconn.finish()  # an answer that comes later would be taken for that of the next statement
            raise psycopg.OperationalError(f"no answer from the server for {seconds:g} s")


def server_engine(url: URL, *, busy_seconds: float, answer_seconds: float | None) -> Engine:
    """Return an engine of a server.

    Args:
        busy_seconds: wait for a row or a connection that others hold.
        answer_seconds: longest silence of the server while an answer is waited for; None for no limit.
    """
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=MOST_THREADS - 5,
        pool_timeout=busy_seconds,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": _VANISHED_MILLISECONDS,
            **_KEEPALIVES,
            "options": _session_settings(busy_seconds),
        },
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, places: Any, named: Any) -> BoundedConnection:
        connection = BoundedConnection.connect(*places, **named)
        connection.answer_seconds = answer_seconds
        return connection

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("muscope_writes", False):
            connection.exec_driver_sql(
                f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_WRITER_MILLISECONDS}"
            )

    return engine


def _session_settings(busy_seconds: float) -> str:
    """Return what the server is told of every connection; what concerns TCP it ignores on a socket."""
    settings = {"timezone": "UTC", "lock_timeout": f"{int(1000 * busy_seconds)}ms"}
    settings |= {f"tcp_{name}": str(value) for name, value in _KEEPALIVES.items()}
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def unsafe_settings(session: Session) -> list[str]:
    """Return the settings, such as `fsync = off`, by which a server may lose what it has confirmed."""
    asked = text(
        "SELECT name, setting FROM pg_settings WHERE setting = 'off'"
        " AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
    )
    return [f"{name} = {setting}" for name, setting in session.execute(asked)]
