"""Time that cells took lately against what was predicted of them, whoever owns them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.lifecycle import CellState


class EndedCell(NamedTuple):
    """Completed cell: what it took, its prediction and parts, and how many of its runs diverged."""

    experiment_id: UUID
    width: int
    has_curvature: bool
    spent_seconds: float
    predicted_seconds: float
    correction: float
    start_share: float
    stack_share: float
    living: float
    num_runs: int
    num_diverged: int


def ended_since(session: Session, moment: datetime) -> Sequence[EndedCell]:
    """List the cells that completed at or after `moment` in one attempt."""
    cell = (
        *(CellRow.experiment_id, CellRow.width, CellRow.has_curvature, CellRow.spent_seconds),
        *(CellRow.predicted_seconds, CellRow.correction, CellRow.start_share, CellRow.stack_share),
        *(CellRow.living, CellRow.num_runs),
    )
    rows = session.execute(
        select(*cell, func.count(RunRow.diverged_at))
        .join(RunRow, RunRow.cell_id == CellRow.id)
        .where(CellRow.state == CellState.COMPLETED, CellRow.fence == 1, CellRow.finished_at >= moment)
        .group_by(CellRow.id)
        .order_by(CellRow.finished_at, CellRow.id)
    )
    return [EndedCell._make(row) for row in rows]
