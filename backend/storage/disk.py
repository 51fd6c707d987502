"""Room on the disk of the data folder: how much is free, and whether it can be written to."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from muscope.backend.errors import MuscopeError, StorageFull, Unavailable
from muscope.backend.storage.private_files import new_private_file, no_room_is_our_error, private_folder

# Results, logs and the database's log that an experiment or the stack may write before somebody can look.
START_BYTES = 64 << 20
_PROBE_BYTES = 64 << 10


def free_bytes(folder: Path) -> int:
    """Return the room on the disk of a folder, in bytes."""
    return shutil.disk_usage(folder).free


def require_room_to_start(folder: Path) -> None:
    """Raise StorageFull if the disk of a folder has too little room to begin something new."""
    free = free_bytes(folder)
    if free < START_BYTES:
        raise StorageFull(
            "storage.no_room_to_start", free_mib=round(free / (1 << 20), 1), needed_mib=START_BYTES >> 20
        )


def disk_fault(folder: Path) -> MuscopeError | None:
    """Return why nothing can be written to a folder, or None if a small file can be.

    A quota, an exhausted table of files or a read-only mount shows only when something is written.
    """
    probe = folder / f".probe-{uuid.uuid4().hex}"
    try:
        with no_room_is_our_error(_PROBE_BYTES):
            require_room_to_start(private_folder(folder))
            descriptor = new_private_file(probe)
            try:
                os.write(descriptor, bytes(_PROBE_BYTES))
            finally:
                os.close(descriptor)
    except (StorageFull, Unavailable) as error:
        return error
    except OSError as error:
        return Unavailable("storage.unusable", path=str(folder), reason=error.strerror or str(error))
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return None
