"""One viewer's stream of an experiment's progress, as server-sent events.

`marks`: the experiment's state and the cells that changed (all of them on connect). `end`: nothing more will
come. The connection is renewed now and then; the browser does that by itself, and all marks come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi.sse import ServerSentEvent

from muscope.backend.api.live.hub import Hub, Viewer
from muscope.backend.api.schemas import StreamEnd
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.services.views.views import CellMark, Marks

# An hour: long enough to be rare, short enough that a revoked right does not stay for ever.
LIFE_SECONDS = 3600.0
# Wait before connecting again, so that a restart of the server is not met by all viewers at once.
RETRY_MILLISECONDS = 2000
# A session that was ended, or a role that was changed, ends its streams within this time.
RECHECK_SECONDS = 30.0


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
) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield all marks, then changes until the experiment ends, the server stops or the hour is over.

    Without `permission` it is not asked for again.
    """
    permission = permission or Permission(_always)
    deadline = asyncio.get_running_loop().time() + life_seconds
    with hub.viewer(owner_id, opening.experiment_id) as viewer:
        seen = opening
        yield ServerSentEvent(event="marks", data=opening, retry=RETRY_MILLISECONDS)
        while seen.state in OPEN_EXPERIMENT_STATES:
            latest = await _latest(viewer, deadline, permission)
            if latest is None or not await permission.holds():
                return
            if changes := marks_since(seen, latest):
                yield ServerSentEvent(event="marks", data=changes)
                seen = latest
        end = StreamEnd(experiment_id=seen.experiment_id, state=seen.state)
        yield ServerSentEvent(event="end", data=end)


async def _latest(viewer: Viewer, deadline: float, permission: Permission) -> Marks | None:
    """Wait for marks and return the newest in line; None when the stream must end."""
    while True:
        limit = min(deadline, permission.due)
        try:
            async with asyncio.timeout_at(limit):
                marks = await viewer.queue.get()
            break
        except TimeoutError:
            if limit >= deadline or not await permission.holds():
                return None
    while marks is not None and not viewer.queue.empty():
        marks = viewer.queue.get_nowait()
    return None if viewer.is_cut else marks


def marks_since(seen: Marks, latest: Marks) -> Marks | None:
    """Return the latest marks with only the cells that moved; None when nothing did."""
    known = {cell.cell_id: cell for cell in seen.cells}
    moved = tuple(cell for cell in latest.cells if _has_moved(known.get(cell.cell_id), cell))
    if not moved and latest.version <= seen.version:
        return None
    return latest.model_copy(update={"cells": moved})


def _has_moved(old: CellMark | None, new: CellMark) -> bool:
    return old is None or new.version > old.version or new.step > old.step
