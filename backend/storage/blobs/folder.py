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
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from muscope.backend.errors import Unavailable
from muscope.backend.storage.private_files import FILE_MODE, FINAL_MODE, no_room_is_our_error, private_folder

LOCK_NAME = "lock"  # of `in_turn`; it stays, since a lock file that is removed guards nothing
# First two digits of an address: the names of the folders, and the parts in which all blobs can be listed.
STARTS = tuple(f"{number:02x}" for number in range(256))
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


def is_address(sha256: str) -> bool:
    """Say whether this can name a blob."""
    return _SHA256.fullmatch(sha256) is not None


def name_of(sha256: str) -> str:
    """Return a blob's name below its folder or prefix; raises ValueError for what is no address."""
    if not is_address(sha256):
        raise ValueError(f"sha256: expected 64 lower-case hex digits, given {sha256[:80]!r}")
    return f"{sha256[:2]}/{sha256[2:]}"


class Blobs(Hashable, Protocol):
    """Place that keeps blobs; every method that names one raises ValueError for what is no address."""

    def put(self, path: Path) -> Blob:
        """Move the file at `path` in and return its address; a blob held already only counts as put now."""

    def path(self, sha256: str) -> Path:
        """Return the file with the bytes, brought here if need be; none is there if the blob is gone."""

    def exists(self, sha256: str) -> bool:
        """Say whether the blob is held."""

    def delete(self, sha256: str) -> None:
        """Remove the blob; one that is gone already is no error."""

    def addresses(self, start: str) -> list[str]:
        """List the addresses of the blobs whose first two digits are `start`, one of `STARTS`."""

    def delete_if_older(self, sha256: str, before: datetime) -> int | None:
        """Remove the blob if it was last put before a moment; return its size in bytes, None if it stays.

        A blob that is put again meanwhile is held afterwards. For use `in_turn`.
        """

    def delete_cut_off(self, before: datetime) -> None:
        """Remove what processes that ended while they put something left here before a moment, `in_turn`."""

    def in_turn(self) -> AbstractContextManager[None]:
        """Let one request at a time decide by rows which blobs stay; none goes while it is taken up."""

    def fault(self) -> Unavailable | None:
        """Return why blobs cannot be had, or None if they can."""


class BlobStore:
    """Files in `folder/ab/cdef…`, written once, never changed, readable by the service's user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: Path) -> Blob:
        """Move the file at `path` in and return its address; one that we hold only counts as put now."""
        blob = blob_of(path)
        target = self.path(blob.sha256)
        with no_room_is_our_error(blob.size):
            private_folder(self._folder)
            if not _renew(target):
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

    def addresses(self, start: str) -> list[str]:
        """List the addresses of the blobs whose first two digits are `start`."""
        return sorted(filter(is_address, (start + path.name for path in (self._folder / start).glob("*"))))

    def delete_if_older(self, sha256: str, before: datetime) -> int | None:
        """Remove the blob if it was last put before a moment; return its size in bytes, None if it stays.

        It loses its name first, so whoever puts the same bytes finds either this file, which is then seen to
        be new and gets its name back, or none.
        """
        path, aside = self.path(sha256), self._incoming()
        try:
            if _changed(path) >= before:
                return None
            path.rename(aside)
        except FileNotFoundError:
            return None
        if _changed(aside) >= before:
            aside.replace(path)
            return None
        size = aside.stat().st_size
        aside.unlink()
        return size

    def delete_cut_off(self, before: datetime) -> None:
        """Remove files that were on their way in, or out, before a moment; for use `in_turn`."""
        for path in self._folder.glob("incoming-*"):
            with suppress(FileNotFoundError):  # its process goes on
                if _changed(path) < before:
                    path.unlink()

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
        incoming = self._incoming()
        try:
            os.utime(source)  # it keeps its age when it moves, and may have been written days ago
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

    def _incoming(self) -> Path:
        return self._folder / f"incoming-{uuid.uuid4().hex}"


def _renew(path: Path) -> bool:
    """Let a file's age begin now; say whether there is one."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _flush(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
