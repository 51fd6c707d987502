"""Progress of reading a file: the child writes two numbers to a small file, the product looks at them.

Readers call `report_progress` as often as they like; without `write_progress_to` it does nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

# Often enough for a bar to move, rare enough to cost nothing.
SECONDS_BETWEEN = 0.2
_LINE = "{:020d} {:020d}\n"


class _Target:
    """Open file of this process, and the time of the last line."""

    descriptor: int | None = None
    written: float = float("-inf")


def write_progress_to(path: Path) -> None:
    """Have `report_progress` write to the file at `path`, which only this user can read."""
    _Target.descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def report_progress(done: int, total: int) -> None:
    """Say that `done` of `total` bytes of the file are read; writes at most every 0.2 s, and at the end."""
    if _Target.descriptor is None:
        return
    now = time.monotonic()
    if now - _Target.written < SECONDS_BETWEEN and done < total:
        return
    _Target.written = now
    # Always the same length, in one call: a look at it never sees half a line.
    os.pwrite(_Target.descriptor, _LINE.format(done, total).encode(), 0)


def read_progress(path: Path) -> tuple[int, int] | None:
    """Return the bytes read and their total as last reported; None if nothing was."""
    try:
        words = path.read_text(encoding="ascii").split()
        done, total = int(words[0]), int(words[1])
    except (OSError, ValueError, IndexError):
        return None
    return (done, total) if done >= 0 and total > 0 else None
