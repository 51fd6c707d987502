"""Adding a piece to an upload: written, flushed to the disk, then counted.

The newest request wins. It raises the upload's fence, and every block is written and counted only under the
file's lock by the holder of the current fence; so a request whose connection is half open blocks nobody.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from muscope.backend.db import uploads as upload_rows
from muscope.backend.errors import ChecksumMismatch, Conflict, StorageFull, TooLarge
from muscope.backend.services.context import Context
from muscope.backend.services.uploads.files import opened, take_lock, unlink_files
from muscope.backend.services.uploads.store import find_upload, fresh_expiry
from muscope.backend.storage.private_files import no_room_is_our_error

CHECKSUMS = ("sha256", "sha1")


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True)
class Checksum:
    """Announced digest of a piece, by an algorithm of `CHECKSUMS`."""

    algorithm: str
    digest: bytes


class Piece:
    """One request's piece of an upload. With a checksum it counts as a whole or not at all."""

    def __init__(
        self,
        context: Context,
        upload_id: UUID,
        fence: int,
        offset: int,
        length: int,
        checksum: Checksum | None,
    ) -> None:
        self._context = context
        self._upload_id = upload_id
        self._fence = fence
        self._start = self.offset = offset
        self._length = length
        self._checksum = checksum
        self._digest: _Digest | None = hashlib.new(checksum.algorithm) if checksum else None

    def take(self, block: bytes) -> None:
        """Write one block; raises TooLarge, Conflict when a newer request took over, StorageFull."""
        if self.offset + len(block) > self._length:
            raise _beyond(self._length)
        try:
            with self._turn() as descriptor, no_room_is_our_error(len(block)):
                _write(descriptor, block, self.offset)
                self.offset += len(block)
                if self._digest is None:
                    self._count(descriptor)
        except StorageFull:
            _give_up(self._context, self._upload_id)
            raise
        if self._digest is not None:
            self._digest.update(block)

    def finish(self) -> None:
        """Compare the checksum of the piece and count it; raises ChecksumMismatch, then nothing is kept."""
        if self._checksum is None or self._digest is None or self.offset == self._start:
            return
        with self._turn() as descriptor:
            given = self._digest.digest()
            if given != self._checksum.digest:
                os.ftruncate(descriptor, self._start)
                raise ChecksumMismatch(
                    "upload.checksum",
                    algorithm=self._checksum.algorithm,
                    expected=base64.b64encode(self._checksum.digest).decode(),
                    given=base64.b64encode(given).decode(),
                )
            self._count(descriptor)

    @contextmanager
    def _turn(self) -> Iterator[int]:
        """Hold the file while this request is still the one that may write."""
        with opened(self._context, self._upload_id, to_write=True) as descriptor:
            if not take_lock(descriptor) or not self._is_held():
                raise Conflict("upload.overtaken")
            yield descriptor

    def _is_held(self) -> bool:
        with self._context.database.read() as session:
            return upload_rows.is_held(session, self._upload_id, self._fence)

    def _count(self, descriptor: int) -> None:
        os.fsync(descriptor)
        expires_at = fresh_expiry(self._context)
        with self._context.database.write() as session:
            is_counted = upload_rows.record(
                session, self._upload_id, self._fence, received=self.offset, expires_at=expires_at
            )
        if not is_counted:
            raise Conflict("upload.overtaken")


def begin_piece(
    context: Context,
    owner_id: str,
    upload_id: UUID,
    offset: int,
    *,
    announced: int | None,
    checksum: Checksum | None = None,
) -> Piece:
    """Take over an upload at `offset`; raises NotFound, Conflict at another offset, TooLarge for too much.

    Whatever lies on the disk beyond the counted bytes, as after a crash, is cut off.
    """
    with context.database.write() as session:
        row = find_upload(context, session, owner_id, upload_id)
        if offset + (announced or 0) > row.length_bytes:
            raise _beyond(row.length_bytes)
        fence = upload_rows.take_over(session, upload_id, received=offset, expires_at=fresh_expiry(context))
        if fence is None:
            raise Conflict("upload.offset", given=offset, expected=row.received_bytes)
        length = row.length_bytes
    piece = Piece(context, upload_id, fence, offset, length, checksum)
    if offset < length:  # a complete file may be in the hands of a reader
        with piece._turn() as descriptor:
            os.ftruncate(descriptor, offset)
    return piece


def _write(descriptor: int, block: bytes, offset: int) -> None:
    rest = memoryview(block)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written


def _give_up(context: Context, upload_id: UUID) -> None:
    """Free the room at once: a full disk harms everything else that runs."""
    unlink_files(context, upload_id)
    with context.database.write() as session:
        upload_rows.remove(session, upload_id)


def _beyond(length: int) -> TooLarge:
    return TooLarge("upload.beyond_length", length=length)
