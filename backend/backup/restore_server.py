"""Restoration of a backup into the database server and the storage of files that the settings name."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from muscope.backend.backup.manifest import DATABASE, Manifest
from muscope.backend.backup.restore import restore
from muscope.backend.backup.stage import scratch
from muscope.backend.db.connection.address import database_address, file_address
from muscope.backend.db.connection.locks import BLOBS, shared_lock
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.connection.table_copy import replace_rows, table_names
from muscope.backend.db.migrate import migrate_within
from muscope.backend.errors import Conflict, InvalidInput
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.place import open_blobs


def restore_to_server(settings: Settings, source: Path) -> Manifest:
    """Restore a backup into an empty database on a server; return its manifest.

    The archive is verified and brought to the newest schema in a folder first. Files come before the rows
    that name them; all rows come in one transaction, so the database stays empty after a failure.

    Raises:
        Conflict: the database has tables.
        InvalidInput: the settings name no server, or as `restore` says it.
        StorageFull: no room for the files.
        Unavailable: the server or the storage cannot be reached.
    """
    if settings.database_url is None:
        raise InvalidInput("backup.no_server")
    address = database_address(settings)
    with closing(Database(address, answer_seconds=None)) as database, scratch(settings) as folder:
        with database.read() as session:
            _require_empty(session)
        copy = folder / "restored"
        manifest = restore(settings, source, copy)
        _put_blobs(settings, database, copy)
        _fill(database, copy / DATABASE)
    return manifest


def _require_empty(session: Session) -> None:
    if names := table_names(session):
        address = session.connection().engine.url.render_as_string(hide_password=True)
        raise Conflict("backup.server_not_empty", address=address, count=len(names))


def _put_blobs(settings: Settings, database: Database, folder: Path) -> None:
    blobs = open_blobs(settings, lock=shared_lock(database.url, BLOBS))
    for path in sorted(folder.glob("blobs/*/*")):
        blobs.put(path)


def _fill(database: Database, path: Path) -> None:
    with closing(Database(file_address(path))) as copy, copy.read() as rows, database.write() as session:
        _require_empty(session)
        migrate_within(session)
        replace_rows(rows, session)
