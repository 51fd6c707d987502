"""Kills the remaining child processes when the parent of the stack is gone.

Its arguments are the runtime folder and the process groups that run already; it reads what follows from
stdin (`+123` started, `-123` ended). The end of stdin means that the parent has
ended, politely or by SIGKILL: it kills the groups that remain, removes the runtime folder and exits. It
inherits the stack's lock, so that no new stack starts before that is done. Standard library only: it runs
as a plain script, in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable


def main() -> None:
    """Wait for the end of stdin, then clean up."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    folder, *running = sys.argv[1:]
    for group in remaining_groups(sys.stdin, map(int, running)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def remaining_groups(lines: Iterable[str], running: Iterable[int] = ()) -> set[int]:
    """Return the groups that ran or were started, and were not reported gone."""
    groups = set(running)
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    return groups


if __name__ == "__main__":
    main()
