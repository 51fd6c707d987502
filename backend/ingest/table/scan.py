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
    total, carry = len(content), 0
    starts: list[NDArray[np.int64]] = [np.array([first], np.int64)]
    places: list[NDArray[np.int64]] = []
    for begin in range(first, total, _BLOCK_BYTES):
        block = np.frombuffer(content, np.uint8, min(_BLOCK_BYTES, total - begin), begin)
        is_outside: NDArray[np.bool_] | bool = True
        if quote is not None:
            inside = np.bitwise_xor.accumulate((block == quote[0]).view(np.uint8)) ^ carry
            carry = int(inside[-1])
            is_outside = inside == 0
        starts.append(np.flatnonzero((block == _NEWLINE) & is_outside) + begin + 1)
        places.append(np.flatnonzero((block == delimiter[0]) & is_outside) + begin)
        report(begin + len(block), total)
    every = np.concatenate(starts)
    if not len(every) or every[-1] != total:
        every = np.append(every, total)
    return Records(every, _counts(every, places), carry == 0)


def _counts(starts: NDArray[np.int64], places: list[NDArray[np.int64]]) -> NDArray[np.int32]:
    counts = np.zeros(len(starts) - 1, np.int32)
    for block in places:
        if len(block):
            record = np.searchsorted(starts, block, side="right") - 1
            low = int(record[0])
            found = np.bincount(record - low)
            counts[low : low + len(found)] += found.astype(np.int32)
    return counts


def refuse_open_quote(records: Records) -> None:
    """Raise where a quote is never closed: it opens in the last record, which reaches to the end."""
    if not records.is_closed:
        raise InvalidInput("dataset.unclosed_quote", row=len(records.delimiters))
