"""Backup of a data folder while everything runs: the database as of one moment, and the files it names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import mkdtemp

from muscope.backend.backup.archive import entry_of, open_archive, write_archive
from muscope.backend.backup.manifest import DATABASE, Manifest, blob_name
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.connection.sqlite_copy import copy_online, require_sound
from muscope.backend.db.datasets import blobs_of_all
from muscope.backend.db.migrate import revision_of
from muscope.backend.errors import Conflict, InvalidInput, Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.backend.storage.private_files import no_room_is_our_error, private_folder


def back_up(settings: Settings, target: Path) -> Manifest:
    """Write a backup of the data folder to the new file `target`, read it back and return its manifest.

    Training and uploads go on meanwhile; what is committed after the copy of the database is not in it. The
    file appears under its name once it has been verified.

    Raises:
        Conflict: the file is there already.
        InvalidInput: there is no database, or it or the files are on a server, which has tools of its own.
        Unavailable: the database cannot be read, or a file that it names is missing.
        StorageFull: no room for the backup.
    """
    _require_possible(settings, target)
    partial = target.with_name(f".{target.name}.partial")
    with no_room_is_our_error(0), _staged(settings) as folder:
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
    if settings.database_url is not None:
        raise InvalidInput("backup.database_on_server")
    if settings.blobs is not None:
        raise InvalidInput("backup.files_in_bucket")
    if not (settings.data_folder / DATABASE).is_file():
        raise InvalidInput("backup.nothing_there", path=str(settings.data_folder))
    if target.exists():
        raise Conflict("backup.file_exists", path=str(target))
    if not target.parent.is_dir():
        raise InvalidInput("backup.folder_missing", path=str(target.parent))


@contextmanager
def _staged(settings: Settings) -> Iterator[Path]:
    """Lend a folder with the database and second names of its blobs, as of one moment.

    No blob is deleted while they get their names; afterwards each lives as long as its name here.
    """
    folder = Path(mkdtemp(prefix="backup-", dir=private_folder(settings.scratch_folder)))
    blobs = BlobStore(settings.blob_folder)
    try:
        with blobs.in_turn():
            copy_online(settings.data_folder / DATABASE, folder / DATABASE)
            for sha256 in _blobs_of(settings, folder):
                _lend(blobs.path(sha256), folder / blob_name(sha256))
        require_sound(folder / DATABASE)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lend(source: Path, target: Path) -> None:
    private_folder(target.parent)
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        raise Unavailable("backup.blob_missing", path=str(source)) from error
    except OSError:  # a file system without second names
        shutil.copyfile(source, target)


def _blobs_of(settings: Settings, folder: Path) -> list[str]:
    database = Database(database_address(settings.model_copy(update={"data": folder})))
    try:
        with database.read() as session:
            return blobs_of_all(session)
    finally:
        database.close()


def _describe(settings: Settings, folder: Path) -> Manifest:
    """Return the manifest of a staged folder; a blob whose bytes do not fit its name is damaged."""
    names = [DATABASE, *sorted(str(each.relative_to(folder)) for each in folder.glob("blobs/*/*"))]
    files = tuple(entry_of(folder, name) for name in names)
    for entry in files[1:]:
        if blob_name(entry.sha256) != entry.name:
            raise Unavailable("backup.blob_damaged", path=str(settings.data_folder / entry.name))
    database = Database(database_address(settings.model_copy(update={"data": folder})))
    try:
        revision = revision_of(database)
    finally:
        database.close()
    return Manifest(
        muscope=metadata.version("muscope"),
        schema_revision=revision,
        created_at=datetime.now(UTC),
        files=files,
    )
