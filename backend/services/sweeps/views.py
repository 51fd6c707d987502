"""Stored sweeps as they are shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from muscope.backend.db.schema.sweeps import SweepRow
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.services.names import Name
from muscope.backend.sweeps.described import SweepChoices, SweepReading


class SweepItem(Frozen):
    """Sweep in a list."""

    id: UUID
    name: str
    created_at: datetime
    source_sha256: str = Field(description="Fingerprint of the file as it was sent.")
    source_bytes: int
    num_rows: int
    outcome: Outcome | None = Field(description="Null while the columns are not clear.")


def item_of(row: SweepRow) -> SweepItem:
    """Return a stored sweep as a list shows it."""
    return SweepItem.model_validate({name: getattr(row, name) for name in SweepItem.model_fields})


class SweepView(SweepItem):
    """Sweep with the meaning of its columns, its answer and its curves."""

    edition: int = Field(description="Number of changes; the ETag.")
    choices: SweepChoices
    reading: SweepReading


class SweepChange(Frozen):
    """Changes of a sweep; what is left out stays."""

    name: Name | None = None
    choices: SweepChoices | None = Field(
        default=None, description="In place of all choices made before; the file is read and judged again."
    )
