"""One picture as pixels: upright, without transparency, in grey or in colour, of the size asked for."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from muscope.backend.arrays import Array

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", "PPM")
MAX_PICTURE_BYTES = 64 << 20
MAX_PICTURE_PIXELS = 50_000_000  # of one picture while it is read; 200 MB in colour with transparency
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)  # orientations that swap height and width
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_SAME_ASPECT = 0.05  # so little is stretched rather than filled up
_Pixels = NDArray[np.uint8] | NDArray[np.uint16]


class Unreadable(Exception):
    """Picture that is broken, too large, or of a format that is not read."""


class Facts(NamedTuple):
    """Facts that the header of a picture tells; the size is that of the upright picture."""

    height: int
    width: int
    is_grey: bool
    is_deep: bool
    is_transparent: bool
    is_turned: bool
    has_more_pages: bool


class Form(NamedTuple):
    """Size, number of channels and depth that all pictures of a dataset get."""

    height: int
    width: int
    channels: int
    is_deep: bool

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """Return the type of a pixel: 16 bits where a picture has more than 8."""
        return np.uint16 if self.is_deep else np.uint8


def facts_of(content: bytes) -> Facts:
    """Return what the header tells, without reading pixels; raises Unreadable."""
    with _opened(content) as image:
        orientation = _orientation(image)
        is_turned = orientation in _TURNED
        width, height = image.size[::-1] if is_turned else image.size
        return Facts(
            height,
            width,
            is_grey=image.mode.startswith("I;") or image.mode in _GREY_MODES,
            is_deep=image.mode in _DEEP_MODES,
            is_transparent=image.has_transparency_data,
            is_turned=orientation not in (None, 1),
            has_more_pages=_has_more_pages(image),
        )


def pixels_of(content: bytes, form: Form) -> Array:
    """Return the picture as [H, W, C] of `form`, scaled to fit; raises Unreadable.

    Where its shape is another, its edges are repeated, so that nothing of it is cut off.
    """
    with _opened(content) as image:
        if not form.is_deep:
            image.draft("RGB" if form.channels == 3 else "L", (2 * form.width, 2 * form.height))
        is_turned = _orientation(image) not in (None, 1)
        image.load()
        upright = _upright(image) if is_turned else image
        plain = _in_colours(_without_transparency(upright), form)
        return _fitted(plain, form)


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """Open a picture and turn whatever its decoder raises into Unreadable."""
    if len(content) > MAX_PICTURE_BYTES:
        raise Unreadable
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata; the size is checked below
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MAX_PICTURE_PIXELS:
                    raise Unreadable
                yield image
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable from error


def _orientation(image: Image.Image) -> int | None:
    try:
        return Image.Image.getexif(image).get(_ORIENTATION)  # that of PNG would read all pixels first
    except Exception:  # noqa: BLE001  a broken tag does not spoil the picture
        return None


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  a broken tag does not spoil the picture
        return image


def _has_more_pages(image: Image.Image) -> bool:
    try:
        image.seek(1)
        image.seek(0)
    except Exception:  # noqa: BLE001  the only page, or a broken second one
        return False
    return True


def _without_transparency(image: Image.Image) -> Image.Image:
    """Return the picture on white where it is transparent."""
    if not image.has_transparency_data:
        return image
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("LA" if image.mode == "LA" else "RGB")


def _in_colours(image: Image.Image, form: Form) -> Image.Image:
    """Return the picture in one mode for all: F for a channel of 16 bits, else L or RGB."""
    if image.mode in _DEEP_MODES:
        deep = image.convert("I") if image.mode.startswith("I;") else image
        levels = np.clip(np.asarray(deep, np.float32), 0, 65535)
        image = Image.fromarray(
            levels if form.is_deep and form.channels == 1 else (levels / 257).astype(np.uint8)
        )
    elif form.is_deep and form.channels == 1:
        image = Image.fromarray(np.asarray(image.convert("L"), np.float32) * 257)
    if image.mode == "F":
        return image
    return image.convert("RGB" if form.channels == 3 else "L")


def _fitted(image: Image.Image, form: Form) -> Array:
    scale = min(form.height / image.height, form.width / image.width)
    height, width = (max(1, round(scale * side)) for side in (image.height, image.width))
    stretch = (form.height * image.width) / (form.width * image.height)
    if abs(stretch - 1) < _SAME_ASPECT:
        height, width = form.height, form.width
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    values = np.asarray(image)
    if values.dtype == np.float32:
        values = np.clip(np.rint(values), 0, 65535).astype(np.uint16)
    values = values.reshape(height, width, form.channels)
    if (height, width) == (form.height, form.width):
        return values.astype(form.dtype, copy=False)
    above, left = (form.height - height) // 2, (form.width - width) // 2
    margins = ((above, form.height - height - above), (left, form.width - width - left), (0, 0))
    return np.pad(values, margins, mode="edge").astype(form.dtype, copy=False)
