"""Table of sweeps that were run elsewhere; `tables` imports it, so that all tables are known together."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from muscope.backend.db.schema.base import Base
from muscope.backend.domain.verdict.statement import Outcome


class SweepRow(Base):
    """A table of runs as it was sent, how its columns are understood, and the answer to it.

    File and reading are gzip-compressed and small, so they lie beside each other and change together.
    """

    __tablename__ = "sweep"
    __table_args__ = (UniqueConstraint("owner_id", "source_sha256"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("principal.id"), index=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    source_sha256: Mapped[str] = mapped_column(String(64))
    source_bytes: Mapped[int]
    choices: Mapped[dict[str, Any]]
    reading: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    num_rows: Mapped[int]
    # None while the columns are not clear.
    outcome: Mapped[Outcome | None]
    # Number of changes of name and choices.
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
