"""Ends of a process at chosen points: before and after everything that outlives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from muscope.backend.db.connection.session import Database, Session
from muscope.backend.domain.devices import CPU_QUEUE
from muscope.backend.storage.blobs.folder import Blob, Blobs
from tests.backend.services.fakes import FakeBell

T = TypeVar("T")
MOST_POINTS = 200


class Killed(BaseException):
    """The end of a process, which nothing catches."""


class Failpoints:
    """Points that a process passes; at one of them it ends.

    Attributes:
        count: of the points that it has passed.
    """

    def __init__(self, at: int | None = None) -> None:
        self.count = 0
        self._at = at

    def here(self) -> None:
        """Pass a point, or end at it."""
        if self.count == self._at:
            raise Killed
        self.count += 1


class CrashingDatabase:
    """Database with a point before each commit and one after it."""

    def __init__(self, database: Database, points: Failpoints) -> None:
        self._database = database
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._database.write() as session:
            yield session
            self._points.here()
        self._points.here()


class CrashingBlobs:
    """Store of blobs with a point before and after each change."""

    def __init__(self, blobs: Blobs, points: Failpoints) -> None:
        self._blobs = blobs
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def put(self, path: Path) -> Blob:
        self._points.here()
        blob = self._blobs.put(path)
        self._points.here()
        return blob

    def delete(self, sha256: str) -> None:
        self._points.here()
        self._blobs.delete(sha256)
        self._points.here()


class CrashingBell(FakeBell):
    """Bell with a point before and after each ring."""

    def __init__(self, points: Failpoints) -> None:
        super().__init__()
        self._points = points

    def ring(self, cell_ids: Sequence[UUID], *, queue: str = CPU_QUEUE) -> bool:
        self._points.here()
        is_heard = super().ring(cell_ids, queue=queue)
        self._points.here()
        return is_heard


def crashing_at_every_point(
    work: Callable[[Failpoints], T], recover: Callable[[], object] = lambda: None
) -> tuple[T, int]:
    """Do a piece of work that ends at its first point, then at its second, until it passes them all.

    Args:
        work: as a process that starts anew does it, each time on what the former ones left.
        recover: what the rest of the installation does about a dead process.

    Returns:
        what the work gave at last, and the number of crashes.
    """
    for at in range(MOST_POINTS):
        try:
            return work(Failpoints(at)), at
        except Killed:
            recover()
    raise AssertionError(f"it still crashes at point {MOST_POINTS}")
