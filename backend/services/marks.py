"""Marks of an experiment: states and committed steps, which change with every stored window."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.views.views import CellMark, Marks


def read_marks(context: Context, owner_id: str, experiment_id: UUID) -> Marks:
    """Return the marks of an experiment and its cells, which a viewer's stream sends on every connect."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        return marks_of(experiment, cell_rows.of_experiment(session, experiment_id))


def marks_of(experiment: ExperimentRow, cells: Sequence[CellRow]) -> Marks:
    """Return the marks of rows; every stored window and every change of a state changes them."""
    return Marks(
        experiment_id=experiment.id,
        state=experiment.state,
        version=experiment.version,
        cells=tuple(
            CellMark(cell_id=cell.id, state=cell.state, version=cell.version, step=cell.committed_step)
            for cell in cells
        ),
    )
