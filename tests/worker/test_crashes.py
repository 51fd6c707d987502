"""An experiment whose every process dies before and after all that it stores: its export stays the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from muscope.backend.arrays import write_arrays
from muscope.backend.db import cells as cell_rows
from muscope.backend.db.claims import Claim
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.lifecycle import FAILURE_BUDGET, CellState, ExperimentState
from muscope.backend.ingest.manifest import Manifest
from muscope.backend.services.conduct.rounds import PulseWatch, conduct_round, expire_lost_cells
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.store import store_read
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.services.experiments.store import create_experiment, get_experiment
from muscope.backend.services.plans.draft import ExperimentRequest
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.worker.messages import Event, Reply, Request
from muscope.worker.node.supervisor import SupervisorContext, supervise
from muscope.worker.training import train_cell
from muscope.worker.training.train_cell import Stores, train_cell_now
from tests.backend.db.stores import NOW, PROFILE
from tests.backend.domain.specs import SHAPE
from tests.backend.services.fakes import FakeBell, FakeClock, FakeNotices
from tests.crashes import (
    CrashingBell,
    CrashingBlobs,
    CrashingDatabase,
    Failpoints,
    Killed,
    crashing_at_every_point,
)
from tests.worker.node.scripted import FakeChild, Seconds

MANIFEST = Manifest(shape=SHAPE, profile=PROFILE)
PLAN: dict[str, Any] = {
    "protocol": "staged",
    "arms": [{"parametrization": "mup"}, {"parametrization": "ntp"}],
    "lrs": [0.01, 0.1, 1.0, 10.0],
    "widths": [8, 12, 16],
    "base_width": 8,
    "seeds": [0, 1],
    "batch_size": 8,
    "num_steps": 12,
    "measure_every": 5,
    "sharpness_batch_size": 16,
}
MOST_ROUNDS = 60

Train = Callable[[UUID], None]
Conduct = Callable[[], None]


class Installation:
    """One experiment from its data to its export, by processes that are told when to die."""

    def __init__(self, database: Database, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._clock, self._seconds = FakeClock(NOW), Seconds()
        settings = Settings(data=folder, worker_slots=2)
        self._context = Context(
            settings, database, BlobStore(settings.blob_folder), FakeBell(), FakeNotices(), self._clock
        )
        self._watch = PulseWatch(lease_seconds=settings.lease_seconds, monotonic=self._seconds)
        self._experiment_id: UUID | None = None

    def upload(self, points: Failpoints) -> UUID:
        write_arrays(self._folder / "arrays", _arrays(), {})
        stored = store_read(self._until(points), LOCAL_OWNER, "toys", MANIFEST, self._folder / "arrays", None)
        return stored.dataset.id

    def create(self, dataset_id: UUID, points: Failpoints) -> UUID:
        request = ExperimentRequest.model_validate({"dataset_id": dataset_id, **PLAN})
        return create_experiment(
            self._until(points), LOCAL_OWNER, request, key=self._folder.name
        ).experiment.id

    def conduct(self, points: Failpoints) -> None:
        conduct_round(self._until(points), self._watch)

    def train(self, cell_id: UUID, points: Failpoints) -> None:
        context = self._until(points)
        stores = Stores(context.database, context.blobs, context.notices)
        supervisor = SupervisorContext(
            settings=context.settings,
            database=context.database,
            notices=context.notices,
            owner="host:1",
            now=self._clock,
            monotonic=self._seconds,
            is_stopping=lambda: False,
        )
        supervise(cell_id, _Trainer(self._seconds, stores), supervisor)

    def expire(self) -> None:
        """Let a lease and the delay before the next try pass.

        No experiment advances: a protocol may leave out what still waits, which would be another export.
        """
        expire_lost_cells(self._context, self._watch)
        self._seconds.now += self._context.settings.lease_seconds
        expire_lost_cells(self._context, self._watch)
        self._clock.now += timedelta(minutes=1)

    def queued(self, experiment_id: UUID) -> list[UUID]:
        with self._context.database.read() as session:
            rows = cell_rows.of_experiment(session, experiment_id)
        return [row.id for row in rows if row.state == CellState.QUEUED]

    def num_cells(self, experiment_id: UUID) -> int:
        with self._context.database.read() as session:
            return len(cell_rows.of_experiment(session, experiment_id))

    def is_open(self, experiment_id: UUID) -> bool:
        state = get_experiment(self._context, LOCAL_OWNER, experiment_id).state
        return state in {ExperimentState.QUEUED, ExperimentState.RUNNING}

    def result(self, experiment_id: UUID) -> tuple[str, str]:
        state = get_experiment(self._context, LOCAL_OWNER, experiment_id).state
        return state, export_sha256(self._context, LOCAL_OWNER, experiment_id)

    def _until(self, points: Failpoints) -> Context:
        return replace(
            self._context,
            database=CrashingDatabase(self._context.database, points),  # type: ignore[arg-type]
            blobs=CrashingBlobs(self._context.blobs, points),
            bell=CrashingBell(points),
        )


class _Trainer(FakeChild):
    """Training child in the process of its supervisor, with which it dies."""

    def __init__(self, clock: Seconds, stores: Stores) -> None:
        super().__init__(clock, [])
        self._stores = stores

    def send(self, request: Request, *, own_code: str | None = None) -> None:
        assert own_code is None
        train_cell_now(Claim(request.cell_id, request.fence), self._stores, on_step=lambda _: None)
        self._script.append(Reply(event=Event.COMPLETED, cell_id=request.cell_id))


def _arrays() -> dict[str, Any]:
    generator = np.random.default_rng(3)
    arrays: dict[str, Any] = {}
    for part, rows in (("train", SHAPE.num_train), ("val", SHAPE.num_val)):
        arrays[f"x_{part}"] = generator.standard_normal((rows, SHAPE.num_features)).astype(np.float32)
        arrays[f"y_{part}"] = generator.integers(SHAPE.num_outputs, size=rows)
    return arrays


def _run(installation: Installation, experiment_id: UUID, train: Train, conduct: Conduct) -> tuple[str, str]:
    """Train what is queued and conduct, in turn, until the experiment ends; return how, and its export."""
    for _ in range(MOST_ROUNDS):
        for cell_id in installation.queued(experiment_id):
            train(cell_id)
        conduct()
        if not installation.is_open(experiment_id):
            return installation.result(experiment_id)
    raise AssertionError("it does not end")


class _CrashesOfTraining:
    """Crashes of the processes that train, each at the point after that of the one before.

    A cell that makes no progress three times in a row fails, as it should: each bears two crashes.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.count = 0

    def train(self, cell_id: UUID) -> None:
        for _ in range(FAILURE_BUDGET - 1):
            try:
                self._installation.train(cell_id, Failpoints(self.count))
            except Killed:
                self.count += 1
                self._installation.expire()
            else:
                return
        self._installation.train(cell_id, Failpoints())


def test_an_experiment_that_crashes_at_every_point_has_the_export_of_one_that_never_did(
    database: Database, tmp_path: Path
):
    train_cell._cached_data.cache_clear()
    whole, crashed = Installation(database, tmp_path / "whole"), Installation(database, tmp_path / "crashed")
    points, conducting = Failpoints(), 0

    def conduct() -> None:
        nonlocal conducting
        conducting += crashing_at_every_point(crashed.conduct)[1]

    first = whole.create(whole.upload(Failpoints()), Failpoints())
    expected = _run(
        whole, first, lambda cell_id: whole.train(cell_id, points), lambda: whole.conduct(Failpoints())
    )
    dataset_id, uploading = crashing_at_every_point(crashed.upload)
    second, creating = crashing_at_every_point(lambda points: crashed.create(dataset_id, points))
    training = _CrashesOfTraining(crashed)

    assert _run(crashed, second, training.train, conduct) == expected
    assert expected[0] == ExperimentState.COMPLETED
    points_of_a_cell = points.count // whole.num_cells(first)
    # One that is stored is not rung for again by its creation: ringing is the conductor's then.
    assert (uploading, creating) == (4, 2)
    assert conducting >= 6
    assert training.count >= points_of_a_cell
