"""Copies of blobs on this host: verified when they come, and removed when unused and in the way."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from muscope.backend.storage.blobs.folder import Blob, BlobStore, blob_of
from muscope.backend.storage.private_files import no_room_is_our_error, private_folder

# Whoever asked for a path opens it within this time, so a copy as fresh as that is not removed.
IN_USE_SECONDS = 60.0
# A download that has been silent for so long was cut off.
STALE_SECONDS = 86_400.0


class BlobCache:
    """Folder of copies that holds at most `limit_bytes`, those just asked for aside."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._store = BlobStore(folder)
        self._verified: dict[str, tuple[int, int]] = {}

    def path(self, sha256: str) -> Path:
        """Return where the copy lies or would lie."""
        return self._store.path(sha256)

    def has(self, sha256: str) -> bool:
        """Say whether there is a copy with the right bytes; one with others is removed."""
        path = self.path(sha256)
        try:
            status = path.stat()
            known = (status.st_ino, status.st_size)
            if self._verified.get(sha256) != known and blob_of(path).sha256 != sha256:
                self.delete(sha256)
                return False
            self._verified[sha256] = known
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def keep(self, path: Path, blob: Blob) -> None:
        """Move in a file whose bytes are known to be the blob's."""
        self._make_room(blob.size)
        self._store.put(path)
        with suppress(FileNotFoundError):
            os.utime(self.path(blob.sha256))

    def delete(self, sha256: str) -> None:
        """Remove the copy, if there is one."""
        self._store.delete(sha256)

    def in_turn(self) -> AbstractContextManager[None]:
        """Let one process of this host at a time do what belongs together."""
        return self._store.in_turn()

    @contextmanager
    def incoming(self, size: int) -> Iterator[Path]:
        """Yield a path for a file that arrives; raises StorageFull where there is no room for it."""
        with no_room_is_our_error(size):
            self._make_room(size)
            path = private_folder(self._folder) / f"incoming-{uuid.uuid4().hex}"
            try:
                yield path
            finally:
                path.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Remove the copies that were unused for longest until `size` bytes more are within the limit."""
        now = time.time()
        for path in self._folder.glob("incoming-*"):
            _remove_if_older(path, now - STALE_SECONDS)
        copies = sorted(filter(None, map(_seen, self._folder.glob("??/*"))))
        excess = sum(each_size for _, each_size, _ in copies) + size - self._limit
        for _, each_size, path in copies:
            if excess <= 0:
                return
            if _remove_if_older(path, now - IN_USE_SECONDS):
                excess -= each_size


def _seen(path: Path) -> tuple[float, int, Path] | None:
    """Return when a copy was last used, its size and its path; None if another process removed it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime, status.st_size, path


def _remove_if_older(path: Path, moment: float) -> bool:
    """Remove a file not used since a moment; say whether it was."""
    seen = _seen(path)
    if seen is None or seen[0] > moment:
        return False
    path.unlink(missing_ok=True)
    return True
