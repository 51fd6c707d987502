"""Messages between supervisor and training child: one JSON object a line, both ways."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from muscope.backend.domain.lifecycle import FailureClass

# Exit code of a child that lost its device: the next one may have it again.
DEVICE_LOST = 75


class Request(BaseModel):
    """Order to train this cell under this fence."""

    model_config = ConfigDict(frozen=True)

    cell_id: UUID
    fence: int


class Event(StrEnum):
    """Kinds of replies of the training child."""

    READY = "ready"
    UNFIT = "unfit"  # the device gave a wrong result for the test cell; the child ends
    WINDOW = "window"
    COMPLETED = "completed"
    LOST = "lost"
    FAILED = "failed"


class Reply(BaseModel):
    """One event; `cell_id` is absent only for `ready` and `unfit`."""

    model_config = ConfigDict(frozen=True)

    event: Event
    cell_id: UUID | None = None
    step: int | None = None
    failure: FailureClass | None = None
    detail: str = ""
