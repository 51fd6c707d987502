"""Wait for another process's progress, with a deadline instead of a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.02


def wait_until(predicate: Callable[[], T], seconds: float = 60.0) -> T:
    """Return the first truthy value of `predicate`; fails if there is none within `seconds`.

    The deadline tells a process that hangs from a slow one: a busy machine takes half a minute to start one.
    """
    deadline = time.monotonic() + seconds
    while True:
        if value := predicate():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {seconds} s from {predicate}")
        time.sleep(POLL_SECONDS)
