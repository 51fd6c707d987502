"""Measurement of time: one core where one thread is compared with one thread, turns that alternate."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, on its last core; elsewhere than Linux do nothing."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call: a neighbour on the core does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def alternate(*turns: Callable[[], float], rounds: int) -> tuple[float, ...]:
    """Return each side's median over rounds in which each has one turn; a turn returns its own figure."""
    figures = [[turn() for turn in turns] for _ in range(rounds)]
    return tuple(statistics.median(side) for side in zip(*figures, strict=True))
