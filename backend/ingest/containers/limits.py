"""Limits on what comes out of a compressed file, checked while it is read."""

from __future__ import annotations

from muscope.backend.errors import InvalidInput, TooLarge

MAX_UNPACKED_BYTES = 3 << 30
MAX_RATIO = 200  # tables reach 5 to 50
_UNSUSPICIOUS_BYTES = 64 << 20  # as much may be repetitive to any degree
MAX_DEPTH = 3  # such as a gzip file in a ZIP in a ZIP


class Budget:
    """Bytes that may still be unpacked, over all layers of one upload."""

    def __init__(self, limit: int = MAX_UNPACKED_BYTES) -> None:
        self._limit = limit
        self._taken = 0

    def take(self, num_bytes: int) -> None:
        """Count bytes as unpacked; raises TooLarge beyond the limit."""
        self._taken += num_bytes
        if self._taken > self._limit:
            raise TooLarge("dataset.archive_too_large", limit_mib=self._limit >> 20)


def refuse_bomb(unpacked: int, packed: int) -> None:
    """Raise where far more came out than data of any kind compresses to."""
    if unpacked > _UNSUSPICIOUS_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise InvalidInput("dataset.archive_bomb", limit=MAX_RATIO)
