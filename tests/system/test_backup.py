"""A backup of a stack that trains: what is restored elsewhere goes on, and ends with the same export."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.system.instance import PROGRAM, running
from tests.waiting import wait_until

pytestmark = pytest.mark.system

GRID = {
    "recipe": "paper",
    "widths": [32, 64],
    "seeds": [0, 1],
    "arms": [{"parametrization": "mup"}],
    "num_steps": 2000,
    "measure_every": 200,
}


def _muscope(*arguments, data):
    """Run one command of the product and return what it says."""
    environment = os.environ | {"MUSCOPE_DATA": str(data), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        (*PROGRAM, *arguments), env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_backup_while_it_trains_is_restored_elsewhere_with_an_identical_export(tmp_path):
    backup, elsewhere = tmp_path / "muscope.backup", tmp_path / "elsewhere"
    with running(tmp_path / "data") as instance:
        dataset_id = instance.post("/examples/digits/dataset")["id"]
        experiment_id = instance.post("/experiments", json={"dataset_id": dataset_id, **GRID})["id"]
        wait_until(lambda: instance.steps(experiment_id) > 100, seconds=120)
        said = _muscope("backup", str(backup), data=instance.data)
        state = instance.get(f"/experiments/{experiment_id}")["state"]
        assert instance.finished(experiment_id, seconds=240)["state"] == "completed"
        export = instance.get(f"/experiments/{experiment_id}/export/sha256")

    assert state == "running"
    assert said.startswith("Backup written and verified")
    _muscope("restore", str(backup), "--into", str(elsewhere), data=tmp_path / "unused")
    with running(elsewhere) as restored:
        assert restored.finished(experiment_id, seconds=240)["state"] == "completed"
        assert restored.get(f"/experiments/{experiment_id}/export/sha256") == export
