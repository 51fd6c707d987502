"""Sends texts too large for memory from an unnamed file, so that no slow client holds the database."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from muscope.backend.errors import StorageFull
from muscope.backend.storage.private_files import private_folder

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class Spooled:
    """A finished text, rewound; the file has no name and vanishes when it is closed."""

    file: BinaryIO
    size: int
    sha256: str


def spooled(folder: Path, lines: Iterable[str]) -> Spooled:
    """Write lines to a nameless file in `folder`; nothing is left when that fails."""
    private_folder(folder)
    file = TemporaryFile(dir=folder)  # noqa: SIM115 (closed when it has been sent)
    digest = hashlib.sha256()
    try:
        with _told_when_full():
            for line in lines:
                block = line.encode() + b"\n"
                digest.update(block)
                file.write(block)
            size = file.tell()
            file.seek(0)
    except BaseException:
        with suppress(OSError):  # on a full disk the buffer cannot be written at the close either
            file.close()
        raise
    return Spooled(file, size, digest.hexdigest())


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file; raises StorageFull where there is no room."""
    with _told_when_full(), path.open("wb") as file:
        file.writelines(line.encode() + b"\n" for line in lines)


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("storage.full", size=0) from error
        raise


def sandboxed_attachment(
    content: Spooled, name: str, *, media_type: str = "text/plain; charset=utf-8"
) -> StreamingResponse:
    """Send a text as a download that no browser will show as a page of ours."""
    return _Sent(
        content.file,
        media_type=media_type,
        headers={
            "Content-Length": str(content.size),
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "ETag": f'"{content.sha256}"',
        },
    )


class _Sent(StreamingResponse):
    """Sends a file and closes it, also for a client that goes away before the first block."""

    def __init__(self, file: BinaryIO, *, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(_blocks(file), media_type=media_type, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block
