"""Worker nodes as rows: their capabilities for the planner, their freshness for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import insert_into
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, WorkerRow
from muscope.backend.domain.lifecycle import CellState


class Trained(NamedTuple):
    """Cell that trains now, held by a process (`host:pid`); its environment is known a little later."""

    held_by: str
    environment: dict[str, Any] | None
    experiment_id: UUID
    experiment_name: str
    owner_id: str

    @property
    def host(self) -> str:
        """Return the machine it trains on."""
        return self.held_by.rpartition(":")[0]


def get(session: Session, name: str) -> WorkerRow | None:
    """Return one worker."""
    return session.get(WorkerRow, name)


def register(session: Session, name: str, *, now: datetime, **capabilities: Any) -> None:
    """Store what a worker can do; of two nodes with one name that start at once the last one stays."""
    values = {"started_at": now, "seen_at": now, "crowding": 1.0, "fault": None, **capabilities}
    statement = insert_into(session.get_bind().dialect.name, WorkerRow).values(name=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[WorkerRow.name], set_=values))


def touch(
    session: Session, name: str, *, now: datetime, crowding: float = 1.0, fault: str | None = None
) -> None:
    """Show that a worker is alive, by what factor its neighbours lengthen training, and why it is unfit."""
    values = {"seen_at": now, "crowding": crowding, "fault": fault}
    session.execute(update(WorkerRow).where(WorkerRow.name == name).values(**values))


def clock_ahead(session: Session, now: datetime) -> timedelta:
    """Return by how much a process's clock is ahead of the database's; none for a file on its own machine."""
    if session.get_bind().dialect.name != "postgresql":
        return timedelta(0)
    its: datetime = session.scalar(select(func.clock_timestamp())) or now
    return now - its


def seen_since(session: Session, moment: datetime) -> Sequence[WorkerRow]:
    """List the workers seen at or after `moment`."""
    return session.scalars(
        select(WorkerRow).where(WorkerRow.seen_at >= moment).order_by(WorkerRow.name)
    ).all()


def training(session: Session) -> Sequence[Trained]:
    """List the cells that train now, those of one experiment after each other."""
    statement = (
        select(
            CellRow.owner,
            CellRow.environment,
            CellRow.experiment_id,
            ExperimentRow.name,
            ExperimentRow.owner_id,
        )
        .join(ExperimentRow, ExperimentRow.id == CellRow.experiment_id)
        .where(CellRow.state == CellState.RUNNING, CellRow.owner.is_not(None))
        .order_by(ExperimentRow.created_at, ExperimentRow.id)
    )
    return [Trained(*row) for row in session.execute(statement)]
