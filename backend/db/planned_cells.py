"""Rows of planned cells and of their runs, made before the transaction that stores them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import insert_all, insert_new
from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.cost.prediction import CellCost, in_starting_order
from muscope.backend.domain.lifecycle import CellState, DesiredState
from muscope.backend.domain.protocol.grid import PlannedCell


class PlannedRows(NamedTuple):
    """Rows of planned cells, in the order the cells should start, and of their runs."""

    cells: list[dict[str, Any]]
    runs: list[dict[str, Any]]


def rows_of(
    experiment_id: UUID,
    cells: Iterable[tuple[PlannedCell, CellCost]],
    *,
    is_limited: bool = False,
    told_at: datetime | None = None,
) -> PlannedRows:
    """Return the rows of planned cells, made before the transaction that stores them.

    Args:
        is_limited: under a budget, where cells start in the order they come in; else in the one that ends
            soonest.
        told_at: when workers are told of them, at once.
    """
    planned = list(cells) if is_limited else in_starting_order(list(cells))
    rows = [_cell_row(experiment_id, cell, cost) | {"dispatched_at": told_at} for cell, cost in planned]
    return PlannedRows(rows, [row for cell, _ in planned for row in _run_rows(experiment_id, cell)])


def add(session: Session, rows: PlannedRows) -> list[UUID]:
    """Store planned cells with their runs; return the ids that were new, in the order they should start."""
    inserted = {key[0] for key in insert_new(session, CellRow, rows.cells)}
    insert_all(session, RunRow, [row for row in rows.runs if row["cell_id"] in inserted])
    return [row["id"] for row in rows.cells if row["id"] in inserted]


def _cell_row(experiment_id: UUID, cell: PlannedCell, cost: CellCost) -> dict[str, Any]:
    return {
        "id": cell.id_in(experiment_id),
        "experiment_id": experiment_id,
        "scenario": cell.scenario,
        "parametrization": cell.parametrization,
        "width": cell.width,
        "depth": cell.depth,
        "stage": cell.stage,
        "part": cell.part,
        "has_curvature": cell.has_curvature,
        "num_runs": len(cell.runs),
        "chunk_steps": cost.chunk_steps,
        "predicted_seconds": cost.seconds,
        "correction": cost.correction,
        "start_share": cost.planned.start_share,
        "stack_share": cost.planned.stack_share,
        "living": cost.planned.living,
        "predicted_bytes": cost.num_bytes,
        "state": CellState.QUEUED,
        "desired_state": DesiredState.RUN,
        "version": 0,
        "fence": 0,
        "heartbeat_count": 0,
        "committed_step": -1,
        "claimed_at_step": -1,
        "failures": 0,
        "spent_seconds": 0.0,
        "asleep_seconds": 0.0,
        "is_mixed_environment": False,
        "has_nondeterminism": False,
    }


def _run_rows(experiment_id: UUID, cell: PlannedCell) -> list[dict[str, Any]]:
    cell_id = cell.id_in(experiment_id)
    return [
        {
            "id": uuid5(cell_id, f"{run.lr_index}/{run.seed}"),
            "experiment_id": experiment_id,
            "cell_id": cell_id,
            "position": position,
            "scenario": cell.scenario,
            "parametrization": cell.parametrization,
            "width": cell.width,
            "depth": cell.depth,
            **run._asdict(),
        }
        for position, run in enumerate(cell.runs)
    ]
