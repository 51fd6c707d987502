"""Datasets as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.schema.tables import DatasetRow, ExperimentRow
from muscope.backend.domain.spec.dataset import DatasetShape


def add(session: Session, row: DatasetRow) -> DatasetRow:
    """Store a dataset; return the one that was stored meanwhile if its arrays are the same."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        known = find(session, row.owner_id, row.arrays_sha256)
        if known is None:
            raise
        return known
    return row


def get(session: Session, owner_id: str, dataset_id: UUID) -> DatasetRow | None:
    """Return one of the owner's datasets."""
    return session.scalar(
        select(DatasetRow).where(is_seen_by(owner_id, DatasetRow.owner_id), DatasetRow.id == dataset_id)
    )


def lock(session: Session, owner_id: str, dataset_id: UUID) -> DatasetRow | None:
    """Return one of the owner's datasets, which stays at least until the transaction ends."""
    is_it = (is_seen_by(owner_id, DatasetRow.owner_id), DatasetRow.id == dataset_id)
    return session.scalar(select(DatasetRow).where(*is_it).with_for_update())


def hold(session: Session, owner_id: str, dataset_id: UUID) -> bool:
    """Keep one of the owner's datasets until the transaction ends; return whether it is there.

    For those who only refer to it: they do not wait for each other, but for one who deletes it.
    """
    is_it = (is_seen_by(owner_id, DatasetRow.owner_id), DatasetRow.id == dataset_id)
    found = select(DatasetRow.id).where(*is_it).with_for_update(read=True, key_share=True)
    return session.scalar(found) is not None


def shape_of(session: Session, dataset_id: UUID) -> DatasetShape:
    """Return the sizes of a dataset that is known to exist."""
    return session.get_one(DatasetRow, dataset_id).shape


class Facts(NamedTuple):
    """Name, sizes and task of a dataset, for what was made of it."""

    id: UUID
    name: str
    example: str | None
    shape: DatasetShape


def facts_of(session: Session, dataset_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return name, sizes and task of each dataset, in one query."""
    wanted = (DatasetRow.id, DatasetRow.name, DatasetRow.example, DatasetRow.shape)
    rows = session.execute(select(*wanted).where(DatasetRow.id.in_(dataset_ids)))
    return {row.id: Facts(*row) for row in rows}


def find(session: Session, owner_id: str, arrays_sha256: str) -> DatasetRow | None:
    """Return the owner's dataset with these arrays, if it is stored already."""
    return session.scalar(
        select(DatasetRow).where(DatasetRow.owner_id == owner_id, DatasetRow.arrays_sha256 == arrays_sha256)
    )


def list_of(session: Session, owner_id: str, *, limit: int) -> Sequence[DatasetRow]:
    """List the owner's datasets, newest first."""
    newest_first = (
        select(DatasetRow)
        .where(DatasetRow.owner_id == owner_id)
        .order_by(DatasetRow.created_at.desc(), DatasetRow.id)
    )
    return session.scalars(newest_first.limit(limit)).all()


def num_experiments(session: Session, dataset_id: UUID) -> int:
    """Count the experiments that use a dataset."""
    statement = select(func.count()).select_from(ExperimentRow).where(ExperimentRow.dataset_id == dataset_id)
    return session.scalar(statement) or 0


def experiments_on(session: Session, dataset_id: UUID) -> Sequence[UUID]:
    """List the experiments that use a dataset in the order of their ids, in which they are locked."""
    statement = select(ExperimentRow.id).where(ExperimentRow.dataset_id == dataset_id)
    return session.scalars(statement.order_by(ExperimentRow.id)).all()


def remove(session: Session, dataset_id: UUID) -> None:
    """Delete a dataset's row."""
    session.execute(delete(DatasetRow).where(DatasetRow.id == dataset_id))


def blobs_of_all(session: Session) -> list[str]:
    """List the sha256 of every file that a dataset of anybody refers to, each once, sorted."""
    columns = (DatasetRow.arrays_sha256, DatasetRow.source_sha256)
    return sorted({sha256 for column in columns for sha256 in session.scalars(select(column)) if sha256})
