import struct
import zlib

import numpy as np
import pytest

from muscope.backend.services.datasets.png import png


def decode(content: bytes) -> tuple[int, np.ndarray]:
    """Return the colour type and the pixels of an unfiltered file, after checking every chunk's sum."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, index = {}, 8
    while index < len(content):
        (size,) = struct.unpack_from(">I", content, index)
        body = content[index + 4 : index + 8 + size]
        assert struct.unpack_from(">I", content, index + 8 + size) == (zlib.crc32(body),)
        chunks[body[:4]] = body[4:]
        index += size + 12
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (list(chunks), depth, methods) == ([b"IHDR", b"IDAT", b"IEND"], 8, [0, 0, 0])
    assert not lines[:, 0].any()
    return colour, lines[:, 1:].reshape(height, width, -1)


@pytest.mark.parametrize(("channels", "colour"), [(1, 0), (3, 2), (4, 6)])
def test_a_file_holds_the_pixels(channels, colour):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)

    found, decoded = decode(png(pixels))

    assert found == colour
    np.testing.assert_array_equal(decoded, pixels)


@pytest.mark.parametrize("channels", [2, 5])
def test_of_channels_that_are_no_colours_the_first_is_shown(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)

    np.testing.assert_array_equal(decode(png(pixels))[1][..., 0], pixels[..., 0])
