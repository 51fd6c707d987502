"""Turn between the threads that use a database file and the one that forks this process.

SQLite keeps the locks that a process holds on a file in one table of the process. A fork copies the table
but none of the locks: a child of a process that was writing finds the file locked for ever, and one of a
process that merely had it open takes no lock where it needs one. So no connection is open during a fork.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType


class _Turn:
    """Re-entrant lock that a fork takes as well."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire,
                after_in_parent=self._lock.release,
                after_in_child=self._lock.release,
            )

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


NO_FORK = _Turn()
