"""Files of uploads: one for the bytes, one beside it for how far reading is.

The lock of a file (`flock`) belongs to whoever changes or reads it; the system frees it when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from muscope.backend.errors import NotFound
from muscope.backend.ingest.progress import read_progress
from muscope.backend.services.context import Context
from muscope.backend.storage.private_files import new_private_file, private_folder

# Writing a block takes a moment, reading a file minutes: whoever waits longer than this waits for a reader.
LOCK_SECONDS = 2.0
_POLL_SECONDS = 0.02


def upload_path(context: Context, upload_id: UUID) -> Path:
    """Return where an upload's bytes lie; the name is ours, never the user's."""
    return context.settings.upload_folder / upload_id.hex


def progress_path(context: Context, upload_id: UUID) -> Path:
    """Return where the reading child writes how far it is."""
    return upload_path(context, upload_id).with_suffix(".progress")


def create_file(context: Context, upload_id: UUID) -> None:
    """Create the empty file of an upload."""
    private_folder(context.settings.upload_folder)
    os.close(new_private_file(upload_path(context, upload_id)))


def unlink_files(context: Context, upload_id: UUID) -> None:
    """Remove what an upload has on the disk; no error if it is gone already."""
    for path in (upload_path(context, upload_id), progress_path(context, upload_id)):
        path.unlink(missing_ok=True)


@contextmanager
def opened(context: Context, upload_id: UUID, *, to_write: bool = False) -> Iterator[int]:
    """Open the file of an upload, to lock it or to write to it; raises NotFound."""
    mode = os.O_RDWR if to_write else os.O_RDONLY
    try:
        descriptor = os.open(upload_path(context, upload_id), mode | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound("upload.not_found", id=str(upload_id)) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def take_lock(descriptor: int) -> bool:
    """Take the lock of a file until it is closed; False when somebody keeps it longer than a block takes."""
    deadline = time.monotonic() + LOCK_SECONDS
    while not _try_lock(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def is_locked(context: Context, upload_id: UUID) -> bool:
    """Tell whether somebody writes to or reads an upload at this moment."""
    try:
        with opened(context, upload_id) as descriptor:
            return not _try_lock(descriptor)
    except NotFound:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_share(context: Context, upload_id: UUID) -> float | None:
    """Return the share of a file that the reading child has read, 0 to 1; None if it said nothing yet."""
    progress = read_progress(progress_path(context, upload_id))
    if progress is None:
        return None
    done, total = progress
    return min(1.0, done / total)
