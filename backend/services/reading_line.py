"""Line of complete uploads that wait until a reader of this process is free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID


class ReadingLine:
    """Uploads in the order in which they were asked to be read, for threads of one process."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: list[UUID] = []

    @contextmanager
    def waiting(self, upload_id: UUID) -> Iterator[None]:
        """Keep an upload in the line until its reading begins, or the block ends."""
        with self._guard:
            self._waiting.append(upload_id)
        try:
            yield
        finally:
            self.leave(upload_id)

    def leave(self, upload_id: UUID) -> None:
        """Take an upload out of the line; one that is not in it is left alone."""
        with self._guard:
            if upload_id in self._waiting:
                self._waiting.remove(upload_id)

    def position(self, upload_id: UUID) -> int | None:
        """Return the place of an upload, the next one's is 1; None if it does not wait."""
        with self._guard:
            return 1 + self._waiting.index(upload_id) if upload_id in self._waiting else None
