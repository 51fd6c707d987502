"""Expansion of gzip files (RFC 1952): several members in a row are one content; what follows them is left."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.containers.limits import Budget, refuse_bomb

MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 1 << 20
_HAS_EXTRA, _HAS_NAME = 4, 8


class Expanded(NamedTuple):
    """Name that the first member gives, empty for none, and the number of bytes after the last member."""

    name: str
    num_ignored: int


def expand(source: Path, target: Path, budget: Budget) -> Expanded:
    """Write the content of the gzip file `source` to `target`; raises InvalidInput where it is damaged."""
    with source.open("rb") as packed, target.open("wb") as content:
        name = _name(packed.read(_PIECE_BYTES))
        packed.seek(0)
        return Expanded(name, _Expansion(packed, content, budget).run())


class _Expansion:
    """Run through the members of a gzip file, with memory for two pieces."""

    def __init__(self, packed: BinaryIO, content: BinaryIO, budget: Budget) -> None:
        self._packed = packed
        self._content = content
        self._budget = budget
        self._num_in = self._num_out = 0

    def run(self) -> int:
        rest = self._member(b"")
        while rest := rest.lstrip(b"\0") or self._next_piece().lstrip(b"\0"):
            if len(rest) < len(MAGIC):
                rest += self._next_piece()
            if not rest.startswith(MAGIC):
                return len(rest) + self._count_to_end()
            rest = self._member(rest)
        return self._count_to_end()

    def _member(self, piece: bytes) -> bytes:
        """Write one member's content; returns what was read beyond it."""
        decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        while not decoder.eof:
            piece = piece or self._next_piece()
            if not piece:
                raise InvalidInput("dataset.archive_damaged")
            try:
                content = decoder.decompress(piece, _PIECE_BYTES)
            except zlib.error as error:
                raise InvalidInput("dataset.archive_damaged") from error
            self._write(content)
            piece = decoder.unconsumed_tail
        return decoder.unused_data

    def _write(self, content: bytes) -> None:
        self._num_out += len(content)
        self._budget.take(len(content))
        refuse_bomb(self._num_out, self._num_in)
        self._content.write(content)

    def _next_piece(self) -> bytes:
        piece = self._packed.read(_PIECE_BYTES)
        self._num_in += len(piece)
        return piece

    def _count_to_end(self) -> int:
        return sum(len(piece) for piece in iter(self._next_piece, b""))


def _name(head: bytes) -> str:
    """Return the original name in the header of the first member."""
    flags, start = head[3:4], 10
    if not flags or not flags[0] & _HAS_NAME:
        return ""
    if flags[0] & _HAS_EXTRA:
        start += 2 + int.from_bytes(head[10:12], "little")
    raw = head[start:].split(b"\0", 1)[0][:255]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # as the standard says
