"""The main job as a script does it: upload → preview → experiment → curves, through every real process."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import psutil
import pytest

from tests.system.instance import Instance, running

pytestmark = pytest.mark.system

UPLOAD_LIMIT = 100_000_000

# A minute of nothing is worse than a coarse grid: this one takes seconds on one core.
SMALL_GRID = {
    "recipe": "paper",
    "widths": [16, 32],
    "seeds": [0, 1],
    "arms": [{"parametrization": "mup"}, {"parametrization": "ntp", "lrs": [0.25, 0.5, 1.0, 64.0]}],
    "num_steps": 60,
    "measure_every": 20,
}


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    data = tmp_path_factory.mktemp("spine") / "data"
    with running(data, MUSCOPE_UPLOAD_LIMIT_BYTES=str(UPLOAD_LIMIT)) as started:
        yield started


def a_table() -> bytes:
    """Three shops whose weekly sales class depends on two numbers and a category."""
    random.seed(7)
    lines = ["temperature,visitors,weekday,sales"]
    for _ in range(400):
        temperature, visitors = random.gauss(15, 8), random.randrange(50, 500)
        weekday = random.choice(["mon", "tue", "sat", "sun"])
        score = visitors / 100 + temperature / 10 + (weekday in ("sat", "sun"))
        lines.append(f"{temperature:.1f},{visitors},{weekday},{'high' if score > 4.5 else 'low'}")
    return "\n".join(lines).encode()


def test_an_uploaded_table_becomes_measured_curves(instance: Instance):
    dataset = instance.post(
        "/datasets",
        params={"name": "sales.csv"},
        content=a_table(),
        headers={"Content-Type": "application/octet-stream"},
    )
    request = {"dataset_id": dataset["id"], **SMALL_GRID}
    plan = instance.post("/experiments/preview", json=request)
    experiment = instance.post("/experiments", json=request, headers={"Idempotency-Key": "once"})
    again = instance.post("/experiments", json=request, headers={"Idempotency-Key": "once"})
    finished = instance.finished(experiment["id"], seconds=120)
    cells = instance.get(f"/experiments/{experiment['id']}/cells")
    runs = instance.get(f"/experiments/{experiment['id']}/runs", params={"limit": 1000})["items"]

    assert dataset["profile"]["label"] == "sales"
    assert dataset["shape"]["num_features"] == 2 + 4
    assert again["id"] == experiment["id"]
    assert plan["num_runs"] == len(runs) == 2 * 2 * (9 + 4)
    assert finished["state"] == "completed"
    assert [cell["state"] for cell in cells] == ["completed"] * 4
    assert all(cell["committed_step"] == 60 for cell in cells)


def test_curves_are_complete_and_divergence_is_null(instance: Instance):
    dataset = instance.post("/examples/digits/dataset")
    request = {"dataset_id": dataset["id"], **SMALL_GRID}
    experiment = instance.post("/experiments", json=request)
    instance.finished(experiment["id"], seconds=120)
    cells = instance.get(f"/experiments/{experiment['id']}/cells")
    cell = next(cell for cell in cells if cell["parametrization"] == "ntp" and cell["width"] == 32)
    loss = instance.get(f"/cells/{cell['id']}/curves", params={"metric": "train_loss"})
    late = instance.get(f"/cells/{cell['id']}/curves", params={"metric": "train_loss", "after": 57})
    sharpness = instance.get(f"/cells/{cell['id']}/curves", params={"metric": "sharpness"})
    hottest = loss["lrs"].index(64.0)
    coolest = loss["lrs"].index(0.25)

    assert loss["steps"] == list(range(61))
    assert late["steps"] == [58, 59, 60]
    assert sharpness["steps"] == [0, 20, 40, 60]
    assert all(value > 0 for value in (row[coolest] for row in sharpness["values"]))
    assert loss["values"][-1][coolest] < loss["values"][0][coolest] / 2
    assert math.isclose(loss["values"][0][coolest], math.log(10), rel_tol=0.5)
    assert loss["values"][-1][hottest] is None


def test_the_arms_share_their_curves_at_the_base_width(instance: Instance):
    dataset = instance.post("/examples/digits/dataset")
    arms = [{"parametrization": name, "lrs": [0.25, 0.5]} for name in ("mup", "ntp", "sp")]
    request = {"dataset_id": dataset["id"], **SMALL_GRID, "arms": arms}
    experiment = instance.post("/experiments", json=request)
    instance.finished(experiment["id"], seconds=120)
    at_base = [cell for cell in instance.get(f"/experiments/{experiment['id']}/cells") if cell["width"] == 16]
    curves = [
        instance.get(f"/cells/{cell['id']}/curves", params={"metric": metric})["values"]
        for metric in ("train_loss", "sharpness")
        for cell in at_base
    ]

    assert len(at_base) == 3
    assert curves[0] == curves[1] == curves[2]
    assert curves[3] == curves[4] == curves[5]


def test_a_staged_experiment_reaches_its_verdict_with_a_part_of_the_grid(instance: Instance):
    dataset = instance.post("/examples/digits/dataset")
    request = {"dataset_id": dataset["id"], **SMALL_GRID, "seeds": [0, 1, 2], "protocol": "staged"}
    plan = instance.post("/experiments/preview", json=request)
    experiment = instance.post("/experiments", json=request)
    finished = instance.finished(experiment["id"], seconds=120)
    cells = instance.get(f"/experiments/{experiment['id']}/cells")
    runs = instance.get(f"/experiments/{experiment['id']}/runs", params={"limit": 1000})["items"]
    verdict = instance.get(f"/experiments/{experiment['id']}/verdict")
    larger = [cell for cell in cells if cell["parametrization"] == "mup" and cell["width"] == 32]
    indices = {tuple(run[name] for name in ("parametrization", "width", "lr", "seed")) for run in runs}

    assert plan["num_runs"] < 2 * 3 * (9 + 4)
    assert finished["state"] == "completed"
    assert {cell["state"] for cell in cells} <= {"completed", "skipped"}
    assert len(indices) == len(runs) < 2 * 3 * (9 + 4)
    assert {cell["width"] for cell in cells if cell["stage"] == 0} == {16}
    assert all(cell["stage"] == 1 for cell in larger)
    assert verdict["is_interim"] is False
    assert [size["width"] for size in verdict["arm"]["sizes"]] == ([32] if larger else [])


def test_a_cancelled_experiment_stops_and_can_be_deleted(instance: Instance):
    dataset = instance.post("/examples/digits/dataset")
    request = {"dataset_id": dataset["id"], "widths": [128, 256], "num_steps": 3000}
    experiment = instance.post("/experiments", json=request)
    refused = instance.client.delete(f"/experiments/{experiment['id']}")
    instance.post(f"/experiments/{experiment['id']}/cancellation")
    ended = instance.finished(experiment["id"], seconds=30)
    deleted = instance.client.delete(f"/experiments/{experiment['id']}")
    gone = instance.client.get(f"/experiments/{experiment['id']}")

    assert refused.status_code == 409
    assert ended["state"] == "cancelled"
    assert deleted.status_code == 204
    assert gone.status_code == 404


def test_a_file_over_the_limit_is_refused_while_it_streams(instance: Instance):
    web = psutil.Process(instance.children()["web"])
    before = web.memory_info().rss

    def too_much() -> Iterator[bytes]:
        yield b"a,b\n"
        for _ in range(UPLOAD_LIMIT // 1_000_000 + 10):
            yield b"1.5,2.5\n" * 125_000

    answer = instance.client.post(
        "/datasets",
        params={"name": "big.csv"},
        content=too_much(),
        headers={"Content-Type": "application/octet-stream"},
    )

    assert answer.status_code == 413
    assert answer.json()["error"]["params"]["limit_bytes"] == UPLOAD_LIMIT
    assert web.memory_info().rss - before < 50_000_000
    assert list((instance.data / "scratch").iterdir()) == []
