"""A real training process and a model whose file ends it at one width: the other cells are trained."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from muscope.backend.arrays import write_arrays
from muscope.backend.db import experiments
from muscope.backend.db.connection.session import Database
from muscope.backend.domain.spec.experiment import Arm
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import from_stored
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.worker.held_models import held_models
from muscope.worker.node.supervisor import Ending, SupervisorContext, supervise
from muscope.worker.node.training_process import TrainingProcess
from tests.backend.db.stores import NOW, add_experiment, cell_row
from tests.backend.domain.specs import SHAPE, spec
from tests.backend.services.fakes import FakeNotices
from tests.worker.brought.test_training import PERCEPTRON
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described

pytestmark = pytest.mark.system

# Takes the data of `SHAPE`; its process ends in the forward pass of the larger width.
ENDING = (
    PERCEPTRON.replace("nn.Linear(6, width)", f"nn.Linear({SHAPE.num_features}, width)").replace(
        "torch.randn(16, 6", f"torch.randn(16, {SHAPE.num_features}"
    )
    + """

class Ending(nn.Module):
    def forward(self, x):
        import os
        os._exit(3)


plain = build


def build(width):
    import os
    net = plain(width)
    return nn.Sequential(*net, Ending()) if width == 16 and os.environ.get("MUSCOPE_MODELS") else net
"""
)


@pytest.fixture
def data_sha256(tmp_path: Path) -> str:
    drawn = np.random.default_rng(3)
    arrays: dict[str, np.ndarray] = {}
    for part, rows in (("train", SHAPE.num_train), ("val", SHAPE.num_val)):
        arrays[f"x_{part}"] = drawn.standard_normal((rows, SHAPE.num_features)).astype(np.float32)
        arrays[f"y_{part}"] = drawn.integers(SHAPE.num_outputs, size=rows)
    write_arrays(tmp_path / "arrays", arrays, {})
    return BlobStore(tmp_path / "blobs").put(tmp_path / "arrays").sha256


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The operator's folder of models."""
    made = tmp_path / "models"
    made.mkdir()
    return made


def planned_cells(database: Database, folder: Path, data_sha256: str) -> tuple[str, UUID, UUID]:
    """Plan a cell of each width; returns the version of the model, and the cells."""
    found, _ = described(write(folder, ENDING, "own.py"))
    (held,) = held_models(folder)
    planned = spec(
        dataset_sha256=data_sha256,
        arms=(Arm(parametrization=Parametrization.MUP, lrs=(0.1,)),),
        depths=(1,),
        model=found.family.model_copy(update={"sha256": held.sha256}),
    )
    experiment_id, (narrow, wide) = add_experiment(database, planned)
    with database.write() as session:
        row = experiments.find(session, experiment_id)
        assert row is not None
        row.model_sha256 = held.sha256
    return held.sha256, narrow, wide


def context_of(database: Database, version: str) -> SupervisorContext:
    return SupervisorContext(
        settings=Settings(),
        database=database,
        notices=FakeNotices(),
        owner="host:1",
        now=lambda: NOW + timedelta(seconds=1),
        monotonic=time.monotonic,
        is_stopping=lambda: False,
        held=lambda: frozenset({version}),
    )


def test_a_file_that_ends_the_process_fails_its_cell_once_and_no_other(
    database: Database, tmp_path: Path, folder: Path, data_sha256: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, narrow, wide = planned_cells(database, folder, data_sha256)
    address = database.url.render_as_string(hide_password=False)
    for name, value in (("DATABASE_URL", address), ("DATA", str(tmp_path)), ("MODELS", str(folder))):
        monkeypatch.setenv(f"MUSCOPE_{name}", value)
    context, child = context_of(database, version), TrainingProcess()

    try:
        endings = [supervise(cell_id, child, context) for cell_id in (wide, narrow)]
    finally:
        child.kill()

    failed = cell_row(database, wide)
    error = from_stored(failed.error_detail or "")
    assert endings == [Ending.FAILED, Ending.COMPLETED]
    assert (failed.state, failed.error_class, failed.failures) == ("failed", "model", 1)
    assert error is not None
    assert (error.code, error.params) == (
        "brought.cell_ended",
        {"model": "own", "width": 16, "depth": 1, "how": "exit 3"},
    )
