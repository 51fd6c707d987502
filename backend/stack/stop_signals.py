"""Counts stop requests (Ctrl-C, SIGTERM, a closed terminal); offers a sleep that signals interrupt."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType
from typing import Self

_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts stop requests while it is entered; only the main thread may enter it."""

    def __init__(self) -> None:
        self._requests = 0

    def __enter__(self) -> Self:
        self._wake, wake_writer = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_writer, False)
        self._old_wakeup = signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        self._wake_writer = wake_writer
        self._old = {number: signal.signal(number, self._count) for number in _REQUESTS}
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _notice)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self._wake)
        os.close(self._wake_writer)

    @property
    def is_requested(self) -> bool:
        return self._requests > 0

    def is_hurried(self) -> bool:
        """Tell whether someone asked a second time."""
        return self._requests > 1

    def wait(self, seconds: float) -> None:
        """Sleep for at most `seconds`, less when a signal arrives."""
        select.select([self._wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self._requests += 1


def _notice(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: SIGCHLD reaches the wakeup descriptor only if it has a handler."""
