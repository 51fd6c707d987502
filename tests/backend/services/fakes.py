"""A context on a real database, whose bell and notices are heard by the test alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from backend.domain.devices import CPU_QUEUE
from backend.events import Notices, ProgressNotice
from backend.queue import Bell


class FakeBell(Bell):
    """Remembers what was rung; `hears` False is a broker that is away."""

    def __init__(self, look: Callable[[list[UUID]], None] = lambda _: None) -> None:
        self.rung: list[list[UUID]] = []
        self.hears = True
        self.queues: list[str] = []
        self.waiting: int | None = 0
        self.waiting_in: dict[str, int] = {}
        self._look = look

    def ring(self, cell_ids: Sequence[UUID], *, queue: str = CPU_QUEUE) -> bool:
        self.rung.append(list(cell_ids))
        self.queues.append(queue)
        self._look(list(cell_ids))
        return self.hears

    def num_waiting(self, *, queue: str = CPU_QUEUE) -> int | None:
        return self.waiting_in.get(queue, self.waiting)


class FakeNotices(Notices):
    """Remembers what was published."""

    def __init__(self) -> None:
        self.published: list[ProgressNotice] = []

    def publish(self, notice: ProgressNotice) -> None:
        self.published.append(notice)


class FakeClock:
    """Stands still until it is told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
