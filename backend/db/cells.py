"""Cells and their runs as rows: listing them, and finding those that need attention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CursorResult, and_, func, or_, select, update
from sqlalchemy.orm import Session

from muscope.backend.db.claims import is_due
from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.tables import CellRow, CellTensorRow, ExperimentRow, RunRow
from muscope.backend.domain.lifecycle import (
    OPEN_CELL_STATES,
    OPEN_EXPERIMENT_STATES,
    CellState,
    DesiredState,
)
from muscope.backend.domain.protocol.evidence import CellGroup
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size


def get(session: Session, cell_id: UUID) -> CellRow | None:
    """Return one cell."""
    return session.get(CellRow, cell_id)


def of_experiment(session: Session, experiment_id: UUID) -> Sequence[CellRow]:
    """List an experiment's cells in the order of its grid."""
    order = (CellRow.scenario, CellRow.parametrization, CellRow.width, CellRow.depth, CellRow.part)
    return session.scalars(
        select(CellRow).where(CellRow.experiment_id == experiment_id).order_by(*order)
    ).all()


def runs_of(session: Session, cell_id: UUID) -> Sequence[RunRow]:
    """List a cell's runs in their stored order, the R axis of its chunks."""
    return session.scalars(select(RunRow).where(RunRow.cell_id == cell_id).order_by(RunRow.position)).all()


def runs_of_experiment(session: Session, experiment_id: UUID) -> Sequence[RunRow]:
    """List an experiment's runs in the order of its grid."""
    order = (RunRow.scenario, RunRow.parametrization, RunRow.width, RunRow.depth, RunRow.lr, RunRow.seed)
    statement = select(RunRow).where(RunRow.experiment_id == experiment_id)
    return session.scalars(statement.order_by(*order)).all()


def planned_runs(session: Session, cell_id: UUID) -> tuple[PlannedRun, ...]:
    """Return a cell's runs as the trainer wants them."""
    return tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in runs_of(session, cell_id))


def states_of(session: Session, experiment_id: UUID) -> dict[UUID, CellState]:
    """Return the state of each cell of an experiment."""
    rows = session.execute(select(CellRow.id, CellRow.state).where(CellRow.experiment_id == experiment_id))
    return {row.id: row.state for row in rows}


def states_of_unfinished(session: Session) -> dict[UUID, dict[UUID, CellState]]:
    """Return the state of each cell of every experiment that is not closed yet, in one query."""
    rows = session.execute(
        select(CellRow.experiment_id, CellRow.id, CellRow.state)
        .join(ExperimentRow, ExperimentRow.id == CellRow.experiment_id)
        .where(ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES))
    )
    found: dict[UUID, dict[UUID, CellState]] = defaultdict(dict)
    for experiment_id, cell_id, state in rows:
        found[experiment_id][cell_id] = state
    return found


class RunInCell(NamedTuple):
    """A planned run and the state of the cell that holds it."""

    cell_id: UUID
    state: CellState
    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    lr_index: int
    seed: int

    @property
    def group(self) -> CellGroup:
        """Return the group the run's cell belongs to."""
        return CellGroup(self.scenario, self.parametrization, Size(self.width, self.depth))


def run_states(session: Session, experiment_id: UUID) -> list[RunInCell]:
    """List every planned run of an experiment with its cell's state: the protocol's evidence."""
    columns = (RunRow.scenario, RunRow.parametrization, RunRow.width, RunRow.depth, RunRow.lr_index)
    rows = session.execute(
        select(CellRow.id, CellRow.state, *columns, RunRow.seed)
        .join(CellRow, CellRow.id == RunRow.cell_id)
        .where(RunRow.experiment_id == experiment_id)
        .order_by(CellRow.id)
    )
    return [RunInCell(*row) for row in rows]


class RunLife(NamedTuple):
    """A planned run of a cell, and whether it has diverged."""

    cell_id: UUID
    lr_index: int
    lr: float
    seed: int
    diverged_at: int | None


def run_lives(session: Session, experiment_id: UUID) -> list[RunLife]:
    """List the planned runs of an experiment, each cell's in their stored order."""
    rows = session.execute(
        select(RunRow.cell_id, RunRow.lr_index, RunRow.lr, RunRow.seed, RunRow.diverged_at)
        .where(RunRow.experiment_id == experiment_id)
        .order_by(RunRow.cell_id, RunRow.position)
    )
    return [RunLife._make(row) for row in rows]


class RunFates(NamedTuple):
    """Runs of one LR at one place whose fate is known: their number, and how many have not diverged."""

    scenario: Scenario
    parametrization: Parametrization
    width: int
    depth: int
    lr: float
    num_runs: int
    num_alive: int


def run_fates(session: Session, experiment_ids: Sequence[UUID], *, after_steps: int) -> list[RunFates]:
    """Count the runs of experiments that have diverged, or whose cell has come as far as `after_steps`."""
    index = (RunRow.scenario, RunRow.parametrization, RunRow.width, RunRow.depth, RunRow.lr)
    is_known = RunRow.diverged_at.is_not(None) | (CellRow.committed_step >= after_steps)
    rows = session.execute(
        select(*index, func.count(), func.count() - func.count(RunRow.diverged_at))
        .join(CellRow, CellRow.id == RunRow.cell_id)
        .where(RunRow.experiment_id.in_(experiment_ids), is_known)
        .group_by(*index)
        .order_by(*index)
    )
    return [RunFates._make(row) for row in rows]


