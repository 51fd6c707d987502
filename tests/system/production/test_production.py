"""PostgreSQL, Valkey with a password, a bucket, conductors and workers without a disk in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.system.instance import OPEN_STATES, Instance
from tests.system.production.compose import Production, production
from tests.waiting import wait_until

pytestmark = pytest.mark.system

GRID = {
    "recipe": "paper",
    "widths": [16, 32],
    "seeds": [0, 1],
    "arms": [{"parametrization": "mup", "lrs": [0.25, 0.5]}],
    "num_steps": 60,
    "measure_every": 20,
}
CSV = {"Content-Type": "text/csv"}
# Unlike any other table of the stack that tests share, which would be found there.
TABLE = "area,shade,let\n" + "".join(
    f"{i},{i % 7},{'yes' if (i * 7907) % 13 > 5 else 'no'}\n" for i in range(200)
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    with production(tmp_path_factory.mktemp("production")) as started:
        yield started


@pytest.fixture(scope="module")
def trained(services: Production) -> dict[str, Any]:
    """An experiment on an uploaded table that has ended."""
    with httpx.Client(base_url=f"http://127.0.0.1:{services.ports['web']}/api/v1", timeout=30) as client:
        experiment_id, state = _train(client)
        export = _sha256(client, experiment_id)
        cells = client.get(f"/experiments/{experiment_id}/cells").json()
    return {"state": state, "export": export, "cells": cells}


def _train(client: httpx.Client) -> tuple[str, str]:
    """Upload the table, train the grid, and return the experiment's id and its last state."""
    upload = client.post("/datasets", params={"name": "sales.csv"}, content=TABLE, headers=CSV)
    assert upload.status_code == 201, upload.text
    reply = client.post("/experiments", json={"dataset_id": upload.json()["id"], **GRID})
    assert reply.status_code == 201, reply.text
    experiment_id = str(reply.json()["id"])

    def ended() -> str | None:
        state = str(client.get(f"/experiments/{experiment_id}").json()["state"])
        return None if state in OPEN_STATES else state

    state = wait_until(ended, seconds=180)
    assert state is not None
    return experiment_id, state


def _sha256(client: httpx.Client, experiment_id: str) -> str:
    return str(client.get(f"/experiments/{experiment_id}/export/sha256").json()["sha256"])


def test_its_results_are_those_of_one_machine_with_a_file(trained: dict[str, Any], instance: Instance):
    experiment_id, state = _train(instance.client)
    expected = _sha256(instance.client, experiment_id)

    assert trained["state"] == state == "completed"
    assert trained["export"] == expected
    assert not any(cell["has_nondeterminism"] for cell in trained["cells"])


def test_workers_have_trained_from_copies_of_their_own(services: Production, trained: dict[str, Any]):
    copies = {
        path.name: list((path / "cache/blobs").glob("??/*")) for path in services.folder.glob("worker-?")
    }

    assert trained["state"] == "completed"
    assert any(copies.values())
    assert not list(services.folder.glob("*/blobs"))


@pytest.mark.usefixtures("trained")
def test_its_parts_say_that_they_are_alive(services: Production):
    for name in ("conductor-0", "conductor-1"):
        check = services.ours_once(name, "alive", "conductor")
        assert check == 0, services.output_of(f"{name}-alive")
    assert services.ours_once("worker-0", "alive", "worker") == 0
    assert services.ours_once("nobody", "alive", "conductor") == 2


def test_nobody_gets_in_without_the_passwords(services: Production):
    import redis

    broker = redis.Redis(port=services.ports["valkey"])
    with pytest.raises(redis.AuthenticationError):
        broker.ping()
    broker.close()
    reply = httpx.get(f"http://127.0.0.1:{services.ports['storage']}/muscope?list-type=2")
    assert reply.status_code == 403


def test_no_secret_stands_in_any_output(services: Production, trained: dict[str, Any]):
    assert trained["state"] == "completed"
    told = "".join(path.read_text(errors="replace") for path in services.folder.glob("*.out"))

    assert len(services.secrets()) == 3
    assert not [secret for secret in services.secrets() if secret in told]
