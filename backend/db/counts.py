"""Counts of rows for operators."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import CellState


def cells_by_state(session: Session) -> dict[CellState, int]:
    """Count the cells of all experiments; every state is there."""
    rows = session.execute(select(CellRow.state, func.count()).group_by(CellRow.state))
    counts = dict.fromkeys(CellState, 0)
    for state, count in rows:
        counts[state] = count
    return counts
