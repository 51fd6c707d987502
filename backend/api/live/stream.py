"""One viewer's stream of an experiment's progress, as server-sent events.

`marks`: the experiment's state and the cells that changed (all of them on connect). `end`: nothing more will
come. The connection is renewed now and then; the browser does that by itself, and all marks come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager

from muscope.backend.api.live.hub import NUDGE, Hub, Viewer
from muscope.backend.api.live.messages import KEEP_ALIVE, StreamEvent
from muscope.backend.api.schemas import StreamEnd
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.services.views.views import Marks

# An hour: long enough to be rare, short enough that a revoked right does not stay for ever.
LIFE_SECONDS = 3600.0
# Wait before connecting again, so that a restart of the server is not met by all viewers at once.
RETRY_MILLISECONDS = 2000
# A session that was ended, or a role that was changed, ends its streams within this time.
RECHECK_SECONDS = 30.0
# Silence after which a comment is sent, since proxies close a connection on which nothing comes.
KEEP_ALIVE_SECONDS = 15.0


class Permission:
    """The right to go on reading a stream, asked for again now and then."""

    def __init__(self, ask: Callable[[], Awaitable[bool]], *, seconds: float = RECHECK_SECONDS) -> None:
        self._ask = ask
        self._seconds = seconds
        self.due = asyncio.get_running_loop().time() + seconds

    async def holds(self) -> bool:
        """Tell whether it holds; nobody is asked before the time has come."""
        now = asyncio.get_running_loop().time()
        if now < self.due:
            return True
        self.due = now + self._seconds
        return await self._ask()


async def _always() -> bool:
    return True


async def progress_events(
    hub: Hub,
    owner_id: str,
    opening: Marks,
    *,
    life_seconds: float = LIFE_SECONDS,
    permission: Permission | None = None,
) -> AsyncGenerator[StreamEvent, None]:
    """Yield all marks, then changes until the experiment ends, the server stops or the hour is over.

    Without `permission` it is not asked for again.
    """
    permission = permission or Permission(_always)
    now = asyncio.get_running_loop().time
    deadline = now() + life_seconds
    with hub.viewer(owner_id, opening.experiment_id) as viewer, _Alarm(viewer) as alarm:
        seen = opening
        yield StreamEvent("marks", opening, RETRY_MILLISECONDS)
        told = now()
        while seen.state in OPEN_EXPERIMENT_STATES:
            alarm.set(min(deadline, permission.due, told + KEEP_ALIVE_SECONDS))
            latest = await viewer.newest()
            if latest is None or now() >= deadline or not await permission.holds():
                return
            if latest is NUDGE:
                event = KEEP_ALIVE if now() >= told + KEEP_ALIVE_SECONDS else None
            elif event := viewer.changes.event(seen, latest):
                seen = latest
            if event is not None:
                yield event
                told = now()
        yield StreamEvent("end", StreamEnd(experiment_id=seen.experiment_id, state=seen.state))


class _Alarm(AbstractContextManager["_Alarm"]):
    """Timer that nudges a viewer; it is set again only after it rang, not with every event.

    A timer an event would cost more than the event itself.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._timer: asyncio.TimerHandle | None = None

    def set(self, moment: float) -> None:
        """Ring at a moment of the event loop's clock, unless it is set already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(moment, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._viewer.offer(NUDGE)

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
