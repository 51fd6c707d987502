"""Copy of an SQLite database while others write to it, and the check of a copy."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from muscope.backend.db.connection.sqlite_engine import sqlite_module
from muscope.backend.errors import InvalidInput, Unavailable

PATIENT_SECONDS = 30.0


def copy_online(source: Path, target: Path) -> None:
    """Copy the database at `source` as of one moment to the new file `target`; nobody has to pause.

    SQLite's backup interface copies committed pages under one read transaction. Raises Unavailable if the
    database cannot be read.
    """
    module = sqlite_module()
    try:
        with (
            closing(
                module.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENT_SECONDS)
            ) as online,
            closing(module.connect(str(target))) as copy,
        ):
            online.backup(copy)
    except module.Error as error:
        raise Unavailable("backup.database_unreadable", path=str(source), reason=str(error)) from error
    join_log(target)


def join_log(path: Path) -> None:
    """Make a database that nobody has open one file, without a log beside it."""
    with closing(sqlite_module().connect(str(path))) as database:
        database.execute("PRAGMA journal_mode=DELETE")


def require_sound(path: Path) -> None:
    """Raise InvalidInput if the pages, indices or references of a database file are damaged."""
    module = sqlite_module()
    try:
        with closing(module.connect(_to_read(path), uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
            is_sound = found == ["ok"] and not database.execute("PRAGMA foreign_key_check").fetchone()
            reason = "; ".join(found)
    except module.Error as error:
        is_sound, reason = False, str(error)
    if not is_sound:
        raise InvalidInput("backup.database_damaged", path=str(path), reason=reason[:300])


def _to_read(path: Path) -> str:
    """Return SQLite's address of a file to read only; a question mark in its name is no option."""
    return f"{path.absolute().as_uri()}?mode=ro"
