"""Live progress for many viewers: one subscriber thread and one database reader per process.

A watch per experiment looks at the marks when a notice came, and every second anyway; what it sees goes into
a bounded queue per viewer, and a change is written once for all of them. Marks only grow, so merging,
repeating or losing a notice is harmless.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

import anyio
from anyio import to_thread

from muscope.backend.api.live.messages import SharedChanges
from muscope.backend.errors import NotFound, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.marks import read_marks
from muscope.backend.services.views.views import Marks

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # interval of the database query that makes notices optional
REST_SECONDS = 0.5  # at most two messages a second and viewer
QUEUE_LENGTH = 256
_LISTEN_SECONDS = 1.0
_JOIN_SECONDS = 3.0

Key = tuple[str, UUID]


class Nudge(Enum):
    """Item of a viewer's line that brings no news: it is time to look at the clock."""

    NUDGE = "nudge"


NUDGE: Final = Nudge.NUDGE


class Viewer:
    """One open stream: the marks it has not fetched yet. `None` in the queue, or a cut, ends it.

    Args:
        changes: shared by all viewers of an experiment.
    """

    def __init__(self, changes: SharedChanges | None = None) -> None:
        self.queue: asyncio.Queue[Marks | Nudge | None] = asyncio.Queue(QUEUE_LENGTH)
        self.changes = changes or SharedChanges()
        self.is_cut = False

    def offer(self, marks: Marks | Nudge | None) -> None:
        """Put marks in line; a viewer that let the line fill up is cut and must connect again."""
        try:
            self.queue.put_nowait(marks)
        except asyncio.QueueFull:
            self.is_cut = True

    async def newest(self) -> Marks | Nudge | None:
        """Wait for something in line; return the newest marks of it, None when the stream must end."""
        found = await self.queue.get()
        while found is not None and not self.queue.empty():
            following = self.queue.get_nowait()
            found = found if following is NUDGE else following
        return None if self.is_cut else found


@dataclass
class _Watch:
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    changes: SharedChanges = field(default_factory=SharedChanges)
    viewers: set[Viewer] = field(default_factory=set)
    latest: Marks | None = None
    task: asyncio.Task[None] | None = None


class Hub:
    """Fans marks out to viewers. Everything but the subscriber thread runs in the event loop.

    Args:
        count: told how many messages were put in line.
    """

    def __init__(
        self,
        context: Context,
        *,
        look_seconds: float = LOOK_SECONDS,
        rest_seconds: float = REST_SECONDS,
        count: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._context = context
        self._count = count
        self._look_seconds = look_seconds
        self._rest_seconds = rest_seconds
        self._watches: dict[Key, _Watch] = {}
        self._reader = anyio.CapacityLimiter(1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="notices", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stopping = asyncio.Event()

    def open(self) -> None:
        """Begin to listen; to be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def end_streams(self) -> None:
        """Have every stream end now: the server is about to stop."""
        self.stopping.set()
        for watch in self._watches.values():
            for viewer in watch.viewers:
                viewer.offer(None)

    async def close(self) -> None:
        """End the streams, the watches and the subscriber."""
        self.end_streams()
        self._closing.set()
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await to_thread.run_sync(self._thread.join, _JOIN_SECONDS)

    @property
    def num_viewers(self) -> int:
        """Count the open streams."""
        return sum(len(watch.viewers) for watch in self._watches.values())

    @contextmanager
    def viewer(self, owner_id: str, experiment_id: UUID) -> Iterator[Viewer]:
        """Watch an experiment for as long as the block lasts."""
        key = (owner_id, experiment_id)
        watch = self._watches.get(key) or self._start_watch(key)
        viewer = Viewer(watch.changes)
        watch.viewers.add(viewer)
        if watch.latest is not None:
            viewer.offer(watch.latest)
        if self.stopping.is_set():
            viewer.offer(None)
        try:
            yield viewer
        finally:
            watch.viewers.discard(viewer)
            watch.wake.set()  # lets a watch without viewers end

    def _start_watch(self, key: Key) -> _Watch:
        watch = self._watches[key] = _Watch()
        watch.task = asyncio.create_task(self._watch(key, watch))
        return watch

    async def _watch(self, key: Key, watch: _Watch) -> None:
        try:
            while watch.viewers:
                if not await self._look(key, watch):
                    break
                await asyncio.sleep(self._rest_seconds)
                with suppress(TimeoutError):
                    await asyncio.wait_for(watch.wake.wait(), max(0, self._look_seconds - self._rest_seconds))
                watch.wake.clear()
        finally:
            del self._watches[key]
            for viewer in watch.viewers:
                viewer.offer(None)

    async def _look(self, key: Key, watch: _Watch) -> bool:
        """Pass on what is new; False when the experiment is gone."""
        try:
            marks = await to_thread.run_sync(read_marks, self._context, *key, limiter=self._reader)
        except NotFound:
            return False
        except Unavailable as error:
            log.warning("the live stream waits for the database: %s", error)
            return True
        if marks != watch.latest:
            watch.latest = marks
            self._count(len(watch.viewers))
            for viewer in watch.viewers:
                viewer.offer(marks)
        return True

    def _listen(self) -> None:
        """Wake the watches that notices name. Runs in a thread of its own."""
        while not self._closing.is_set():
            try:
                self._hear()
            except (ValueError, KeyError, TypeError) as error:
                log.warning("not a notice of ours: %s", error)

    def _hear(self) -> None:
        began = time.monotonic()
        for notice in self._context.notices.listen(wait_seconds=_LISTEN_SECONDS):
            if self._closing.is_set():
                return
            if notice is not None:
                self._wake(notice.experiment_id)
            elif time.monotonic() - began < _LISTEN_SECONDS / 2:  # None at once: the broker is away
                self._closing.wait(_LISTEN_SECONDS)
            began = time.monotonic()

    def _wake(self, experiment_id: UUID) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop closed meanwhile
            self._loop.call_soon_threadsafe(self._wake_watches, experiment_id)

    def _wake_watches(self, experiment_id: UUID) -> None:
        for (_, watched), watch in self._watches.items():
            if watched == experiment_id:
                watch.wake.set()
