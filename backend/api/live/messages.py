"""Events of a stream as they are sent, each written once for all viewers who have seen the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from muscope.backend.services.views.views import CellMark, Marks


@dataclass(frozen=True)
class StreamEvent:
    """One server-sent event; one without data is a comment, which browsers skip.

    Attributes:
        retry: wait before connecting again, in milliseconds.
    """

    event: str | None = None
    data: BaseModel | None = None
    retry: int | None = None

    @cached_property
    def wire(self) -> bytes:
        """Return the bytes to send."""
        if self.data is None:
            return format_sse_event(comment="ping")
        return format_sse_event(event=self.event, data_str=self.data.model_dump_json(), retry=self.retry)


KEEP_ALIVE = StreamEvent()


class SharedChanges:
    """Events between two states of one experiment's marks, each made once.

    Hundreds of viewers have seen the same object and are told of the same one. Those of the newest marks
    are kept, at most one for each viewer.
    """

    def __init__(self) -> None:
        self._latest: Marks | None = None
        # By the identity of what was seen, which stays alive beside its event.
        self._events: dict[int, tuple[Marks, StreamEvent | None]] = {}

    def event(self, seen: Marks, latest: Marks) -> StreamEvent | None:
        """Return the event of what changed; None when nothing did."""
        if latest is not self._latest:
            self._latest, self._events = latest, {}
        known = self._events.get(id(seen))
        if known is None:
            changes = marks_since(seen, latest)
            event = None if changes is None else StreamEvent("marks", changes)
            known = self._events[id(seen)] = seen, event
        return known[1]


def marks_since(seen: Marks, latest: Marks) -> Marks | None:
    """Return the latest marks with only the cells that moved; None when nothing did."""
    known = {cell.cell_id: cell for cell in seen.cells}
    moved = tuple(cell for cell in latest.cells if _has_moved(known.get(cell.cell_id), cell))
    if not moved and latest.version <= seen.version:
        return None
    return latest.model_copy(update={"cells": moved})


def _has_moved(old: CellMark | None, new: CellMark) -> bool:
    return old is None or new.version > old.version or new.step > old.step
