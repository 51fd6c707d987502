"""Context on a real database, with a bell and notices that only the test receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from muscope.backend.domain.devices import CPU_QUEUE
from muscope.backend.events import Notices, ProgressNotice
from muscope.backend.queue import Bell


class FakeBell(Bell):
    """Bell that records its rings; with `hears` False the broker is unreachable."""

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
    """Notices that are recorded instead of sent."""

    def __init__(self) -> None:
        self.published: list[ProgressNotice] = []
        self.is_away = False

    def publish(self, notice: ProgressNotice) -> None:
        self.published.append(notice)

    def is_up(self) -> bool:
        return not self.is_away


class FakeClock:
    """Clock that moves only when a test sets it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
