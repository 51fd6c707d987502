"""Arrays of an NPY or NPZ file. Headers are read first; nothing is ever unpickled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib import format as npy

from muscope.backend.arrays import Array
from muscope.backend.errors import InvalidInput, TooLarge, UnsupportedMedia
from muscope.backend.ingest.containers.zip_file import Archive, Member, is_zip
from muscope.backend.ingest.foreign import ZIP_ERRORS
from muscope.backend.ingest.images import MAX_NUMBERS, MAX_WIDE_NUMBERS
from muscope.backend.ingest.wording import listed, shown

SINGLE = "array"  # name of the one array of an NPY file
_MAX_ARRAYS = 1000
_MAX_HEADER_BYTES = 10_000
_MAX_ITEM_BYTES = 1 << 12  # of a text
_READABLE_KINDS = "buifUS"
_PIECE_BYTES = 1 << 20
# MemoryError is the parser's word for a header nested too deeply.
_DAMAGED_HEADER = (*ZIP_ERRORS, TokenError, SyntaxError, RecursionError, MemoryError)


class Header(NamedTuple):
    """Shape and type of an array, and the place of its numbers in its file."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool
    num_header_bytes: int

    @property
    def form(self) -> str:
        """Return the shape as shown to users."""
        return "×".join(map(str, self.shape)) or "–"


class ArrayFile:
    """Open NPY or NPZ file; the names of the arrays are those under which they were saved."""

    def __init__(self, path: Path, archive: Archive | None) -> None:
        self._path = path
        self._archive = archive
        self._members = {} if archive is None else _arrays_of(archive)
        self.headers = {name: self._header(name) for name in self._members or (SINGLE,)}

    def load(self, name: str) -> Array:
        """Return the array; raises InvalidInput where its numbers are cut off or damaged."""
        header = self.headers[name]
        refuse_unreadable(header)
        flat = np.empty(math.prod(header.shape), header.dtype)
        room = flat.view(np.uint8).data if flat.size else memoryview(b"")
        try:
            self._fill(header, room)
        except ZIP_ERRORS as error:
            _refuse_damaged(name, error)
        if header.is_fortran:
            return flat.reshape(header.shape[::-1]).transpose()
        return flat.reshape(header.shape)

    def _fill(self, header: Header, room: memoryview) -> None:
        with self._open(header.name) as file:
            file.read(header.num_header_bytes)
            done = 0
            while piece := file.read(_PIECE_BYTES):  # beyond the end as well: the archive then checks its sum
                room[done : done + len(piece)] = piece
                done += len(piece)
        if done != len(room):
            raise EOFError

    def _header(self, name: str) -> Header:
        try:
            with self._open(name) as file:
                version = npy.read_magic(file)
                read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                shape, is_fortran, dtype = read(file, max_header_size=_MAX_HEADER_BYTES)
                if any(size < 0 for size in shape):
                    raise ValueError(shape)
                return Header(name, shape, dtype, is_fortran, file.tell())
        except _DAMAGED_HEADER as error:
            _refuse_damaged(name, error)

    def _open(self, name: str) -> IO[bytes]:
        if self._archive is None:
            return self._path.open("rb")
        return self._archive.open(self._members[name])

    def num_bytes(self, name: str) -> int:
        """Return the size of the array's file."""
        return self._members[name].num_bytes if self._members else self._path.stat().st_size

    def check(self, header: Header) -> None:
        """Raise where the array cannot be used at all, by its header alone."""
        refuse_unreadable(header)
        limit = MAX_NUMBERS if header.dtype.itemsize == 1 else MAX_WIDE_NUMBERS
        if math.prod(header.shape) > limit:
            raise TooLarge("dataset.too_many_pixels", name=shown(header.name), given=header.form, limit=limit)
        expected = header.num_header_bytes + math.prod(header.shape) * header.dtype.itemsize
        if self.num_bytes(header.name) != expected:
            raise InvalidInput("dataset.npz_damaged", name=shown(header.name))


@contextmanager
def open_arrays(path: Path) -> Iterator[ArrayFile]:
    """Open an NPY or NPZ file; raises UnsupportedMedia for another file."""
    if is_zip(path):
        with Archive(path) as archive:
            yield ArrayFile(path, archive)
        return
    with path.open("rb") as file:
        if not file.read(6) == npy.MAGIC_PREFIX:
            raise UnsupportedMedia("dataset.not_images")
    yield ArrayFile(path, None)


def refuse_unreadable(header: Header, kinds: str = _READABLE_KINDS) -> None:
    """Raise for Python objects, which could run code, and for types other than `kinds` (of NumPy)."""
    if header.dtype.hasobject:
        raise InvalidInput("dataset.pickled_array", name=shown(header.name))
    if header.dtype.kind not in kinds or not 0 < header.dtype.itemsize <= _MAX_ITEM_BYTES:
        raise InvalidInput("dataset.array_dtype", name=shown(header.name), given=shown(str(header.dtype)))


def forms(headers: Iterator[Header] | list[Header]) -> str:
    """Return names and shapes of arrays for a message."""
    return listed([f"{header.name} ({header.form})" for header in headers], 10)


def _arrays_of(archive: Archive) -> dict[str, Member]:
    arrays: dict[str, Member] = {}
    for member in archive.members:
        if member.ending == ".npy":
            name = member.parts[-1].removesuffix(".npy")
            arrays[member.name.removesuffix(".npy") if name in arrays else name] = member
    if not arrays:
        raise InvalidInput("dataset.npz_members", found=listed([m.name for m in archive.members], 10))
    if len(arrays) > _MAX_ARRAYS:
        raise TooLarge("dataset.archive_members", count=len(arrays), limit=_MAX_ARRAYS)
    return arrays


def _refuse_damaged(name: str, error: Exception) -> NoReturn:
    raise InvalidInput("dataset.npz_damaged", name=shown(name)) from error
