"""Largest resident memory of the processes below this one, looked at while something runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import psutil

LOOK_SECONDS = 0.1


@contextmanager
def peak_bytes(*parts: str) -> Iterator[dict[str, int]]:
    """
    Provide the largest resident memory so far, in bytes, of any process whose command has one of these parts.

    An empty part stands for every process; parts that no process had stay at 0.
    """
    peaks, is_over = dict.fromkeys(parts, 0), Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(_look, peaks, is_over)
        try:
            yield peaks
        finally:
            is_over.set()
            looking.result()


def _look(peaks: dict[str, int], is_over: Event) -> None:
    while not is_over.wait(LOOK_SECONDS):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it has ended meanwhile
                command, size = " ".join(process.cmdline()), process.memory_info().rss
                for part in peaks:
                    if part in command:
                        peaks[part] = max(peaks[part], size)
