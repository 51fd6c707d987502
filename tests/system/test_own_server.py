"""A program that names no server: one is started for it, used again, and gone when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.request import urlopen

import pytest

from tests.system.instance import Instance

pytestmark = pytest.mark.system
PROGRAM = """
import json
from muscope.backend.client import Client, local_server, run_poc

rows = [{"size": i, "sold": "yes" if i * 7919 % 13 > 5 else "no"} for i in range(60)]
plan = {"widths": [8, 16], "seeds": [0], "arms": [{"parametrization": "mup", "lrs": [0.5, 1.0]}]}
result = run_poc(rows, label="sold", num_steps=20, measure_every=10, **plan)
with Client(local_server()) as client:
    names = [each.id for each in client.list_experiments().experiments]
print(json.dumps([local_server(), result.experiment.state, names == [result.experiment.id]]))
"""


def run_program(folder) -> list[Any]:
    environment = {name: value for name, value in os.environ.items() if name != "MUSCOPE_SERVER"}
    command = (sys.executable, "-c", PROGRAM)
    done = subprocess.run(
        command, env=environment | {"MUSCOPE_DATA": str(folder)}, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout)
    return answer


def test_a_program_without_a_server_starts_one_and_leaves_none(tmp_path):
    address, state, is_alone = run_program(tmp_path / "data")

    assert (state, is_alone) == ("completed", True)
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{address}/healthz", timeout=5)
    assert not (tmp_path / "data" / "stack.json").exists()


def test_the_server_that_runs_on_the_folder_is_used_and_left_running(instance: Instance):
    address, state, _ = run_program(instance.data)

    assert (address, state) == (instance.url, "completed")
    assert urlopen(f"{address}/healthz", timeout=5).status == 200
