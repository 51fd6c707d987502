"""Directory of a compound file, the container of old Office files and of encrypted ones.

Source: [MS-CFB], Compound File Binary File Format, §2.2 (header), §2.3 to §2.5 (FAT, mini FAT, DIFAT) and
§2.6 (directory).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_LAST_SECTOR = 0xFFFFFFFA  # numbers above are marks, such as the end of a chain
_NUMBERS = struct.Struct("<109I")  # of the FAT's sectors, at the end of the header
_SECTOR_BYTES = {9: 512, 12: 4096}
_MAX_BYTES = 1 << 30


class Entry(NamedTuple):
    """Stream or storage by its name, with its first sector and its size in bytes."""

    name: str
    start: int
    size: int


class CompoundFile:
    """Tables of an open compound file; sectors count from the one behind the header.

    Raises ValueError for a file whose header is cut off or whose tables cannot be followed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._num_bytes = file.seek(0, 2)
        file.seek(0)
        head = file.read(_HEADER_BYTES)
        if len(head) < _HEADER_BYTES or self._num_bytes > _MAX_BYTES:
            raise ValueError("no header of a compound file, or too large for one")
        shift, mini_cutoff = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 56)[0]
        if shift not in _SECTOR_BYTES:
            raise ValueError(f"sectors of 2^{shift} bytes")
        self._sector_bytes = _SECTOR_BYTES[shift]
        self._mini_cutoff = mini_cutoff
        self._num_sectors = self._num_bytes // self._sector_bytes + 1
        counts = struct.unpack_from("<5I", head, 40)[:2] + struct.unpack_from("<4I", head, 60)[1::2]
        if max(counts) > self._num_sectors:
            raise ValueError("more sectors of a table than the file has")
        self._fat = self._numbers(self._fat_sectors(head))
        self._mini_fat = self._numbers(self._chain(self._fat, struct.unpack_from("<I", head, 60)[0]))
        self._directory = self._chain(self._fat, struct.unpack_from("<I", head, 48)[0])

    def entries(self) -> Iterator[Entry]:
        """Yield what the directory names."""
        for sector in self._directory:
            content = self._sector(sector)
            for place in range(0, len(content) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
                entry = content[place : place + _ENTRY_BYTES]
                if entry[66]:  # zero: not in use
                    yield self._entry(entry)

    def has(self, name: str) -> bool:
        """Say whether there is a stream of this name."""
        return any(entry.name == name for entry in self.entries())

    def content(self, name: str) -> bytes:
        """Return the content of a stream that is not a small one; of a small one nothing."""
        entry = next(entry for entry in self.entries() if entry.name == name)
        if entry.size < self._mini_cutoff:
            return b""
        return b"".join(map(self._sector, self._chain(self._fat, entry.start)))[: entry.size]

    def check(self) -> None:
        """Raise ValueError for a size beyond the file or a chain that never ends.

        A reader reserves memory for the one and fills it by the other.
        """
        for entry in self.entries():
            if entry.size > self._num_bytes:
                raise ValueError(f"{entry.name}: {entry.size} bytes")
            is_mini = entry.size < self._mini_cutoff
            self._chain(self._mini_fat if is_mini else self._fat, entry.start if entry.size else _LAST_SECTOR)

    def _entry(self, entry: bytes) -> Entry:
        name_bytes = min(max(int.from_bytes(entry[64:66], "little") - 2, 0), 62)
        name = entry[:name_bytes].decode("utf-16-le", errors="replace")
        size = int.from_bytes(entry[120 : 124 if self._sector_bytes == _HEADER_BYTES else 128], "little")
        # The size of the root is that of the stream of small streams, which is never a small one itself.
        size = max(size, self._mini_cutoff) if entry[66] == 5 and size else size
        return Entry(name, int.from_bytes(entry[116:120], "little"), size)

    def _fat_sectors(self, head: bytes) -> list[int]:
        """Return the sectors of the FAT: of the header, then of the sectors that continue its list."""
        sectors = list(_NUMBERS.unpack_from(head, 76))
        following = struct.unpack_from("<I", head, 68)[0]
        for _ in range(self._num_sectors):
            if following >= _LAST_SECTOR:
                return [sector for sector in sectors if sector < _LAST_SECTOR]
            *more, following = self._numbers([following]) or [_LAST_SECTOR]
            sectors += more
        raise ValueError("a list of tables that never ends")

    def _chain(self, table: Sequence[int], start: int) -> list[int]:
        chain: list[int] = []
        while start < _LAST_SECTOR:
            if start >= len(table) or len(chain) > len(table):
                raise ValueError("a chain of sectors that leaves its table or never ends")
            chain.append(start)
            start = table[start]
        return chain

    def _numbers(self, sectors: Sequence[int]) -> array[int]:
        numbers = array("I", b"".join(map(self._sector, sectors)))
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def _sector(self, sector: int) -> bytes:
        """Return the content of a sector; what lies behind the end of the file is empty."""
        self._file.seek(self._sector_bytes * (sector + 1))
        content = self._file.read(self._sector_bytes)
        return content[: len(content) // 4 * 4]
