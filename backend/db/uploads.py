"""Uploads as rows, and the bytes that everything stored takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, or_, select, union, update
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.schema.tables import DatasetRow, PrincipalRow, UploadRow


def add(session: Session, row: UploadRow) -> None:
    """Store a new upload."""
    session.add(row)
    session.flush()


def get(session: Session, owner_id: str, upload_id: UUID) -> UploadRow | None:
    """Return one of the owner's uploads."""
    return session.scalar(
        select(UploadRow).where(is_seen_by(owner_id, UploadRow.owner_id), UploadRow.id == upload_id)
    )


def list_of(session: Session, owner_id: str) -> Sequence[UploadRow]:
    """List the owner's uploads, newest first."""
    statement = select(UploadRow).where(is_seen_by(owner_id, UploadRow.owner_id))
    return session.scalars(statement.order_by(UploadRow.created_at.desc(), UploadRow.id)).all()


def take_over(session: Session, upload_id: UUID, *, received: int, expires_at: datetime) -> int | None:
    """Give a new request the sole right to write; return its fence, None when `received` is not current."""
    statement = (
        update(UploadRow)
        .where(UploadRow.id == upload_id, UploadRow.received_bytes == received)
        .values(fence=UploadRow.fence + 1, expires_at=expires_at)
        .returning(UploadRow.fence)
    )
    return session.scalar(statement)


def is_held(session: Session, upload_id: UUID, fence: int) -> bool:
    """Tell whether the request with this fence may still write."""
    statement = select(UploadRow.id).where(UploadRow.id == upload_id, UploadRow.fence == fence)
    return session.scalar(statement) is not None


def record(session: Session, upload_id: UUID, fence: int, *, received: int, expires_at: datetime) -> bool:
    """Count bytes that are on the disk; False when a newer request has taken over."""
    statement = (
        update(UploadRow)
        .where(UploadRow.id == upload_id, UploadRow.fence == fence)
        .values(received_bytes=received, expires_at=expires_at)
    )
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def keep_until(session: Session, upload_id: UUID, expires_at: datetime) -> None:
    """Put off the end of an upload."""
    session.execute(update(UploadRow).where(UploadRow.id == upload_id).values(expires_at=expires_at))


def remove(session: Session, upload_id: UUID, *, expired_by: datetime | None = None) -> bool:
    """Delete an upload's row, or only one that has expired; False when there was none."""
    statement = delete(UploadRow).where(UploadRow.id == upload_id)
    if expired_by is not None:
        statement = statement.where(UploadRow.expires_at <= expired_by)
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def expired(session: Session, now: datetime) -> Sequence[UUID]:
    """List the uploads whose time is over."""
    return session.scalars(select(UploadRow.id).where(UploadRow.expires_at <= now)).all()


def ids(session: Session) -> frozenset[UUID]:
    """Return the id of every upload."""
    return frozenset(session.scalars(select(UploadRow.id)))


def open_bytes(session: Session, owner_id: str | None) -> int:
    """Return the announced size of open uploads: the owner's, or everybody's."""
    statement = select(func.sum(UploadRow.length_bytes))
    if owner_id is not None:
        statement = statement.where(UploadRow.owner_id == owner_id)
    return int(session.scalar(statement) or 0)


def dataset_bytes(session: Session, owner_id: str | None) -> int:
    """Return the size of all files of datasets, the owner's or everybody's; a shared file counts once."""
    sources = select(DatasetRow.source_sha256, DatasetRow.source_bytes).where(
        DatasetRow.source_sha256.is_not(None)
    )
    arrays = select(DatasetRow.arrays_sha256, DatasetRow.arrays_bytes)
    if owner_id is not None:
        sources = sources.where(DatasetRow.owner_id == owner_id)
        arrays = arrays.where(DatasetRow.owner_id == owner_id)
    files = union(sources, arrays).subquery()
    return int(session.scalar(select(func.sum(files.c[1]))) or 0)


def has_file(session: Session, owner_id: str, sha256: str) -> bool:
    """Tell whether one of the owner's datasets refers to a file."""
    is_its = or_(DatasetRow.arrays_sha256 == sha256, DatasetRow.source_sha256 == sha256)
    statement = select(DatasetRow.id).where(DatasetRow.owner_id == owner_id, is_its)
    return session.scalar(statement.limit(1)) is not None


def largest_dataset(session: Session, owner_id: str) -> tuple[str, int] | None:
    """Return name and bytes of the owner's largest dataset."""
    size = DatasetRow.source_bytes + DatasetRow.arrays_bytes
    statement = select(DatasetRow.name, size).where(DatasetRow.owner_id == owner_id)
    row = session.execute(statement.order_by(size.desc(), DatasetRow.id).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def lock_owner(session: Session, owner_id: str) -> None:
    """Let the owner's requests for room come one after the other (SQLite has one writer anyway)."""
    session.execute(select(PrincipalRow.id).where(PrincipalRow.id == owner_id).with_for_update())
