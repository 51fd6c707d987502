"""Kills the remaining child processes when the parent of the stack is gone.

It reads process groups from stdin (`+123` started, `-123` ended). The end of stdin means that the parent has
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
    for group in remaining_groups(sys.stdin):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


def remaining_groups(lines: Iterable[str]) -> set[int]:
    """Return the groups that were started and not reported gone."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    return groups


if __name__ == "__main__":
    main()
