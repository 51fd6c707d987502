"""Content-addressed files in a folder: the name of a blob is the sha256 of its bytes, so it can never change.

The database holds sha256 and size only.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from muscope.backend.errors import Unavailable
from muscope.backend.storage.private_files import FILE_MODE, FINAL_MODE, no_room_is_our_error, private_folder

LOCK_NAME = "lock"  # of `in_turn`; it stays, since a lock file that is removed guards nothing
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """Address and size of a stored file, as the database keeps them."""

    sha256: str
    size: int


def blob_of(path: Path) -> Blob:
    """Return the address and size of a file."""
    with path.open("rb") as file:
        return Blob(hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size)


def name_of(sha256: str) -> str:
    """Return a blob's name below its folder or prefix; raises ValueError for what is no address."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"sha256: expected 64 lower-case hex digits, given {sha256[:80]!r}")
    return f"{sha256[:2]}/{sha256[2:]}"


class Blobs(Hashable, Protocol):
    """Place that keeps blobs; every method that names one raises ValueError for what is no address."""

    def put(self, path: Path) -> Blob:
        """Move the file at `path` in and return its address; a blob held already is kept as it is."""

    def path(self, sha256: str) -> Path:
        """Return the file with the bytes, brought here if need be; none is there if the blob is gone."""

    def exists(self, sha256: str) -> bool:
        """Say whether the blob is held."""

    def delete(self, sha256: str) -> None:
        """Remove the blob; one that is gone already is no error."""

    def in_turn(self) -> AbstractContextManager[None]:
        """Let one request at a time decide by rows which blobs stay; none goes while it is taken up."""

    def fault(self) -> Unavailable | None:
        """Return why blobs cannot be had, or None if they can."""


class BlobStore:
    """Files in `folder/ab/cdef…`, written once, never changed, readable by the service's user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: Path) -> Blob:
        """Move the file at `path` in and return its address; a file we already hold is kept as it is."""
        blob = blob_of(path)
        target = self.path(blob.sha256)
        with no_room_is_our_error(blob.size):
            private_folder(self._folder)
            if not self.exists(blob.sha256):
                private_folder(target.parent)
                self._move(path, target)
            path.unlink(missing_ok=True)
        return blob

    def path(self, sha256: str) -> Path:
        """Return where the blob lies or would lie; the address is checked, so it never leaves the folder."""
        return self._folder / name_of(sha256)

    def exists(self, sha256: str) -> bool:
        """Say whether the blob is here."""
        return self.path(sha256).is_file()

    def delete(self, sha256: str) -> None:
        """Remove the blob; one that is gone already is no error."""
        self.path(sha256).unlink(missing_ok=True)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let one request of this host at a time decide by rows which blobs stay."""
        private_folder(self._folder)
        descriptor = os.open(self._folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def fault(self) -> Unavailable | None:
        """Return None: the folder is made when it is needed, and its disk is looked at by `storage.disk`."""
        return None

    def _move(self, source: Path, target: Path) -> None:
        """Bring `source` to `target` in one rename, by way of a copy where they lie on different disks."""
        incoming = self._folder / f"incoming-{uuid.uuid4().hex}"
        try:
            try:
                source.rename(incoming)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(source, incoming)
            incoming.chmod(FINAL_MODE)
            _flush(incoming)
            incoming.replace(target)
            _flush(target.parent)
        finally:
            incoming.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
