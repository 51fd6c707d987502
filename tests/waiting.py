"""Waiting for something that another process does, with a deadline instead of a guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.02


def wait_until(predicate: Callable[[], T], seconds: float = 10.0) -> T:
    """Return the first truthy value of `predicate`; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        if value := predicate():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {seconds} s from {predicate}")
        time.sleep(POLL_SECONDS)
