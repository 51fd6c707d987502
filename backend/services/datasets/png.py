"""Encoder of pixels as PNG: eight bits a channel, no filter, no interlacing (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOUR, _COLOUR_AND_ALPHA = 0, 2, 6
_COLOUR_TYPES = {1: _GREY, 3: _COLOUR, 4: _COLOUR_AND_ALPHA}


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels [H, W, C] as a PNG file; with 2 or more than 4 channels the first is shown in grey."""
    height, width, channels = pixels.shape
    if channels not in _COLOUR_TYPES:
        pixels, channels = pixels[..., :1], 1
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each line begins with its filter, 0: none
    lines[:, 1:] = pixels.reshape(height, -1)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
