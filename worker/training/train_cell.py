"""Trains one claimed cell from its row to its last chunk."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.machines import calibrations
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.calibration import device_sha256, kind_of
from muscope.backend.domain.cost.divergence import PlannedWork, lived_share
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import Unavailable
from muscope.backend.events import Notices, ProgressNotice
from muscope.backend.storage.blobs.folder import Blobs
from muscope.worker.device import device, environment_fingerprint
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import Training
from muscope.worker.training.brought_family import ModelFolder
from muscope.worker.training.checkpoints import CheckpointRules, Checkpoints, made_for
from muscope.worker.training.data import load_data
from muscope.worker.training.recorder import RETRY_SECONDS, Recorder
from muscope.worker.training.tensor_rows import tensor_rows

log = logging.getLogger(__name__)
T = TypeVar("T")
# Codes of what comes back by itself; a dataset's file that is gone or damaged does not.
_OUTAGES = ("database.", "blobs.unreachable")


@dataclass(frozen=True)
class Stores:
    """Connections of the training child, and the brought models it may run; without rules, no checkpoints."""

    database: Database
    blobs: Blobs
    notices: Notices
    models: ModelFolder = field(default_factory=ModelFolder)
    checkpoint_rules: CheckpointRules | None = None


@dataclass(frozen=True)
class _Work:
    about: ProgressNotice
    planned: ExperimentSpec
    shape: DatasetShape
    cell: PlannedCell
    chunk_steps: int


def train_cell_now(
    claim: Claim,
    stores: Stores,
    *,
    on_step: Callable[[int], None],
    processor_seconds: Callable[[], float] = time.process_time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Train the cell and store every window; calls `on_step` after each commit. Raises ClaimLost."""
    began = processor_seconds()
    work = _outlasting(lambda: _load_work(claim, stores.database), sleep)
    program = CellProgram.from_spec(work.planned, work.cell, chunk_steps=work.chunk_steps)
    recorder = Recorder(
        stores.database,
        stores.notices,
        claim,
        about=work.about,
        schedule=program.schedule,
        tail_steps=work.planned.under(work.cell.scenario).tail_steps(),
        now=lambda: datetime.now(UTC),
        sleep=sleep,
    )
    environment = environment_fingerprint()
    recorder.begin(environment, tensor_rows(program, work.shape.dims))
    checkpoints = stores.checkpoint_rules and Checkpoints(
        stores.database, stores.blobs, claim, stores.checkpoint_rules, made_for(program, environment)
    )
    saved = checkpoints.load() if checkpoints else None
    data = _outlasting(lambda: _data_of(stores.blobs, work), sleep)
    with stores.models.family(program, data) as family:
        training = Training(program, data, saved, family)
        for window in training.windows():
            recorder.append(window)
            on_step(window.last_step)
            if checkpoints and window.last_step < program.num_steps:
                checkpoints.save_if_due(training)
    recorder.finish()
    _record_speed(claim, work, stores.database, took_seconds=processor_seconds() - began)


def _outlasting(read: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Repeat a read while the database or the bucket is away; a supervisor ends one that waits too long.

    An outage is no failure of the cell: three in a row would be the end of it.
    """
    while True:
        try:
            return read()
        except Unavailable as error:
            if not error.code.startswith(_OUTAGES):
                raise
            log.warning("waiting for what a cell begins with: %s", error)
            sleep(RETRY_SECONDS)


def _record_speed(claim: Claim, work: _Work, database: Database, *, took_seconds: float) -> None:
    """Let the time a finished cell took improve what is predicted; one of several attempts does not.

    Args:
        took_seconds: of the processor; neighbours, who come and go, are no property of a device. A GPU's work
            is what the attempt lasted.
    """
    kind = kind_of(work.planned.model.name, work.cell.width, has_curvature=work.cell.has_curvature)
    try:
        with database.write() as session:
            row = cell_rows.get(session, claim.cell_id)
            if row is None or row.fence != 1 or row.environment is None:
                return
            calibrations.learn(
                session,
                device_sha256(row.environment),
                kind,
                actual_seconds=took_seconds if device().type == "cpu" else row.spent_seconds,
                predicted_seconds=_predicted_for_living_runs(session, row, work) / row.correction,
                now=datetime.now(UTC),
            )
    except Unavailable as error:
        log.warning("what cell %s took is not remembered: %s", claim.cell_id, error)


def _predicted_for_living_runs(session: Session, row: CellRow, work: _Work) -> float:
    """Return what would have been predicted had one known which runs diverge; they teach nothing here."""
    num_steps = work.planned.under(work.cell.scenario).num_steps
    shares = [lived_share(num_steps, run.diverged_at) for run in cell_rows.runs_of(session, row.id)]
    planned = PlannedWork(row.predicted_seconds, row.start_share, row.stack_share, row.living)
    return planned.total(statistics.mean(shares), max(shares))


def _data_of(blobs: Blobs, work: _Work) -> TrainingData:
    """Return a cell's data; scenarios of the training share the data as given."""
    scenario = work.cell.scenario if work.cell.scenario.is_of_data else Scenario.AS_GIVEN
    return _cached_data(blobs, work.planned.dataset_sha256, work.shape, scenario, work.planned.spec_seed)


# A child trains many cells of one experiment; two datasets at most stay in memory.
@lru_cache(maxsize=2)
def _cached_data(
    blobs: Blobs, sha256: str, shape: DatasetShape, scenario: Scenario, spec_seed: int
) -> TrainingData:
    return load_data(blobs, sha256, shape, scenario, spec_seed=spec_seed)


def _load_work(claim: Claim, database: Database) -> _Work:
    with database.read() as session:
        row = cell_rows.get(session, claim.cell_id)
        experiment = None if row is None else experiment_rows.find(session, row.experiment_id)
        if row is None or experiment is None:
            raise ClaimLost
        return _Work(
            about=ProgressNotice(row.experiment_id, row.id),
            planned=experiment.spec,
            shape=dataset_rows.shape_of(session, experiment.dataset_id),
            cell=PlannedCell(
                scenario=row.scenario,
                parametrization=row.parametrization,
                width=row.width,
                depth=row.depth,
                runs=cell_rows.planned_runs(session, row.id),
                stage=row.stage,
                part=row.part,
                has_curvature=row.has_curvature,
            ),
            chunk_steps=row.chunk_steps,
        )
