"""Rows to put into a test's database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from muscope.backend.db import claims, datasets, experiments, planned_cells
from muscope.backend.db.claims import Claim
from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines import workers
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow, DatasetRow, ExperimentRow
from muscope.backend.domain.cost.prediction import CellCost
from muscope.backend.domain.lifecycle import DesiredState, ExperimentState
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Profile
from muscope.backend.domain.spec.experiment import ExperimentSpec
from tests.backend.domain.specs import SHAPE, SPEC

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
CHUNK_STEPS = 4
PROFILE = Profile(num_rows=60, columns=(), label="y", is_label_guessed=False, is_task_guessed=False)


def add_dataset(database: Database, shape: DatasetShape = SHAPE, **fields: Any) -> UUID:
    """Store a dataset row; its files need not exist."""
    row = DatasetRow(
        **{
            "id": uuid4(),
            "owner_id": LOCAL_OWNER,
            "name": "toys",
            "created_at": NOW,
            "source_sha256": None,
            "source_bytes": 0,
            "arrays_sha256": uuid4().hex * 2,
            "arrays_bytes": 10,
            "shape": shape,
            "profile": PROFILE,
        }
        | fields
    )
    with database.write() as session:
        datasets.add(session, row)
    return row.id


def experiment_row(dataset_id: UUID, spec: ExperimentSpec = SPEC) -> ExperimentRow:
    """Return a queued experiment that is not stored yet."""
    return ExperimentRow(
        id=uuid4(),
        owner_id=LOCAL_OWNER,
        dataset_id=dataset_id,
        name="toys",
        spec=spec,
        spec_sha256=spec.sha256(),
        state=ExperimentState.QUEUED,
        desired_state=DesiredState.RUN,
        num_runs=spec.num_runs(),
        predicted_seconds=1.0,
        created_at=NOW,
    )


def add_experiment(
    database: Database,
    spec: ExperimentSpec = SPEC,
    *,
    shape: DatasetShape = SHAPE,
    chunk_steps: int = CHUNK_STEPS,
    max_runs_per_cell: dict[int, int] | None = None,
) -> tuple[UUID, list[UUID]]:
    """Store an experiment with its whole grid queued; return its id and its cells', in grid order."""
    dataset_id = add_dataset(database, shape)
    row = experiment_row(dataset_id, spec)
    grid = full_grid(spec, max_runs_per_cell=max_runs_per_cell)
    with database.write() as session:
        experiments.add(session, row)
        costed = [(cell, CellCost(1.0, 1000, chunk_steps)) for cell in grid]
        planned_cells.add(session, planned_cells.rows_of(row.id, costed))
    return row.id, [cell.id_in(row.id) for cell in grid]


def add_worker(database: Database, name: str = "node", *, now: datetime = NOW, **capabilities: Any) -> None:
    """Register a worker, of one slot of an ordinary core where nothing else is said."""
    ordinary: dict[str, Any] = {
        "slots": 1,
        "device": "cpu",
        "memory_bytes": 1 << 33,
        "environment": {},
        "flops_per_second": 4e10,
        "seconds_per_run_step": 25e-6,
    }
    with database.write() as session:
        workers.register(session, name, now=now, **ordinary | capabilities)


def one_cell(database: Database, spec: ExperimentSpec = SPEC) -> UUID:
    """Store an experiment and return the id of its first cell."""
    return add_experiment(database, spec)[1][0]


def take(database: Database, cell_id: UUID, *, owner: str = "tester", now: datetime = NOW) -> Claim:
    """Claim a cell that must be free."""
    with database.write() as session:
        claim = claims.claim(session, cell_id, owner=owner, now=now)
    assert claim is not None
    return claim


def cell_row(database: Database, cell_id: UUID) -> CellRow:
    """Return the current row of a cell."""
    with database.read() as session:
        return session.get_one(CellRow, cell_id)


def change_cell(database: Database, cell_id: UUID, **fields: Any) -> None:
    """Set columns of a cell directly."""
    with database.write() as session:
        row = session.get_one(CellRow, cell_id)
        for name, value in fields.items():
            setattr(row, name, value)
