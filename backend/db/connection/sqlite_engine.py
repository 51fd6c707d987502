"""Engine of a database in a file.

SQLite runs through `pysqlite3`, whose bundled library is free of the WAL corruption bug of 3.7.0-3.51.2;
where no wheel exists the standard library's SQLite is used with a rollback journal (docs/reliability.md §6).
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event
from sqlalchemy.pool import NullPool

from muscope.backend.db.connection.begin_writing import begin_writing
from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.errors import InvalidInput

log = logging.getLogger(__name__)

WAL_FLOOR = (3, 51, 3)


def sqlite_module() -> ModuleType:
    """Return the SQLite driver: the bundled one where there is a wheel for it."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def sqlite_engine(
    url: URL,
    path: Path | None,
    busy_seconds: float,
    turn: WriteTurn,
    *,
    pooled: bool,
    is_durable: bool,
) -> Engine:
    """Return the engine of a database in the file `path`, or in memory; see `Database` for the rest."""
    module = sqlite_module()
    # The pool serves threads of one process; waiting for the file is SQLite's own busy handler.
    arguments = {"timeout": busy_seconds, "check_same_thread": False}
    pool: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    engine = create_engine(url, module=module, connect_args=arguments, **pool)
    engine.dialect.use_insertmanyvalues_wo_returning = True  # many rows in one step: see `insert_all`
    pragmas = _pragmas(module, is_durable=is_durable)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # SQLite's own knows ASCII only; a server knows every letter.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "handle_error", _refuse_large_number)
    _listen_for_transactions(engine, module, path, busy_seconds, turn)
    return engine


def _pragmas(module: ModuleType, *, is_durable: bool) -> tuple[str, ...]:
    journal = "WAL" if module.sqlite_version_info >= WAL_FLOOR else "TRUNCATE"
    if journal != "WAL":
        log.warning("SQLite %s has the WAL bug; using a rollback journal", module.sqlite_version)
    # A rollback journal that is not waited for could leave a damaged file; a write-ahead log cannot.
    synchronous = "FULL" if is_durable or journal != "WAL" else "NORMAL"
    return f"journal_mode={journal}", f"synchronous={synchronous}", "foreign_keys=ON", "secure_delete=ON"


def _listen_for_transactions(
    engine: Engine, module: ModuleType, path: Path | None, busy_seconds: float, turn: WriteTurn
) -> None:
    line = path and path.with_name(f"{path.name}-next")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A lazy BEGIN fails on upgrade when another writer came first; writers queue up front instead.
        options = connection.get_execution_options()
        if options.get("muscope_writes", False):
            way = options["muscope_gives_way_seconds"]
            begin_writing(connection, module.OperationalError, busy_seconds, line, gives_way_seconds=way)
            turn.has_begun()
        else:
            connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine, "before_cursor_execute")
    def _let_finish(connection: Any, *_: object) -> None:
        if not connection.get_execution_options().get("muscope_writes", False):
            turn.let_finish()


def _refuse_large_number(context: ExceptionContext) -> None:
    """Refuse a whole number above 64 bits: to SQLite no error but one of its driver."""
    if isinstance(context.original_exception, OverflowError):
        detail = str(context.original_exception)
        raise InvalidInput("database.value_refused", detail=detail) from context.original_exception


def _lower(value: str | None) -> str | None:
    return None if value is None else str(value).lower()
