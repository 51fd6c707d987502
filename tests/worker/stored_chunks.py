"""Values of a cell as they are stored, to be compared byte for byte."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from muscope.backend.db.schema.tables import MetricChunkRow
from muscope.worker.training.train_cell import Stores


def chunks_of(stores: Stores, cell_id: UUID) -> dict[tuple[str, int], bytes]:
    """Return what is stored of a cell, by metric and first step."""
    with stores.database.read() as session:
        rows = session.scalars(select(MetricChunkRow).where(MetricChunkRow.cell_id == cell_id))
        return {(row.metric, row.first_step): row.values for row in rows}
