"""Causes of an outage: a full disk, a read-only database, a file that is gone, or no connection.

Each cause has a code of its own, since each has another remedy; all of them are `Unavailable`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError

from muscope.backend.errors import Unavailable
from muscope.backend.storage.disk import free_bytes

# SQLite reports a log that cannot grow as an I/O error; below this many free bytes the disk is the cause.
FULL_BYTES = 1 << 20
_DISK_FULL, _READ_ONLY = "53100", "25006"  # SQLSTATE of PostgreSQL
_NO_COLUMN, _NO_TABLE = "42703", "42P01"
_CODES = {
    "database or disk is full": "database.disk_full",
    "readonly database": "database.read_only",
    _DISK_FULL: "database.disk_full",
    _READ_ONLY: "database.read_only",
    # A database of another version. SQLite says so in words, as one of its OperationalErrors.
    _NO_COLUMN: "system.other_schema",
    _NO_TABLE: "system.other_schema",
}


def outage(error: DBAPIError, path: Path | None) -> Unavailable | None:
    """Return the error that names the cause, or None if this is no outage but a fault of the statement.

    A table or column that is missing is an outage too: the database belongs to another version.

    Args:
        error: what the driver raised.
        path: the database file, or None for a server.
    """
    detail = str(error.orig)
    told = getattr(error.orig, "sqlstate", None) or detail
    for sign, code in _CODES.items():
        if sign in told:
            return Unavailable(code, detail=detail)
    if not (isinstance(error, OperationalError) or error.connection_invalidated):
        return None
    is_full = path is not None and path.parent.is_dir() and free_bytes(path.parent) < FULL_BYTES
    return Unavailable("database.disk_full" if is_full else "database.unavailable", detail=detail)


class SameFile:
    """Check that a database file is still the one that was opened first.

    SQLite goes on in a file that was deleted or replaced under it, and everything written then is lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def note(self) -> None:
        """Remember the file that a first connection has opened."""
        self._known = self._known or self._identity()

    def require(self) -> None:
        """Raise Unavailable if the file that was opened is no longer at its path."""
        if self._known is not None and self._identity() != self._known:
            raise Unavailable("database.gone", path=str(self._path))

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino
