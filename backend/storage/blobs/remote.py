"""Blobs in object storage, reached through fsspec, with a verified copy here of those in use."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muscope.backend.errors import Unavailable
from muscope.backend.storage.blobs.cache import BlobCache
from muscope.backend.storage.blobs.folder import Blob, blob_of, is_address, name_of

if TYPE_CHECKING:  # a package of the extra `s3`, which a folder does without
    from fsspec import AbstractFileSystem

log = logging.getLogger(__name__)

# Of the disk here; it is for the cache to say so.
_OUR_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}

# A bucket's objects cannot be touched, so one that is put again at this age is sent again. Younger ones are
# far from the age at which a sweep removes them.
RENEWED_AFTER = timedelta(hours=12)

Lock = Callable[[], AbstractContextManager[None]]


class RemoteBlobs:
    """Blobs below a prefix of a bucket, under the names that they have in a folder.

    Each method raises Unavailable if the storage cannot be reached or refuses the key.

    Args:
        files: where they are kept.
        prefix: bucket and prefix, without a slash at the end.
        cache: folder with copies on this host.
        failures: exceptions of the library behind `files`, besides OSError.
        lock: guards `in_turn` on every host; by default only the processes of this one take turns.
    """

    def __init__(
        self,
        files: AbstractFileSystem,
        prefix: str,
        cache: BlobCache,
        *,
        failures: tuple[type[Exception], ...] = (),
        lock: Lock | None = None,
    ) -> None:
        self._files = files
        self._prefix = prefix
        self._cache = cache
        self._failures: tuple[type[Exception], ...] = (OSError, *failures)
        self._lock = lock or cache.in_turn

    def put(self, path: Path) -> Blob:
        """Send the file at `path` and return its address; it is moved into the cache then."""
        blob = blob_of(path)
        with self._translating_failures():
            held = self._held(blob.sha256)
            if held is None or int(held["size"]) != blob.size:
                self._send(path, blob)
            elif _put_at(held) < datetime.now(UTC) - RENEWED_AFTER:
                self._renew(path, blob)
        self._cache.keep(path, blob)
        return blob

    def path(self, sha256: str) -> Path:
        """Return the copy here, downloaded and verified if need be.

        Raises Unavailable too if what was downloaded has other bytes than its address says.
        """
        if not self._cache.has(sha256):
            self._download(sha256)
        return self._cache.path(sha256)

    def exists(self, sha256: str) -> bool:
        """Say whether the storage holds the blob."""
        with self._translating_failures():
            return self._size(sha256) is not None

    def delete(self, sha256: str) -> None:
        """Remove the blob from the storage and its copy here."""
        name = self._name(sha256)
        with self._translating_failures():
            if self._size(sha256) is not None:
                self._files.rm_file(name)
        self._cache.delete(sha256)

    def addresses(self, start: str) -> list[str]:
        """List the addresses of the blobs whose first two digits are `start`."""
        with self._translating_failures():
            try:
                names = self._files.ls(f"{self._prefix}/{start}", detail=False)
            except FileNotFoundError:
                return []
        found = (start + name.rpartition("/")[2] for name in names)
        return sorted(filter(is_address, found))

    def delete_if_older(self, sha256: str, before: datetime) -> int | None:
        """Remove the blob if it was last put before a moment; return its size in bytes, None if it stays.

        Ages are told by the clock of the storage.
        """
        with self._translating_failures():
            held = self._held(sha256)
        if held is None or _put_at(held) >= before:
            return None
        self.delete(sha256)
        return int(held["size"])

    def delete_cut_off(self, before: datetime) -> None:
        """Do nothing: the cache sees to its own files, and the bucket's rules to parts of objects."""

    def in_turn(self) -> AbstractContextManager[None]:
        """Let one request at a time decide by rows which blobs stay; none goes while it is taken up."""
        return self._lock()

    def fault(self) -> Unavailable | None:
        """Return why the storage cannot be used, or None if it answers."""
        try:
            self.exists("0" * 64)
        except Unavailable as error:
            return error
        return None

    def _download(self, sha256: str) -> None:
        with self._translating_failures():
            size = self._size(sha256)
        if size is None:
            return
        with self._cache.incoming(size) as path:
            with self._translating_failures():
                self._files.get_file(self._name(sha256), str(path))
            found = blob_of(path)
            if found.sha256 != sha256:
                raise Unavailable("dataset.file_damaged", sha256=sha256)
            self._cache.keep(path, found)

    def _send(self, path: Path, blob: Blob) -> None:
        self._files.put_file(str(path), self._name(blob.sha256))

    def _renew(self, path: Path, blob: Blob) -> None:
        """Send a blob that is held, so that its age begins now, also where it is just being removed."""
        self._send(path, blob)
        with self._lock():
            pass  # whoever removes blobs now has seen the new one, or is through
        if self._size(blob.sha256) is None:
            self._send(path, blob)

    def _size(self, sha256: str) -> int | None:
        """Return the size of a blob in the storage, None if it is not held."""
        held = self._held(sha256)
        return None if held is None else int(held["size"])

    def _held(self, sha256: str) -> dict[str, Any] | None:
        """Return what the storage says of a blob, None if it is not held."""
        try:
            held: dict[str, Any] = self._files.info(self._name(sha256))
        except FileNotFoundError:
            return None
        return held

    def _name(self, sha256: str) -> str:
        return f"{self._prefix}/{name_of(sha256)}"

    @contextmanager
    def _translating_failures(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            if isinstance(error, OSError) and error.errno in _OUR_DISK:
                raise
            reason = next(iter(str(error).splitlines()), "") or type(error).__name__
            log.warning("the storage of blobs failed: %s", reason)
            raise Unavailable("blobs.unreachable", place=self._prefix, reason=reason) from error


def _put_at(held: dict[str, Any]) -> datetime:
    """Return when an object was put, for which fsspec has no common name."""
    moment: datetime = held["last_modified"] if "last_modified" in held else held["created"]
    return moment
