"""Table of checkpoints."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from muscope.backend.db.schema.base import Base


class CheckpointRow(Base):
    """A blob to resume a cell from at `step`; no foreign key, since the row leads to the blob's removal."""

    __tablename__ = "checkpoint"

    cell_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[int] = mapped_column(Integer)
    is_complete: Mapped[bool]
