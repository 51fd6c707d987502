"""Turns of the writers of one process: they wait for one another in a queue instead of for SQLite's lock.

SQLite makes a writer look again after ever longer pauses, and gives up after its time-out; among many writers
the unlucky ones never find it free. Threads that wait in line leave it one competitor per process, and of the
processes one at a time waits for the lock: those that write without a pause would otherwise take it again
before another one looks.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from muscope.backend.errors import Unavailable
from muscope.backend.storage.private_files import FILE_MODE

# A process holds the place for as long as another one's transaction lasts, some milliseconds.
LOOK_SECONDS = 0.001
# After that the order matters less than that nobody waits for a process that hangs.
PLACE_SECONDS = 1.0


class WriteTurn:
    """Lock that threads take one after another; a context manager.

    Args:
        patience_seconds: how long a thread waits for its turn before Unavailable is raised.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._lock = threading.Lock()
        self._patience_seconds = patience_seconds

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience_seconds):
            raise Unavailable("database.unavailable", detail="too many writers: this one had no turn")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class NextProcess:
    """Place in front of SQLite's write lock, for one process at a time.

    The process that holds it waits for the lock alone, and gives it up when it has the lock. Nothing but the
    order depends on it: a process that cannot have it in time, or cannot write beside the database, waits as
    SQLite makes it wait.

    Args:
        path: of the database.
        patience_seconds: how long a process waits for the place.
    """

    def __init__(self, path: Path, patience_seconds: float = PLACE_SECONDS) -> None:
        self._path = path.with_name(f"{path.name}-next")
        self._patience_seconds = patience_seconds

    @contextmanager
    def wait(self) -> Iterator[bool]:
        """Hold the place for the block; yield whether it could be had."""
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
        except OSError:
            yield False
            return
        try:
            yield self._take(descriptor)
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> bool:
        until = time.monotonic() + self._patience_seconds
        while not _is_taken(descriptor):
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_SECONDS)
        return True


def _is_taken(descriptor: int) -> bool:
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
