"""Turns of the writers of one process: they wait for one another in a queue instead of for SQLite's lock.

SQLite makes a writer look again after ever longer pauses, and gives up after its time-out; among many writers
the unlucky ones never find it free. Threads that wait in line leave it one competitor per process.

Threads that read let the writer finish first. SQLite gives the interpreter away at every step, a thread that
computes takes it, and so a transaction of 4 ms lasted 20 ms beside one that planned an experiment: for all
processes, since they wait for the lock (docs/log.md, 2026-11-30).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from muscope.backend.errors import Unavailable

# Since it began to write: a deletion, or a disk, may take long, and each read of a page would wait for it.
LET_FINISH_SECONDS = 0.05


class WriteTurn:
    """Lock that threads take one after another; a context manager.

    Args:
        patience_seconds: how long a thread waits for its turn before Unavailable is raised.
    """

    def __init__(self, patience_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._patience_seconds = patience_seconds
        self._nobody_writes = threading.Event()
        self._nobody_writes.set()
        self._writer: int | None = None
        self._let_until = 0.0

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience_seconds):
            raise Unavailable("database.unavailable", detail="too many writers: this one had no turn")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer = None
        self._nobody_writes.set()
        self._lock.release()

    def has_begun(self) -> None:
        """Note that the thread whose turn it is holds the lock of the file from now on."""
        self._writer = threading.get_ident()
        self._let_until = self._clock() + LET_FINISH_SECONDS
        self._nobody_writes.clear()

    def let_finish(self) -> None:
        """Wait until the thread that writes has ended its transaction, or has written for long."""
        if not self._nobody_writes.is_set() and self._writer != threading.get_ident():
            self._nobody_writes.wait(max(0.0, self._let_until - self._clock()))
