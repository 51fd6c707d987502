"""Large files in pieces, by the tus protocol: what has arrived need not be sent again."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from muscope.backend.client.asynchronous.transport import AsyncTransport
from muscope.backend.client.exchange import address
from muscope.backend.errors import RequestFailed

PIECE_BYTES = 16 << 20
_TUS = {"Tus-Resumable": "1.0.0"}
_OFFSET = "Upload-Offset"
_CONFLICT = 409


class AsyncPieces(AsyncTransport):
    """Sending of files that are too large for one request."""

    async def _send_in_pieces(self, path: Path, name: str) -> str:
        """Send a file and return the id of its upload; a lost answer costs one question."""
        length = path.stat().st_size
        upload = await self._announce(length, name)
        place = address("/uploads/{id}", id=upload)
        with path.open("rb") as file:
            offset = 0
            while offset < length:
                file.seek(offset)
                offset = await self._send_piece(place, offset, file.read(PIECE_BYTES))
        return upload

    async def _announce(self, length: int, name: str) -> str:
        metadata = f"filename {b64encode(name.encode()).decode()}"
        headers = {**_TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
        answer = await self._send("POST", address("/uploads"), headers=headers)
        return answer.headers["Location"].rpartition("/")[2]

    async def _send_piece(self, place: str, offset: int, piece: bytes) -> int:
        """Send a piece and return the offset after it."""
        headers = {**_TUS, _OFFSET: str(offset), "Content-Type": "application/offset+octet-stream"}
        try:
            answer = await self._send("PATCH", place, content=piece, headers=headers)
        except RequestFailed as error:
            if error.status != _CONFLICT:
                raise
            # An earlier try of this piece has arrived, wholly or in part, and its answer was lost.
            answer = await self._send("HEAD", place, headers=_TUS)
            if int(answer.headers[_OFFSET]) == offset:
                raise
        return int(answer.headers[_OFFSET])
