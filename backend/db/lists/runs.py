"""Runs that are sought: a filter over an experiment's rows, each with the state of its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from muscope.backend.db.schema.tables import CellRow, RunRow
from muscope.backend.domain.lifecycle import CellState, RunState, run_state

_GRID = (RunRow.scenario, RunRow.parametrization, RunRow.width, RunRow.depth, RunRow.lr, RunRow.seed)


@dataclass(frozen=True)
class Sought:
    """Values a run may have, by the name of its column; empty ones leave it free. LR ends are included."""

    values: dict[str, Sequence[Any]]
    lr_low: float | None = None
    lr_high: float | None = None
    states: Sequence[RunState] = ()
    has_diverged: bool | None = None


class FoundRun(NamedTuple):
    """A run and its state."""

    row: RunRow
    state: RunState


def find(session: Session, experiment_id: UUID, sought: Sought) -> list[FoundRun]:
    """List the runs of an experiment that are sought, in the order of its grid."""
    statement = (
        select(RunRow, CellRow.state)
        .join(CellRow, CellRow.id == RunRow.cell_id)
        .where(RunRow.experiment_id == experiment_id, *_conditions(sought))
        .order_by(*_GRID)
    )
    return [_found(row, state) for row, state in session.execute(statement)]


def get(session: Session, experiment_id: UUID, run_id: UUID) -> FoundRun | None:
    """Return one run of an experiment."""
    statement = (
        select(RunRow, CellRow.state)
        .join(CellRow, CellRow.id == RunRow.cell_id)
        .where(RunRow.experiment_id == experiment_id, RunRow.id == run_id)
    )
    found = session.execute(statement).first()
    return None if found is None else _found(*found)


def _found(row: RunRow, cell_state: CellState) -> FoundRun:
    return FoundRun(row, run_state(cell_state, has_diverged=row.diverged_at is not None))


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    columns = RunRow.__table__.columns
    found: list[ColumnElement[bool]] = [
        columns[name].in_(values) for name, values in sought.values.items() if values
    ]
    if sought.lr_low is not None:
        found.append(RunRow.lr >= sought.lr_low)
    if sought.lr_high is not None:
        found.append(RunRow.lr <= sought.lr_high)
    if sought.has_diverged is not None:
        found.append(RunRow.diverged_at.is_not(None) if sought.has_diverged else RunRow.diverged_at.is_(None))
    if sought.states:
        found.append(or_(*(_in_state(state) for state in sought.states)))
    return found


def _in_state(state: RunState) -> ColumnElement[bool]:
    """Return the rows whose `run_state` is this."""
    if state is RunState.DIVERGED:
        return RunRow.diverged_at.is_not(None)
    return and_(RunRow.diverged_at.is_(None), CellRow.state == CellState(state.value))
