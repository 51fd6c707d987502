"""Upload in pieces as the page sends it (tus), with one connection that breaks off and is resumed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx

PIECE_BYTES = 8 << 20
_TUS = {"Tus-Resumable": "1.0.0"}
_PIECE = {**_TUS, "Content-Type": "application/offset+octet-stream"}
_BLOCK_BYTES = 1 << 20
_MOST_CONFLICTS = 5


class BrokenOffError(Exception):
    """End of a connection in the middle of a piece, as of a cable that is pulled."""


class Sent(NamedTuple):
    """Upload that is complete, and the bytes that were sent twice."""

    upload_id: str
    num_repeated: int


def send_in_pieces(client: httpx.Client, path: Path) -> Sent:
    """Send a file in pieces, breaking off once halfway and asking where to go on.

    Args:
        client: of the server's root.
        path: the file; its name is the upload's.

    Raises:
        httpx.HTTPStatusError: a piece was refused.
    """
    size = path.stat().st_size
    name = base64.b64encode(path.name.encode()).decode()
    headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
    address = client.post("/api/v1/uploads", headers=headers).raise_for_status().headers["location"]
    offset, sent, num_repeated, has_broken_off, num_conflicts = 0, 0, 0, False, 0
    while offset < size:
        end = min(size, offset + PIECE_BYTES)
        if not has_broken_off and end > size // 2:
            has_broken_off, sent = True, (offset + end) // 2
            _break_off(client, address, path, offset, end)
            offset = _offset(client, address)
            num_repeated = sent - offset
            continue
        headers = _piece_headers(offset, end)
        reply = client.patch(address, content=_blocks(path, offset, end), headers=headers, timeout=120)
        if reply.status_code == httpx.codes.CONFLICT and num_conflicts < _MOST_CONFLICTS:
            # The server was still writing what it had of the broken piece; tus-js-client asks again as well.
            num_conflicts += 1
            offset = _offset(client, address)
            num_repeated = max(0, sent - offset)
            continue
        offset = int(reply.raise_for_status().headers["upload-offset"])
    return Sent(address.rsplit("/", 1)[1], num_repeated)


def _offset(client: httpx.Client, address: str) -> int:
    return int(client.head(address, headers=_TUS).raise_for_status().headers["upload-offset"])


def _piece_headers(offset: int, end: int) -> dict[str, str]:
    return {**_PIECE, "Upload-Offset": str(offset), "Content-Length": str(end - offset)}


def _break_off(client: httpx.Client, address: str, path: Path, offset: int, end: int) -> None:
    def half() -> Iterator[bytes]:
        yield from _blocks(path, offset, (offset + end) // 2)
        raise BrokenOffError

    with suppress(BrokenOffError, httpx.HTTPError):
        client.patch(address, content=half(), headers=_piece_headers(offset, end))


def _blocks(path: Path, begin: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        while begin < end:
            block = file.read(min(_BLOCK_BYTES, end - begin))
            begin += len(block)
            yield block
