"""A machine whose one node is a GPU's: every real process, the queue `gpu`, the CPU in the GPU's place."""

from __future__ import annotations

import sys

import pytest

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines import workers
from muscope.backend.settings import Settings
from tests.system.instance import Instance, running
from tests.waiting import wait_until

FAKE_GPU = (sys.executable, "-m", "tests.system.fake_gpu_stack")
pytestmark = pytest.mark.system

GRID = {"recipe": "paper", "widths": [16], "seeds": [0], "num_steps": 20, "measure_every": 10}


@pytest.fixture
def instance(tmp_path):
    with running(tmp_path / "data", program=FAKE_GPU) as started:
        yield started


def _pretend(instance: Instance, name: str) -> None:
    """Let the node's row say what a GPU's would."""
    database = Database(database_address(Settings(data=instance.data)))
    with database.write() as session:
        row = workers.get(session, name)
        assert row is not None
        row.device, row.memory_bytes = "cuda", 1 << 33
    database.close()


def test_cells_are_rung_for_on_its_queue_and_trained(instance: Instance):
    (node,) = wait_until(lambda: instance.get("/workers"), 120)
    _pretend(instance, node["name"])
    dataset = instance.post("/examples/digits/dataset")
    plan = instance.post("/experiments/preview", json={"dataset_id": dataset["id"], **GRID})

    experiment = instance.post("/experiments", json={"dataset_id": dataset["id"], **GRID})
    finished = instance.finished(experiment["id"], seconds=120)

    assert (node["name"].split("@")[0], node["slots"]) == ("cuda-0", 1)
    assert (plan["device"], plan["slots"]) == ("gpu", 1)
    assert "worker-cuda-0" in instance.children()
    assert finished["state"] == "completed"
