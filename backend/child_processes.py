"""Start of a child process: its environment, its priority, and its end with its parent.

The environment is ours, copied unread, plus what the child needs. Settings are read in `settings.py` and
nowhere else; this module looks at no variable.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

# One training thread per process: the pool already has one process per core, and the number of
# threads changes the order of floating-point sums; nothing that changes bits is left to chance.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
# Without the first cuBLAS may choose another order of sums each time; read when CUDA starts, so set before.
# The second is for a brought model that compiles parts of itself: no kernel is chosen by its time.
FOR_TORCH = {**ONE_THREAD, "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "TORCHINDUCTOR_DETERMINISTIC": "1"}

# Steps of niceness (POSIX, 0 to 19) by which training is behind whoever waits for an answer (ADR 0045).
TRAINING_NICENESS, _LOWEST = 10, 19
_TRIES, _BETWEEN_TRIES_SECONDS = 10, 0.11


def child_environment(**extra: str) -> dict[str, str]:
    """Return a copy of our environment with `extra` on top."""
    return {**os.environ, **extra}


def lower_priority(pid: int, niceness: int, processes: Path = Path("/proc")) -> None:
    """Have the first process of a session give way to all other programs; what it starts inherits that.

    Linux may divide a core among sessions before it looks at niceness (autogroup, sched(7)): a process of
    niceness 19 has as much of it as all others of another session, unless its session gives way too. Done
    before the process starts threads. Where a platform has no priorities, nothing changes.

    Args:
        pid: process that was started in a session of its own.
        niceness: by how many steps, from our own.
    """
    if not hasattr(os, "setpriority"):
        return
    with contextlib.suppress(OSError):  # it may have ended already
        lower = min(_LOWEST, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
        os.setpriority(os.PRIO_PROCESS, pid, lower)
        _lower_session(processes / str(pid) / "autogroup", lower)


def _lower_session(session: Path, niceness: int) -> None:
    for _ in range(_TRIES if session.exists() else 0):
        try:
            session.write_text(str(niceness))
        except BlockingIOError:  # the kernel takes one such change in 100 ms
            time.sleep(_BETWEEN_TRIES_SECONDS)
        else:
            return


def die_with_parent() -> Callable[[], None] | None:
    """Return a `preexec_fn` that makes the kernel kill the child when we die (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent, set_death_signal = os.getpid(), 1  # PR_SET_PDEATHSIG

    def arm() -> None:
        prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return arm
