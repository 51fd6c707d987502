"""The life of an experiment over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

ROUTE = "/api/v1/experiments"


def error_of(reply: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = reply.json()["error"]
    return error


def test_an_experiment_is_previewed_created_listed_cancelled_and_deleted(
    client: httpx.Client, plan: dict[str, Any]
):
    preview = client.post(f"{ROUTE}/preview", json=plan).json()
    reply = client.post(ROUTE, json={**plan, "name": "first"})

    created = reply.json()
    route = f"{ROUTE}/{created['id']}"
    assert reply.status_code == 201
    assert reply.headers["location"] == route
    assert created["state"] == "queued"
    assert created["spec"] == preview["spec"]
    assert created["num_runs"] == preview["num_runs"] == 16
    assert created["progress"] is None  # told where it is asked for, which takes longer
    assert client.get(route).json() | {"progress": None} == created
    assert created["id"] in [item["id"] for item in client.get(ROUTE).json()["items"]]
    assert client.delete(route).json()["error"]["code"] == "experiment.still_open"

    cancelled = client.post(f"{route}/cancellation")

    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert client.post(f"{route}/cancellation").status_code == 202
    resumed = client.post(f"{route}/resumption")
    assert (resumed.status_code, resumed.json()["state"]) == (202, "queued")
    assert client.post(f"{route}/resumption").status_code == 202
    assert client.post(f"{route}/cancellation").json()["state"] == "cancelled"
    assert client.delete(route).status_code == 204
    assert client.get(route).status_code == 404


def test_a_plan_without_wishes_is_the_default_plan(client: httpx.Client, dataset: dict[str, Any]):
    preview = client.post(f"{ROUTE}/preview", json={"dataset_id": dataset["id"]}).json()

    assert preview["control"] is not None
    assert preview["num_runs"] == sum(cell["num_runs"] for cell in preview["cells"])


def test_a_plan_may_ask_for_an_optimizer_and_depth_rules(client: httpx.Client, plan: dict[str, Any]):
    wishes = {
        "optimizer": {"kind": "adamw", "weight_decay": 0.1, "schedule": {"kind": "cosine"}},
        "arms": [{"parametrization": "completep"}, {"parametrization": "sp"}],
        "completep_alpha": 0.5,
    }

    preview = client.post(f"{ROUTE}/preview", json=plan | wishes).json()
    refused = client.post(f"{ROUTE}/preview", json=plan | wishes | {"optimizer": "sgd"}).json()

    assert preview["spec"]["optimizer"]["kind"] == "adamw"
    assert preview["spec"]["optimizer"]["schedule"]["kind"] == "cosine"
    assert (preview["control"], preview["spec"]["completep_alpha"]) == ("sp", 0.5)
    assert refused["error"]["code"] == "spec.parametrization_unknown_for_optimizer"


def test_cells_and_runs_follow_the_grid(client: httpx.Client, experiment: dict[str, Any]):
    route = f"{ROUTE}/{experiment['id']}"

    cells = client.get(f"{route}/cells").json()
    runs = client.get(f"{route}/runs").json()["items"]

    assert {(cell["parametrization"], cell["width"]) for cell in cells} == {
        (name, width) for name in ("mup", "sp") for width in (8, 16)
    }
    assert len(runs) == experiment["num_runs"]
    assert {run["state"] for run in runs} == {"queued"}
    assert client.get(f"/api/v1/cells/{cells[0]['id']}").json() == cells[0]


def test_a_repeated_key_returns_the_first_experiment(client: httpx.Client, plan: dict[str, Any]):
    headers = {"Idempotency-Key": uuid.uuid4().hex}

    first = client.post(ROUTE, json=plan, headers=headers)
    again = client.post(ROUTE, json=plan, headers=headers)
    other = client.post(ROUTE, json={**plan, "name": "other"}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert error_of(other)["code"] == "experiment.key_reused"


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "caf\xe9"])
def test_a_key_is_visible_ascii(client: httpx.Client, plan: dict[str, Any], key: str):
    reply = client.post(ROUTE, json=plan, headers={b"Idempotency-Key": key.encode("latin-1")})

    assert (reply.status_code, error_of(reply)["errors"][0]["field"]) == (422, "idempotency-key")


@pytest.mark.parametrize(
    ("wishes", "field", "given"),
    [
        ({"widths": [8, 0]}, "widths[1]", "0"),
        ({"widths": []}, "widths", "[]"),
        ({"seeds": []}, "seeds", "[]"),
        ({"seeds": [1, 1]}, "seeds", "[1, 1]"),
        ({"arms": [{"parametrization": "mup", "lrs": [0.1, 0]}]}, "arms[0].lrs[1]", "0"),
        ({"arms": [{"parametrization": "mup", "lrs": [-1.5]}]}, "arms[0].lrs[0]", "-1.5"),
        ({"arms": [{"parametrization": "mup"}, {"parametrization": "mup"}]}, "arms", "mup, mup"),
        ({"arms": [{"parametrization": "xyz"}]}, "arms[0].parametrization", "xyz"),
        ({"loss": 5}, "loss", "5"),
        ({"num_steps": "many"}, "num_steps", "many"),
        ({"learning_rate": 1}, "learning_rate", "1"),
        ({"dataset_id": "../../etc"}, "dataset_id", "../../etc"),
        ({"branch_exponent": "inf"}, "branch_exponent", "inf"),
        ({"name": ""}, "name", ""),
        ({"name": "a\x00b"}, "name", None),
    ],
)
def test_a_wrong_field_is_named_with_what_was_given(
    client: httpx.Client, plan: dict[str, Any], wishes: dict[str, Any], field: str, given: str | None
):
    for language in ("en", "ja"):
        reply = client.post(ROUTE, json=plan | wishes, headers={"Accept-Language": language})

        error = error_of(reply)
        assert (reply.status_code, error["code"], error["params"]["field"]) == (422, "validation", field)
        assert error["errors"][0]["message"] in error["message"]
        assert field in error["message"]
        assert len(error["errors"]) == error["params"]["count"] == 1
        assert given is None or error["errors"][0]["given"] == given


def test_a_value_that_is_not_a_number_is_refused(client: httpx.Client, plan: dict[str, Any]):
    body = httpx.Request("POST", "http://x", json=plan).content.replace(b"0.1", b"NaN")

    reply = client.post(ROUTE, content=body, headers={"Content-Type": "application/json"})

    assert (reply.status_code, error_of(reply)["params"]["field"]) == (422, "arms[0].lrs[0]")


@pytest.mark.parametrize(
    ("wishes", "code", "facts"),
    [
        (
            {"seeds": list(range(1000)), "widths": list(range(1, 41))},
            "spec.too_many_runs",
            {"runs": 160_000, "limit": 2000},
        ),
        (
            {"batch_size": 10**6},
            "spec.batch_larger_than_data",
            {"batch_size": 10**6},
        ),
        ({"measure_every": 21}, "spec.measures_too_rarely", {"measure_every": 21, "num_steps": 20}),
    ],
)
def test_a_plan_that_cannot_run_is_refused_with_the_facts(
    client: httpx.Client, plan: dict[str, Any], wishes: dict[str, Any], code: str, facts: dict[str, int]
):
    before = client.get(ROUTE).json()["total"]

    for route in (ROUTE, f"{ROUTE}/preview"):
        reply = client.post(route, json=plan | wishes)

        assert (reply.status_code, error_of(reply)["code"]) == (400, code)
        assert error_of(reply)["params"].items() >= facts.items()
        assert all(str(fact) in error_of(reply)["message"] for fact in facts.values())
    assert client.get(ROUTE).json()["total"] == before


@pytest.mark.parametrize("part", ["", "/cells", "/runs", "/events", "/export", "/export/sha256"])
def test_an_unknown_experiment_is_not_found(client: httpx.Client, part: str):
    reply = client.get(f"{ROUTE}/{uuid.uuid4()}{part}")

    assert (reply.status_code, error_of(reply)["code"]) == (404, "experiment.not_found")
