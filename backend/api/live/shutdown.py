"""Handles the stop signal before Uvicorn does, which would wait for open streams first."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop_signal(react: Callable[[], None]) -> Iterator[None]:
    """Call `react` in the event loop on the first sign of a stop, before the handler that was there."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread; a server elsewhere is stopped by its own means
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(react)
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