def skip(session: Session, cell_ids: Sequence[UUID], *, now: datetime) -> int:
    """End queued cells that can no longer change the answer; return how many nobody had begun meanwhile."""
    result = session.execute(
        update(CellRow)
        .where(CellRow.id.in_(cell_ids), CellRow.state == CellState.QUEUED)
        .values(state=CellState.SKIPPED, finished_at=now, version=CellRow.version + 1)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def num_runs(session: Session, experiment_id: UUID) -> int:
    """Count the planned runs of an experiment without those that were skipped."""
    counted = (CellRow.experiment_id == experiment_id, CellRow.state != CellState.SKIPPED)
    return session.scalar(select(func.sum(CellRow.num_runs)).where(*counted)) or 0


def num_open(session: Session, experiment_id: UUID) -> int:
    """Count the cells that are still queued or running."""
    return (
        session.scalar(
            select(func.count())
            .select_from(CellRow)
            .where(CellRow.experiment_id == experiment_id, CellRow.state.in_(OPEN_CELL_STATES))
        )
        or 0
    )


def num_training(session: Session, host: str) -> int:
    """Count the cells that train on a machine."""
    counted = (CellRow.state == CellState.RUNNING, CellRow.owner.startswith(f"{host}:", autoescape=True))
    return session.scalar(select(func.count()).select_from(CellRow).where(*counted)) or 0


def to_ring(session: Session, *, now: datetime, dispatched_before: datetime, most: int) -> list[UUID]:
    """List queued cells that workers were never told of, or so long ago that the message may be lost.

    One of which they were told in what is now the future was rung for before the clock was set back.
    """
    told_before_clock_was_set = CellRow.dispatched_at > now + (now - dispatched_before)
    return list(
        session.scalars(
            select(CellRow.id)
            .where(
                CellRow.state == CellState.QUEUED,
                CellRow.desired_state == DesiredState.RUN,
                is_due(now),
                or_(
                    CellRow.dispatched_at.is_(None),
                    CellRow.dispatched_at < dispatched_before,
                    told_before_clock_was_set,
                ),
            )
            .order_by(CellRow.predicted_seconds.desc())
            .limit(most)
        )
    )


def next_due(session: Session, *, now: datetime) -> datetime | None:
    """Return when the delay of the next queued cell ends; None where none waits for that."""
    waiting = (CellRow.state == CellState.QUEUED, CellRow.desired_state == DesiredState.RUN)
    return session.scalar(select(func.min(CellRow.not_before)).where(*waiting, CellRow.not_before > now))


def mark_dispatched(session: Session, cell_ids: Sequence[UUID], *, now: datetime) -> None:
    """Record when the workers were last told of these cells."""
    session.execute(update(CellRow).where(CellRow.id.in_(cell_ids)).values(dispatched_at=now))


def cancel(session: Session, experiment_id: UUID, *, now: datetime) -> None:
    """Want every open cell stopped: queued ones end at once, running ones at their next write."""
    of_it = CellRow.experiment_id == experiment_id
    session.execute(
        update(CellRow)
        .where(of_it, CellRow.state.in_(OPEN_CELL_STATES))
        .values(desired_state=DesiredState.CANCELLED, version=CellRow.version + 1)
    )
    session.execute(
        update(CellRow)
        .where(of_it, CellRow.state == CellState.QUEUED)
        .values(state=CellState.CANCELLED, finished_at=now)
    )


_came_back = and_(CellRow.state == CellState.QUEUED, CellRow.desired_state == DesiredState.CANCELLED)


def has_requeued(session: Session) -> bool:
    """Tell whether a cell came back to the queue although its owner wants it stopped."""
    return session.scalar(select(CellRow.id).where(_came_back).limit(1)) is not None


def cancel_requeued(session: Session, *, now: datetime) -> None:
    """End cells that came back to the queue although their owner wants them stopped."""
    values = {"state": CellState.CANCELLED, "finished_at": now, "version": CellRow.version + 1}
    session.execute(update(CellRow).where(_came_back).values(values))


def record_tensors(session: Session, cell_id: UUID, tensors: list[dict[str, Any]]) -> None:
    """Store the effective init std, LR and forward multiplier of every tensor."""
    insert_new(session, CellTensorRow, [{"cell_id": cell_id, **tensor} for tensor in tensors])


def tensors_of(session: Session, cell_id: UUID) -> Sequence[CellTensorRow]:
    """List the effective constants of a cell's tensors."""
    return session.scalars(
        select(CellTensorRow).where(CellTensorRow.cell_id == cell_id).order_by(CellTensorRow.name)
    ).all()


def record_environment(session: Session, cell_id: UUID, environment: dict[str, Any]) -> None:
    """Note where a cell runs; a second environment leaves the first and marks the cell as mixed."""
    row = session.get_one(CellRow, cell_id)
    if row.environment is None:
        row.environment = environment
    elif row.environment != environment:
        row.is_mixed_environment = True
