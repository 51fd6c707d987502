"""SIGKILL of every process in mid-experiment: the canonical export equals that of an undisturbed one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import psutil
import pytest

from tests.system.instance import Instance, running
from tests.system.viewer import Viewer, watching
from tests.waiting import wait_until

pytestmark = pytest.mark.system

# Long enough to be hit in the middle, short enough to be computed several times.
LRS = [0.125, 0.25, 0.5, 1.0]
GRID = {
    "recipe": "paper",
    "widths": [32, 64],
    "seeds": [0, 1],
    "arms": [{"parametrization": "mup", "lrs": LRS}, {"parametrization": "ntp", "lrs": LRS}],
    "num_steps": 240,
    "measure_every": 20,
}


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with running(tmp_path_factory.mktemp("kills") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def dataset_id(instance: Instance) -> str:
    return str(instance.post("/examples/digits/dataset")["id"])


@pytest.fixture(scope="module")
def undisturbed(instance: Instance, dataset_id: str) -> str:
    """The sha256 of the export of a run that nobody touched."""
    return export_after(instance, dataset_id, lambda: None)


def export_after(
    instance: Instance, dataset_id: str, disturb: Callable[[], None], viewers: list[Viewer] | None = None
) -> str:
    """Start the grid, disturb it in the middle, and return the sha256 of what came out.

    Args:
        viewers: where one is put who watches from the start to the end.
    """
    experiment = instance.post("/experiments", json={"dataset_id": dataset_id, **GRID})
    with ExitStack() as beside:
        if viewers is not None:
            viewers.append(beside.enter_context(watching(instance.url, experiment["id"])))
        wait_until(lambda: instance.steps(experiment["id"]) > 60, seconds=60)
        disturb()
        ended = instance.finished(experiment["id"], seconds=180)
    cells = instance.get(f"/experiments/{experiment['id']}/cells")
    assert ended["state"] == "completed"
    assert not any(cell["has_nondeterminism"] or cell["is_mixed_environment"] for cell in cells)
    digest: str = instance.get(f"/experiments/{experiment['id']}/export/sha256")["sha256"]
    return digest


def kill(processes: list[psutil.Process]) -> None:
    assert processes, "there was nothing to kill"
    for process in processes:
        process.kill()


def test_killing_the_training_children_changes_nothing(instance, dataset_id, undisturbed):
    def disturb():
        kill(instance.training_children())

    assert export_after(instance, dataset_id, disturb) == undisturbed


def test_killing_the_supervisors_changes_nothing(instance, dataset_id, undisturbed):
    def disturb():
        kill(instance.pool_processes())

    assert export_after(instance, dataset_id, disturb) == undisturbed


def test_killing_the_whole_worker_node_changes_nothing(instance, dataset_id, undisturbed):
    def disturb():
        instance.kill("worker")

    assert export_after(instance, dataset_id, disturb) == undisturbed


def test_killing_the_conductor_changes_nothing(instance, dataset_id, undisturbed):
    def disturb():
        instance.kill("conductor")

    assert export_after(instance, dataset_id, disturb) == undisturbed


def test_killing_the_broker_with_all_it_holds_changes_nothing(instance, dataset_id, undisturbed):
    def disturb():
        instance.kill("broker")

    assert export_after(instance, dataset_id, disturb) == undisturbed


def test_killing_everything_but_the_parent_changes_nothing_and_viewers_are_told_all(
    instance, dataset_id, undisturbed
):
    viewers: list[Viewer] = []

    def disturb():
        for service in ("broker", "conductor", "worker", "web"):
            instance.kill(service)

    assert export_after(instance, dataset_id, disturb, viewers) == undisturbed
    (viewer,) = viewers
    assert viewer.num_connections > 1
    assert (viewer.state, set(viewer.steps.values())) == ("completed", {GRID["num_steps"]})
