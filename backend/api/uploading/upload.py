"""Writes a raw request body to a file, within limits; nothing is left behind when that fails.

No form types: a raw body needs no parser here (docs/reliability.md §8.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from io import FileIO
from pathlib import Path

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request

from muscope.backend.errors import InvalidInput, UnsupportedMedia
from muscope.backend.ingest.manifest import FileKind
from muscope.backend.services.uploads.store import too_large
from muscope.backend.storage.private_files import new_private_file, no_room_is_our_error

OCTETS = "application/octet-stream"
MEDIA_TYPES = ("text/csv", "text/plain", OCTETS)
_KINDS: dict[str, FileKind] = {"text/csv": "table", "text/plain": "text"}
_KINDS_BY_ENDING: dict[str, FileKind] = {".csv": "table", ".txt": "text"}
IDLE_SECONDS = 30.0
_BLOCK_BYTES = 1 << 20


def check_announcement(request: Request, limit_bytes: int) -> None:
    """Refuse by the headers alone what can be refused, before a byte of the body is read."""
    given = request.headers.get("content-type", "")
    if _media_type(request) not in MEDIA_TYPES:
        raise UnsupportedMedia("upload.media_type", given=given[:100], expected=", ".join(MEDIA_TYPES))
    check_size(request, limit_bytes)


def check_size(request: Request, limit_bytes: int) -> None:
    """Refuse a body that says itself that it is too large."""
    if (announced_size(request) or 0) > limit_bytes:
        raise too_large(limit_bytes)


def announced_size(request: Request) -> int | None:
    """Return the size of the body by its header; None when it is sent without one."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdigit() else None


def likely_kind(request: Request, name: str) -> FileKind | None:
    """Return the kind that the headers suggest, else the name; the content decides."""
    kind = _KINDS.get(_media_type(request))
    return kind or _KINDS_BY_ENDING.get(Path(name).suffix.lower())


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def receive_body(request: Request, target: Path, *, limit_bytes: int) -> None:
    """Write the body to `target`; raises when it is empty, too large, too slow or broken off."""
    received = 0
    with FileIO(new_private_file(target), "w") as file:
        async for block in blocks(request):
            received += len(block)
            if received > limit_bytes:
                raise too_large(limit_bytes)
            await to_thread.run_sync(_write, file, block)
    if received == 0:
        raise InvalidInput("dataset.empty_file")


async def blocks(request: Request, size: int = _BLOCK_BYTES) -> AsyncGenerator[bytes, None]:
    """Gather the network's small pieces, so that the disk is visited once per block of about `size` bytes.

    Raises InvalidInput when the body breaks off or falls silent, after what had come until then.
    """
    buffer = bytearray()
    async with aclosing(request.stream()) as pieces:
        try:
            while (piece := await _next_piece(pieces)) is not None:
                buffer += piece
                if len(buffer) >= size:
                    yield bytes(buffer)
                    buffer.clear()
        except InvalidInput:
            if buffer:
                yield bytes(buffer)
            raise
    if buffer:
        yield bytes(buffer)


async def _next_piece(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            return await anext(pieces, None)
    except TimeoutError as error:
        raise InvalidInput("upload.idle", seconds=round(IDLE_SECONDS)) from error
    except ClientDisconnect as error:
        raise InvalidInput("upload.broken_off") from error


def _write(file: FileIO, block: bytes) -> None:
    """Write without a buffer, which on a full disk would fail a second time when it is closed."""
    rest = memoryview(block)
    with no_room_is_our_error(len(block)):
        while rest:
            rest = rest[file.write(rest) :]
