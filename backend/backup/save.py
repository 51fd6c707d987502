"""Backup while everything runs: the database as of one moment, and the files that it names, in one file."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from muscope.backend.backup.archive import entry_of, open_archive, write_archive
from muscope.backend.backup.manifest import DATABASE, Manifest, blob_name
from muscope.backend.backup.stage import staged
from muscope.backend.db.connection.address import file_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.connection.sqlite_copy import join_log
from muscope.backend.db.migrate import revision_of
from muscope.backend.errors import Conflict, InvalidInput, Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.private_files import no_room_is_our_error


def back_up(settings: Settings, target: Path) -> Manifest:
    """Write a backup to the new file `target`, read it back and return its manifest.

    Of a folder or of a server and a bucket, whatever the settings name; the file is the same. Training and
    uploads go on meanwhile; what is committed after the copy of the database is not in it. The file appears
    under its name once it has been verified.

    Raises:
        Conflict: the file is there already.
        InvalidInput: there is no database, or one of a newer version.
        Unavailable: the database cannot be read, or a file that it names is missing.
        StorageFull: no room for the backup.
    """
    _require_possible(settings, target)
    partial = target.with_name(f".{target.name}.partial")
    with no_room_is_our_error(0), staged(settings) as folder:
        manifest = _describe(settings, folder)
        partial.unlink(missing_ok=True)  # of a backup that was killed
        try:
            write_archive(partial, manifest, folder)
            with open_archive(partial) as archive:
                archive.copy_to(None)
            os.link(partial, target)  # unlike a rename it never replaces a file that came meanwhile
        except FileExistsError as error:
            raise Conflict("backup.file_exists", path=str(target)) from error
        finally:
            partial.unlink(missing_ok=True)
    return manifest


def _require_possible(settings: Settings, target: Path) -> None:
    if settings.database_url is None and not (settings.data_folder / DATABASE).is_file():
        raise InvalidInput("backup.nothing_there", path=str(settings.data_folder))
    if target.exists():
        raise Conflict("backup.file_exists", path=str(target))
    if not target.parent.is_dir():
        raise InvalidInput("backup.folder_missing", path=str(target.parent))


def _describe(settings: Settings, folder: Path) -> Manifest:
    """Return the manifest of a staged folder; a blob whose bytes do not fit its name is damaged."""
    with closing(Database(file_address(folder / DATABASE))) as database:
        revision = revision_of(database)
    join_log(folder / DATABASE)  # opening it has begun a log
    names = [DATABASE, *sorted(str(each.relative_to(folder)) for each in folder.glob("blobs/*/*"))]
    files = tuple(entry_of(folder, name) for name in names)
    for entry in files[1:]:
        if blob_name(entry.sha256) != entry.name:
            raise Unavailable("backup.blob_damaged", path=str(settings.data_folder / entry.name))
    return Manifest(
        muscope=metadata.version("muscope"),
        schema_revision=revision,
        created_at=datetime.now(UTC),
        files=files,
    )
