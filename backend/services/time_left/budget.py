"""Enforcement of an experiment's budget: seconds committed, and cells it can still pay for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES, CellState, StopReason, awake_seconds
from muscope.backend.domain.protocol import Add, Decision, Done, Skip, Wait
from muscope.backend.domain.spec.budget import Claimed, affordable, beyond, committed_seconds
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence


def claimed(rows: Sequence[CellRow], now: datetime) -> list[Claimed]:
    """Return cells as budget entries; a running one counts as predicted, or as its time so far if longer."""
    return [
        Claimed(
            cell_id=row.id,
            is_open=row.state in OPEN_CELL_STATES,
            is_queued=row.state == CellState.QUEUED,
            spent_seconds=row.spent_seconds,
            coming_seconds=max(row.predicted_seconds, running_seconds(row, now)),
        )
        for row in rows
    ]


def running_seconds(row: CellRow, now: datetime) -> float:
    """Return the seconds that the running attempt has worked."""
    if row.state != CellState.RUNNING:
        return 0.0
    return awake_seconds(row.started_at, row.heartbeat_at, row.asleep_seconds, now)


def afforded(costed: Sequence[CostedCell], *, left_seconds: float) -> list[CostedCell]:
    """Return the cells that the rest of a budget pays for, in the order they should start."""
    chosen = affordable([cost.seconds for _, cost in costed], left_seconds=left_seconds)
    return [costed[index] for index in chosen]


def within_budget(
    evidence: ExperimentEvidence, decision: Decision, costed: Sequence[CostedCell], now: datetime
) -> Decision:
    """Return the part of a decision that the budget pays for.

    Queued cells that became too expensive are skipped first. Of new cells the affordable ones are added; if
    there are none, running cells are waited for, and then the experiment ends.
    """
    budget = evidence.spec.budget
    if budget is None:
        return decision
    cells = claimed(evidence.cells, now)
    if too_dear := beyond(cells, budget.limit_seconds):
        return Skip(too_dear, StopReason.BUDGET)
    if not isinstance(decision, Add):
        return decision
    left = budget.limit_seconds - committed_seconds(cells)
    chosen = tuple(cell for cell, _ in afforded(costed, left_seconds=left))
    if chosen:
        return Add(chosen)
    return Wait() if any(cell.is_open for cell in cells) else Done(StopReason.BUDGET)
