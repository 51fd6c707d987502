"""Models that workers hold, as rows: announced by a worker, read for plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.db.schema.tables import WorkerRow
from muscope.backend.domain.brought.description import Description


def announce(session: Session, worker: str, rows: Sequence[WorkerModelRow]) -> None:
    """Replace what a worker has announced."""
    session.execute(delete(WorkerModelRow).where(WorkerModelRow.worker == worker))
    session.add_all(rows)


def redescribe(session: Session, worker: str, network: str, sha256: str, description: Description) -> None:
    """Replace the description of a version that a worker has announced."""
    is_it = (
        WorkerModelRow.worker == worker,
        WorkerModelRow.network == network,
        WorkerModelRow.sha256 == sha256,
    )
    session.execute(update(WorkerModelRow).where(*is_it).values(description=description))


def known_by(session: Session, worker: str) -> Sequence[WorkerModelRow]:
    """List what a worker has announced."""
    return session.scalars(
        select(WorkerModelRow).where(WorkerModelRow.worker == worker).order_by(WorkerModelRow.network)
    ).all()


def held_since(session: Session, moment: datetime) -> Sequence[WorkerModelRow]:
    """List what the workers seen at or after `moment` hold: by name, the latest announcement first."""
    return session.scalars(
        select(WorkerModelRow)
        .join(WorkerRow, WorkerRow.name == WorkerModelRow.worker)
        .where(WorkerRow.seen_at >= moment)
        .order_by(WorkerModelRow.network, WorkerModelRow.announced_at.desc(), WorkerModelRow.worker)
    ).all()
