"""What takes long to make, kept under the mark of what it was made from.

A mark changes with the data, so nothing is ever out of date: what was made of earlier data is found by nobody
any more, and is dropped when its turn comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Builds(Generic[T]):
    """The latest builds, oldest use first; who asks for one that is being made waits for it."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._guard = Lock()
        self._done: OrderedDict[str, T] = OrderedDict()
        self._underway: dict[str, Lock] = {}

    def get(self, key: str, build: Callable[[], T]) -> T:
        """Return what is kept under a mark, or make it; what `build` raises is raised and not kept."""
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
