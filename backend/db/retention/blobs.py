"""Every place of the database that names a blob."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.db.schema.tables import CheckpointRow, DatasetRow

# A column that names blobs and is missing here loses them a day after they were stored.
BLOB_COLUMNS: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    DatasetRow.arrays_sha256,
    DatasetRow.source_sha256,
    WorkerModelRow.arrays_sha256,
    CheckpointRow.sha256,
)


def is_blob_used(session: Session, sha256: str) -> bool:
    """Tell whether any row still refers to a blob."""
    return any(
        session.scalar(select(literal(1)).where(column == sha256).limit(1)) is not None
        for column in BLOB_COLUMNS
    )


def used_blobs(session: Session, start: str) -> frozenset[str]:
    """Return the addresses that rows refer to, of those that begin with `start`."""
    named = union(*(select(column).where(_begins(column, start)) for column in BLOB_COLUMNS))
    return frozenset(session.scalars(named))


def _begins(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], start: str
) -> ColumnElement[bool]:
    return column.startswith(start, autoescape=True)
