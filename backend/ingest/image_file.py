"""Images from NumPy's `.npz`: `x` [n, H, W] or [n, H, W, C] and whole-number labels `y` [n].

Headers are read first: what has no acceptable kind and size is not unpacked, and nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib import format as npy

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput, TooLarge, UnsupportedMedia
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.images import MAX_CHANNELS, Images, assemble_images
from muscope.backend.ingest.split import MIN_ROWS
from muscope.backend.ingest.table.columns import number_column
from muscope.backend.ingest.table.labels import read_label
from muscope.backend.ingest.wording import listed

_ZIP = b"PK\x03\x04"
_NAMES = ("x", "y")
MAX_IMAGE_NUMBERS = 128 * 128 * 3
MAX_NUMBERS = 100_000_000  # 400 MB once they are float32
# Errors of the standard library and numpy for archives that are broken, encrypted or exotically packed.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, KeyError, TypeError, OSError, OverflowError, TokenError,
)  # fmt: skip


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def is_image_file(path: Path) -> bool:
    """Say whether the file is an archive that begins with an array."""
    with path.open("rb") as file:
        head = file.read(4096)
    return head.startswith(_ZIP) and b".npy" in head[:256]


def prepare_images(source: Path) -> Prepared:
    """Return the images at `source` as arrays and manifest, or raise the first thing wrong with them."""
    x, y = _read(source)
    pixels = x[..., None] if x.ndim == 3 else x
    label = read_label(number_column("y", y), Task.CLASSIFICATION)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return assemble_images(Images(pixels, label, sha256))


def _read(source: Path) -> tuple[Array, Array]:
    if not source.stat().st_size:
        raise InvalidInput("dataset.empty_file")
    try:
        archive = zipfile.ZipFile(source)
    except _DAMAGED as error:
        raise UnsupportedMedia("dataset.not_images") from error
    with archive:
        found = [name.removesuffix(".npy") for name in archive.namelist()]
        if not set(_NAMES) <= set(found):
            raise InvalidInput("dataset.npz_members", found=listed(found, 10))
        x, y = (_header(archive, name) for name in _NAMES)
        _check_images(x)
        _check_labels(y, x.shape[0])
        return _array(archive, "x"), _array(archive, "y")


def _header(archive: zipfile.ZipFile, name: str) -> _Header:
    with _open(archive, name) as file:
        try:
            read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(file)
        except _DAMAGED as error:
            _refuse_damaged(name, error)
    if dtype.hasobject:
        raise InvalidInput("dataset.pickled_array", name=name)
    return _Header(shape, dtype)


def _array(archive: zipfile.ZipFile, name: str) -> Array:
    with _open(archive, name) as file:
        try:
            array: Array = npy.read_array(file, allow_pickle=False)
        except _DAMAGED as error:
            _refuse_damaged(name, error)
    return array


def _open(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(f"{name}.npy")
    except _DAMAGED as error:
        _refuse_damaged(name, error)


def _refuse_damaged(name: str, error: Exception) -> NoReturn:
    raise InvalidInput("dataset.npz_damaged", name=name) from error


def _check_images(x: _Header) -> None:
    shown = "×".join(map(str, x.shape)) or "–"
    if x.dtype.kind not in "buif":
        raise InvalidInput("dataset.image_dtype", given=str(x.dtype))
    if len(x.shape) not in (3, 4) or min(x.shape[1:]) < 1:
        raise InvalidInput("dataset.image_shape", given=shown)
    if len(x.shape) == 4 and x.shape[3] > MAX_CHANNELS:
        code = "dataset.channels_first" if x.shape[1] <= 4 else "dataset.too_many_channels"
        raise InvalidInput(code, given=shown, count=x.shape[3], limit=MAX_CHANNELS)
    if x.shape[0] < MIN_ROWS:
        raise InvalidInput("dataset.too_few_images", count=x.shape[0], minimum=MIN_ROWS)
    if math.prod(x.shape[1:]) > MAX_IMAGE_NUMBERS:
        raise TooLarge("dataset.image_too_large", given=shown, limit=MAX_IMAGE_NUMBERS)
    if math.prod(x.shape) > MAX_NUMBERS:
        raise TooLarge("dataset.too_many_pixels", given=shown, limit=MAX_NUMBERS)


def _check_labels(y: _Header, num_images: int) -> None:
    shown = "×".join(map(str, y.shape)) or "–"
    if y.dtype.kind not in "bui":
        raise InvalidInput("dataset.image_label_dtype", given=str(y.dtype))
    if len(y.shape) != 1:
        raise InvalidInput("dataset.image_label_shape", given=shown)
    if y.shape[0] != num_images:
        raise InvalidInput("dataset.image_label_count", images=num_images, labels=y.shape[0])
