"""Lookup of an owner's objects; raises NotFound where they do not exist."""

from __future__ import annotations

from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import CellRow, DatasetRow, ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Schedule
from muscope.backend.errors import NotFound


def find_dataset(session: Session, owner_id: str, dataset_id: UUID) -> DatasetRow:
    """Return one of the owner's datasets; raises NotFound."""
    dataset = dataset_rows.get(session, owner_id, dataset_id)
    if dataset is None:
        raise NotFound("dataset.not_found", id=str(dataset_id))
    return dataset


def lock_dataset(session: Session, owner_id: str, dataset_id: UUID) -> DatasetRow:
    """Return one of the owner's datasets, locked against other writers; raises NotFound."""
    dataset = dataset_rows.lock(session, owner_id, dataset_id)
    if dataset is None:
        raise NotFound("dataset.not_found", id=str(dataset_id))
    return dataset


def hold_dataset(session: Session, owner_id: str, dataset_id: UUID) -> None:
    """Keep one of the owner's datasets from deletion until the transaction ends; raises NotFound."""
    if not dataset_rows.hold(session, owner_id, dataset_id):
        raise NotFound("dataset.not_found", id=str(dataset_id))


def find_experiment(session: Session, owner_id: str, experiment_id: UUID) -> ExperimentRow:
    """Return one of the owner's experiments; raises NotFound."""
    experiment = experiment_rows.get(session, owner_id, experiment_id)
    if experiment is None:
        raise NotFound("experiment.not_found", id=str(experiment_id))
    return experiment


def lock_experiment(session: Session, owner_id: str, experiment_id: UUID) -> ExperimentRow:
    """Return one of the owner's experiments, locked against other writers; raises NotFound."""
    experiment = experiment_rows.lock(session, owner_id, experiment_id)
    if experiment is None:
        raise NotFound("experiment.not_found", id=str(experiment_id))
    return experiment


def is_open(session: Session, experiment: ExperimentRow) -> bool:
    """Return whether an experiment has not ended, or cells of it still stop."""
    return experiment.state in OPEN_EXPERIMENT_STATES or cell_rows.num_open(session, experiment.id) > 0


def find_cell(session: Session, owner_id: str, cell_id: UUID) -> tuple[CellRow, ExperimentRow]:
    """Return a cell and the owner's experiment it belongs to; raises NotFound."""
    cell = cell_rows.get(session, cell_id)
    experiment = None if cell is None else experiment_rows.get(session, owner_id, cell.experiment_id)
    if cell is None or experiment is None:
        raise NotFound("cell.not_found", id=str(cell_id))
    return cell, experiment


def schedule_of(experiment: ExperimentRow, cell: CellRow) -> Schedule:
    """Return the measurement steps of a cell and the ends of its chunks."""
    return spec_of(experiment, cell).schedule(cell.chunk_steps)


def spec_of(experiment: ExperimentRow, cell: CellRow) -> ExperimentSpec:
    """Return the spec a cell trains with: the experiment's, under the cell's scenario."""
    return experiment.spec.under(cell.scenario)
