"""Turns of the writers of one process: they wait for one another in a queue instead of for SQLite's lock.

SQLite makes a writer look again after ever longer pauses, and gives up after its time-out; among many writers
the unlucky ones never find it free. Threads that wait in line leave it one competitor per process.
"""

from __future__ import annotations

import threading
from types import TracebackType

from muscope.backend.errors import Unavailable


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
