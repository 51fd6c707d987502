"""Heartbeats of the cells that train now."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import CellState


@dataclass(frozen=True)
class Pulse:
    """The heartbeat of a running cell as others see it, and the process that should beat."""

    cell_id: UUID
    fence: int
    heartbeat_count: int
    owner: str | None = field(default=None, compare=False)
    experiment_id: UUID | None = field(default=None, compare=False)


def pulses(session: Session) -> list[Pulse]:
    """List the heartbeats of every running cell."""
    columns = (CellRow.id, CellRow.fence, CellRow.heartbeat_count, CellRow.owner, CellRow.experiment_id)
    rows = session.execute(select(*columns).where(CellRow.state == CellState.RUNNING))
    return [Pulse(*row) for row in rows]
