"""Health check of the parts of the system."""

from __future__ import annotations

from muscope.backend.db.migrate import is_current
from muscope.backend.errors import MuscopeError, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.storage.disk import disk_fault


def require_ready(context: Context) -> None:
    """Raise Unavailable with the fault that keeps the system from working.

    A cause that its operator can mend goes first: no room on the disk, a folder or a database that can only
    be read, a database file that is gone. Otherwise the parts that are missing are named.
    """
    if fault := fault_of_disk(context) or _database_fault(context) or context.blobs.fault():
        raise Unavailable(fault.code, **fault.params)
    if missing := missing_parts(context):
        raise Unavailable("system.not_ready", missing=", ".join(missing))


def missing_parts(context: Context) -> tuple[str, ...]:
    """Return the parts not ready: `database`, `schema` (of another version) or `broker`; empty if all are."""
    broker = () if context.notices.is_up() else ("broker",)
    try:
        database = () if is_current(context.database) else ("schema",)
    except Unavailable:
        database = ("database",)
    return database + broker


def fault_of_disk(context: Context) -> MuscopeError | None:
    """Return why nothing can be written to the data folder."""
    return disk_fault(context.settings.scratch_folder)


def fault_of_database(context: Context) -> MuscopeError | None:
    """Return why the database cannot be used: it is away, cannot be written to, or is of another version."""
    try:
        context.database.require_writable()
        return None if is_current(context.database) else Unavailable("system.other_schema")
    except Unavailable as error:
        return error


def fault_of_broker(context: Context) -> MuscopeError | None:
    """Return why workers cannot be told of new work."""
    return None if context.notices.is_up() else Unavailable("system.broker_away")


def _database_fault(context: Context) -> MuscopeError | None:
    """Return why the database cannot be written to where the cause is known by name."""
    try:
        context.database.require_writable()
    except Unavailable as error:
        return None if error.code == "database.unavailable" else error
    return None
