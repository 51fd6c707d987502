"""The table of the models that workers hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from muscope.backend.db.schema.base import Base
from muscope.backend.domain.brought.description import Description


class WorkerModelRow(Base):
    """A model of the operator's that a worker holds: its description, or the reason why it cannot train."""

    __tablename__ = "worker_model"

    worker: Mapped[str] = mapped_column(ForeignKey("worker.name", ondelete="CASCADE"), primary_key=True)
    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    description: Mapped[Description | None]
    # File of the examples that it brings.
    arrays_sha256: Mapped[str | None] = mapped_column(String(64))
    arrays_bytes: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None]
    announced_at: Mapped[datetime]
