"""Restoration of a backup into an empty folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from muscope.backend.backup.archive import open_archive
from muscope.backend.backup.manifest import DATABASE, Manifest
from muscope.backend.db.connection.sqlite_copy import require_sound
from muscope.backend.db.migrate import is_known_revision, upgrade
from muscope.backend.errors import Conflict, InvalidInput
from muscope.backend.settings import Settings
from muscope.backend.storage.private_files import no_room_is_our_error, private_folder


def restore(settings: Settings, source: Path, folder: Path) -> Manifest:
    """Restore a backup into `folder` and bring its database to the newest schema; return its manifest.

    A folder that was empty is empty again after a failure.

    Raises:
        Conflict: the folder is not empty.
        InvalidInput: the file is no backup, is damaged, or was written by a newer version.
        StorageFull: no room for its files.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("backup.folder_not_empty", path=str(folder))
    with open_archive(source) as archive:
        manifest = archive.manifest
        if not is_known_revision(manifest.schema_revision):
            raise InvalidInput("backup.newer_version", version=manifest.muscope)
        try:
            with no_room_is_our_error(sum(entry.num_bytes for entry in manifest.files)):
                archive.copy_to(private_folder(folder))
            require_sound(folder / DATABASE)
            upgrade(settings.model_copy(update={"data": folder, "database_url": None}))
        except BaseException:
            _empty(folder)
            raise
    return manifest


def _empty(folder: Path) -> None:
    """Remove what a restoration that failed has left."""
    shutil.rmtree(folder / "blobs", ignore_errors=True)
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink(missing_ok=True)
