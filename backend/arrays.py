"""Array file format: a few named numeric arrays and JSON metadata, readable without running anything.

    magic line | header length, 8 bytes little-endian | JSON header | padding | raw little-endian arrays

Data begins at the first multiple of 64 after the header, and so does every array in it; padding is zero.
Equal input gives equal bytes, so a file's sha256 names its content. Damage inside the raw numbers is what
that sha256 detects; this module detects everything that would make the file unreadable or misread.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import MuscopeError

MAGIC = b"muscope arrays 1\n"
ALIGNMENT = 64
MAX_HEADER_BYTES = 64 << 20  # 10,000 columns with long names need less than a tenth of this
DTYPES = ("f4", "f8", "i4", "i8", "u1")  # u1: the bytes of a text

Array = NDArray[Any]


class _Entry(NamedTuple):
    """Position and type of one array, `offset` bytes behind the start of the data."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def num_bytes(self) -> int:
        return math.prod(self.shape) * int(self.dtype[1])


def write_arrays(path: Path, arrays: Mapping[str, Array], meta: Mapping[str, Any]) -> None:
    """Write `arrays` and `meta` to `path`; the file appears there complete or not at all."""
    entries = _lay_out([(name, _dtype_name(name, array), array.shape) for name, array in arrays.items()])
    rows = [{"name": e.name, "dtype": e.dtype, "shape": e.shape, "offset": e.offset} for e in entries]
    header = json.dumps(
        {"arrays": rows, "meta": meta},
        ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"),
    ).encode()  # fmt: skip
    prefix = MAGIC + len(header).to_bytes(8, "little") + header
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(prefix.ljust(_aligned(len(prefix)), b"\0"))
            for entry in entries:
                raw = np.ascontiguousarray(arrays[entry.name], dtype=f"<{entry.dtype}")
                file.write(raw.reshape(-1).view(np.uint8).data)
                file.write(bytes(_aligned(entry.num_bytes) - entry.num_bytes))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays of `path`, read-only and mapped into memory, and its meta."""
    with path.open("rb") as file:
        entries, meta, start = _read_header(path, file.read(len(MAGIC) + 8), file)
        size = path.stat().st_size
        end = start + sum(_aligned(entry.num_bytes) for entry in entries)
        if size != end:
            _damaged(path, f"expected {end} bytes, given {size}")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {entry.name: _view(data, entry, start) for entry in entries}, meta


def _dtype_name(name: str, array: Array) -> str:
    code = f"{array.dtype.kind}{array.dtype.itemsize}"
    if code not in DTYPES:
        raise TypeError(f"array {name!r}: expected one of {', '.join(DTYPES)}, given {array.dtype}")
    return code


def _lay_out(described: list[tuple[str, str, tuple[int, ...]]]) -> list[_Entry]:
    entries: list[_Entry] = []
    offset = 0
    for name, dtype, shape in described:
        entries.append(_Entry(name, dtype, tuple(shape), offset))
        offset += _aligned(entries[-1].num_bytes)
    return entries


def _aligned(position: int) -> int:
    return -(-position // ALIGNMENT) * ALIGNMENT


def _read_header(path: Path, prefix: bytes, file: Any) -> tuple[list[_Entry], dict[str, Any], int]:
    length = int.from_bytes(prefix[len(MAGIC) :], "little")
    if not prefix.startswith(MAGIC) or len(prefix) < len(MAGIC) + 8 or length > MAX_HEADER_BYTES:
        _damaged(path, "the first bytes are not ours")
    raw = file.read(length)
    if len(raw) != length:
        _damaged(path, "the header is cut off")
    try:
        header = json.loads(raw)
        described = [(row["name"], row["dtype"], tuple(row["shape"])) for row in header["arrays"]]
        offsets = [row["offset"] for row in header["arrays"]]
        meta = header["meta"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        _damaged(path, f"the header cannot be read: {type(error).__name__}")
    if not isinstance(meta, dict) or not all(_is_sound(*row) for row in described):
        _damaged(path, "the header describes no array of ours")
    entries = _lay_out(described)
    if [e.offset for e in entries] != offsets or len({e.name for e in entries}) != len(entries):
        _damaged(path, "the header contradicts itself")
    return entries, meta, _aligned(len(prefix) + length)


def _is_sound(name: object, dtype: object, shape: tuple[object, ...]) -> bool:
    is_size = all(type(size) is int and 0 <= size < 1 << 48 for size in shape)
    return isinstance(name, str) and dtype in DTYPES and len(shape) <= 8 and is_size


def _view(data: mmap.mmap, entry: _Entry, start: int) -> Array:
    dtype = np.dtype(f"<{entry.dtype}")
    if entry.num_bytes == 0:
        empty = np.empty(entry.shape, dtype)
        empty.setflags(write=False)
        return empty
    flat = np.frombuffer(data, dtype, math.prod(entry.shape), start + entry.offset)
    return flat.reshape(entry.shape)


def _damaged(path: Path, reason: str) -> NoReturn:
    raise MuscopeError("arrays.damaged", file=path.name, reason=reason)
