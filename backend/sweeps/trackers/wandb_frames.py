"""Records in a `.wandb` file: blocks of 32 KiB after a header of seven bytes, framed like the log of LevelDB.

The library of W&B writes these files and has no reader of them in Python; their messages it does bring.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

HEADER = b":W&B"
_HEADER_BYTES = 7
_BLOCK = 32_768
# Checksum (4 bytes), length (2), kind (1) before every frame.
_FRAME_BYTES = 7
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def frames(data: bytes) -> Iterator[bytes]:
    """Yield the records of a file; one that was cut off by the end of its run ends with the last whole one.

    Raises ValueError for another kind of file and for a frame whose checksum does not fit.
    """
    if not data.startswith(HEADER):
        raise ValueError("no header")
    place, parts = _HEADER_BYTES, b""
    while place + _FRAME_BYTES <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _FRAME_BYTES:
            place += left
            continue
        checksum = int.from_bytes(data[place : place + 4], "little")
        length = int.from_bytes(data[place + 4 : place + 6], "little")
        kind = data[place + 6]
        body = data[place + _FRAME_BYTES : place + _FRAME_BYTES + length]
        if len(body) < length or kind == 0:
            return
        if (
            kind not in (_WHOLE, _FIRST, _MIDDLE, _LAST)
            or zlib.crc32(body, zlib.crc32(bytes([kind]))) != checksum
        ):
            raise ValueError(f"damaged at byte {place}")
        parts = body if kind in (_WHOLE, _FIRST) else parts + body
        if kind in (_WHOLE, _LAST):
            yield parts
        place += _FRAME_BYTES + length
