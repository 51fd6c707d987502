"""Folders and files that only the service's user can read, whatever the umask is."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from muscope.backend.errors import StorageFull, Unavailable

FOLDER_MODE, FILE_MODE, FINAL_MODE = 0o700, 0o600, 0o400
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}


def private_folder(path: Path) -> Path:
    """Make sure of a folder of mode 0700; parents that are missing get the same."""
    if not path.is_dir():
        if not path.parent.is_dir():
            private_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    with suppress(PermissionError):  # a folder that an operator lends us under another user
        path.chmod(FOLDER_MODE)
    return path


def new_private_file(path: Path) -> int:
    """Create a file of mode 0600 and return its descriptor; raises FileExistsError."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)  # a umask may have taken what its owner needs
    return descriptor


@contextmanager
def no_room_is_our_error(size: int) -> Iterator[None]:
    """Turn the system's "no space left" into StorageFull and "read-only" into Unavailable.

    Args:
        size: bytes that there was no room for.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("storage.full", size=size) from error
        if error.errno in _NOT_WRITABLE:
            raise Unavailable("storage.read_only", path=str(error.filename or "")) from error
        raise
