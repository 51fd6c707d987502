"""Scans the bytes of a text table for its records, without making a cell: their places and widths."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import InvalidInput

_BLOCK_BYTES = 16 << 20
_NEWLINE = 10


class Records(NamedTuple):
    """Records of a file of N records.

    Attributes:
        starts: offset of each, and of the end of the file, int64 [N + 1].
        delimiters: number of delimiters outside quotes in each, int32 [N].
        is_closed: the last quote is closed.
    """

    starts: NDArray[np.int64]
    delimiters: NDArray[np.int32]
    is_closed: bool

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the bytes of each record, with the end of its line."""
        lengths: NDArray[np.int64] = np.diff(self.starts)
        return lengths


def scan(
    content: mmap.mmap | bytes,
    delimiter: bytes,
    quote: bytes | None,
    first: int = 0,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> Records:
    """Return the records of a UTF-8 text with Unix line ends, from the byte `first` on.

    A quote turns the meaning of delimiters and line ends off or on, wherever it stands; doubled ones inside a
    quoted cell turn it off and on again.
    """
    total, parity, waiting = len(content), 0, 0
    starts: list[NDArray[np.int64]] = [np.array([first], np.int64)]
    counts: list[NDArray[np.int32]] = []
    for begin in range(first, total, _BLOCK_BYTES):
        block = np.frombuffer(content, np.uint8, min(_BLOCK_BYTES, total - begin), begin)
        is_outside: NDArray[np.bool_] | bool = True
        is_quote = None if quote is None else block == quote[0]
        if is_quote is not None and (parity or is_quote.any()):
            inside = np.bitwise_xor.accumulate(is_quote.view(np.uint8)) ^ parity
            parity = int(inside[-1])
            is_outside = inside == 0
        ends = np.flatnonzero((block == _NEWLINE) & is_outside)
        places = np.flatnonzero((block == delimiter[0]) & is_outside)
        found, waiting = _counts(ends, places, waiting)
        starts.append(ends + begin + 1)
        counts.append(found)
        del block
        _forget(content, begin)
        report(begin + min(_BLOCK_BYTES, total - begin), total)
    every = np.concatenate(starts)
    if every[-1] != total:  # the last line has no end
        every, counts = np.append(every, total), [*counts, np.array([waiting], np.int32)]
    return Records(every, np.concatenate(counts or [np.zeros(0, np.int32)]), parity == 0)


def _counts(
    ends: NDArray[np.int64], places: NDArray[np.int64], waiting: int
) -> tuple[NDArray[np.int32], int]:
    """Return the delimiters before each end of a record in a block, and those after the last one.

    Args:
        waiting: delimiters of the record that the block before did not end.
    """
    before = np.searchsorted(places, ends)
    counts = np.diff(before, prepend=0).astype(np.int32)
    if not len(ends):
        return counts, waiting + len(places)
    counts[0] += waiting
    return counts, len(places) - int(before[-1])


def _forget(content: mmap.mmap | bytes, begin: int) -> None:
    """Give back the memory of a block of a mapped file: a file of 1 GB need not stay resident."""
    if isinstance(content, mmap.mmap) and hasattr(content, "madvise"):
        aligned = begin // mmap.PAGESIZE * mmap.PAGESIZE
        length = min(_BLOCK_BYTES + mmap.PAGESIZE, len(content) - aligned)
        content.madvise(mmap.MADV_DONTNEED, aligned, length)


def refuse_open_quote(records: Records) -> None:
    """Raise where a quote is never closed: it opens in the last record, which reaches to the end."""
    if not records.is_closed:
        raise InvalidInput("dataset.unclosed_quote", row=len(records.delimiters))
