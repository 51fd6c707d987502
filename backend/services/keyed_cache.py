"""LRU cache that computes each key once, for values that are slow to compute.

A key names the data its value was computed from, so no value is ever out of date: one from earlier data is
never requested again, and the least recently used is dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class KeyedCache(Generic[T]):
    """LRU cache of `capacity` values; concurrent callers of a key wait for the first one's value."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._guard = Lock()
        self._done: OrderedDict[str, T] = OrderedDict()
        self._underway: dict[str, Lock] = {}

    def get(self, key: str, build: Callable[[], T]) -> T:
        """Return the value of `key`, computed by `build` on a miss; an exception is not cached."""
        with self._guard:
            if key in self._done:
                return self._find(key)
            turn = self._underway.setdefault(key, Lock())
        with turn:
            with self._guard:
                if key in self._done:
                    return self._find(key)
            try:
                return self._keep(key, build())
            finally:
                with self._guard:
                    self._underway.pop(key, None)

    def _find(self, key: str) -> T:
        self._done.move_to_end(key)
        return self._done[key]

    def _keep(self, key: str, built: T) -> T:
        with self._guard:
            self._done[key] = built
            while len(self._done) > self._capacity:
                self._done.popitem(last=False)
        return built
