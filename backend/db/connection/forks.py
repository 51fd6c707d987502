"""Turn between the threads that use a database file and the one that forks this process.

SQLite keeps the locks that a process holds on a file in one table of the process. A fork copies the table
but none of the locks: a child of a process that was writing finds the file locked for ever, and one of a
process that merely had it open takes no lock where it needs one. So no connection is open during a fork.
"""

from __future__ import annotations

import os
import threading

# Re-entrant lock that a fork takes as well.
NO_FORK = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=NO_FORK.acquire,
        after_in_parent=NO_FORK.release,
        after_in_child=NO_FORK.release,
    )
