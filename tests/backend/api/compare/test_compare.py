"""Comparison over REST: the verdict's numbers side by side, the differing fields, cautions, and refusals."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from muscope.backend.catalogue import LANGUAGES

ROUTE = "/api/v1/compare"


@pytest.fixture(scope="module")
def finished(client: httpx.Client) -> dict[str, Any]:
    """Return the finished example that ships with the product."""
    made: dict[str, Any] = client.post("/api/v1/examples/experiment").json()
    return made


def made(client: httpx.Client, plan: dict[str, Any], **wishes: Any) -> dict[str, Any]:
    reply = client.post("/api/v1/experiments", json=plan | wishes)
    assert reply.status_code == 201, reply.text
    experiment: dict[str, Any] = reply.json()
    return experiment


def compared(client: httpx.Client, *ids: str) -> dict[str, Any]:
    reply = client.get(ROUTE, params={"ids": ",".join(ids)})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_answers_stand_side_by_side_as_their_verdicts_say(
    client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any]
):
    answer = compared(client, finished["id"], experiment["id"])

    assert [each["id"] for each in answer["experiments"]] == [finished["id"], experiment["id"]]
    for each in answer["experiments"]:
        verdict = client.get(f"/api/v1/experiments/{each['id']}/verdict").json()
        same = ("outcome", "rule", "scenario", "deciding", "is_interim", "early", "open")
        assert {name: each["answer"][name] for name in same} == {name: verdict[name] for name in same}
    first = answer["experiments"][0]
    verdict = client.get(f"/api/v1/experiments/{finished['id']}/verdict").json()
    assert first["answer"]["lr"] == verdict["outlook"]["recommendation"]["lr"]
    spent = client.get(f"/api/v1/experiments/{finished['id']}").json()["progress"]["spent_seconds"]
    assert first["spent_seconds"] == spent > 0


def test_other_data_and_a_running_experiment_are_cautioned_against(
    client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any]
):
    cautions = compared(client, finished["id"], experiment["id"])["cautions"]

    assert cautions[0] == "data"
    assert "interim" in cautions


def test_only_the_fields_that_differ_are_named(client: httpx.Client, plan: dict[str, Any]):
    arms = [{"parametrization": "mup", "lrs": [0.1, 0.4]}, {"parametrization": "ntp", "lrs": [0.1]}]
    plain = made(client, plan)
    other = made(client, plan, num_steps=40, arms=arms, target_width=512)

    answer = compared(client, plain["id"], other["id"])

    assert {each["name"]: each["values"] for each in answer["differences"]} == {
        "lrs.mup": [[0.1, 0.2], [0.1, 0.4]],
        "lrs.sp": [[0.1, 0.2], None],
        "lrs.ntp": [None, [0.1]],
        "num_steps": [20, 40],
        "target_width": [None, 512],
    }
    assert answer["cautions"] == ["interim"]


def test_equal_definitions_differ_in_nothing(client: httpx.Client, plan: dict[str, Any]):
    ids = [made(client, plan)["id"] for _ in range(4)]

    answer = compared(client, *ids)

    assert answer["differences"] == []
    assert len({each["spec_sha256"] for each in answer["experiments"]}) == 1


def test_another_loss_is_cautioned_against(client: httpx.Client, plan: dict[str, Any]):
    ids = [made(client, plan, deciding_loss=loss)["id"] for loss in ("train_loss", "val_loss")]

    assert compared(client, *ids)["cautions"][0] == "loss"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda ids: ids[:1], 422, "compare.number"),
        (lambda ids: [*ids, *(str(uuid4()) for _ in range(3))], 422, "compare.number"),
        (lambda ids: [ids[0], ids[0]], 422, "compare.repeated"),
        (lambda ids: [ids[0], "mine"], 422, "compare.not_an_id"),
        (lambda ids: [ids[0], str(uuid4())], 404, "experiment.not_found"),
    ],
    ids=["one", "five", "twice", "no_id", "unknown"],
)
def test_what_cannot_be_compared_is_refused_by_name(
    client: httpx.Client, plan: dict[str, Any], language: str, change: Any, status: int, code: str
):
    ids = [made(client, plan)["id"] for _ in range(2)]

    reply = client.get(ROUTE, params={"ids": ",".join(change(ids))}, headers={"Accept-Language": language})

    assert reply.status_code == status
    assert reply.json()["error"]["code"] == code


def test_a_deleted_experiment_is_not_found(client: httpx.Client, plan: dict[str, Any]):
    kept, gone = (made(client, plan)["id"] for _ in range(2))
    client.post(f"/api/v1/experiments/{gone}/cancellation")
    assert client.delete(f"/api/v1/experiments/{gone}").status_code == 204

    reply = client.get(ROUTE, params={"ids": f"{kept},{gone}"})

    assert (reply.status_code, reply.json()["error"]["params"]["id"]) == (404, gone)
