"""Scenarios over HTTP: what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PREVIEW = "/api/v1/experiments/preview"


@pytest.mark.parametrize(
    ("scenarios", "field", "words"),
    [
        (["as_given", "rain"], "scenarios[1]", ("label_noise", "horizon")),
        (["label_noise:3"], "scenarios[0]", ("label_noise", "0.001", "2")),
        (["schedule:magic"], "scenarios[0]", ("cosine", "warmup")),
        (["horizon:1.5"], "scenarios[0]", ("horizon", "64")),
        (["as_given:1"], "scenarios[0]", ("as_given",)),
        (["subsample:0.5", "subsample:0.50"], "scenarios", ()),
        ([], "scenarios", ("1",)),
        ([7], "scenarios[0]", ("7",)),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_no_scenario_is_unreadable_and_says_what_would_be_one(
    client: httpx.Client,
    plan: dict[str, Any],
    scenarios: list[Any],
    field: str,
    words: tuple[str, ...],
    language: str,
):
    reply = client.post(PREVIEW, json=plan | {"scenarios": scenarios}, headers={"Accept-Language": language})

    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["params"]["field"]) == (422, "validation", field)
    assert [word for word in words if word not in error["message"]] == []
    assert "{" not in error["message"]
    assert ("openapi.json" in error["message"]) is False, "there is a sentence of its own"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_batch_that_does_not_fit_is_refused_with_field_and_largest_value(
    client: httpx.Client, plan: dict[str, Any], language: str
):
    wanted = plan | {"scenarios": ["as_given", "subsample:0.5"], "batch_size": 40}

    reply = client.post(PREVIEW, json=wanted, headers={"Accept-Language": language})

    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (400, "scenario.too_few_examples")
    assert [part for part in ("subsample:0.5", "batch_size", "24") if part not in error["message"]] == []


def test_a_plan_of_several_scenarios_has_cells_and_runs_of_each(client: httpx.Client, plan: dict[str, Any]):
    scenarios = ["as_given", "label_noise:0.2", "momentum:0.9"]
    plan = plan | {"recipe": "paper"}

    alone = client.post(PREVIEW, json=plan).json()
    several = client.post(PREVIEW, json=plan | {"scenarios": scenarios}).json()

    assert several["num_runs"] == 3 * alone["num_runs"]
    assert [cell["scenario"] for cell in several["cells"]].count("label_noise:0.2") == len(alone["cells"])
    assert several["spec"]["scenarios"] == scenarios


def test_every_judged_scenario_has_a_verdict_and_all_of_them_one_answer(
    client: httpx.Client, plan: dict[str, Any]
):
    scenarios = ["as_given", "label_noise:0.2", "horizon:2"]
    created = client.post("/api/v1/experiments", json=plan | {"scenarios": scenarios}).json()
    address = f"/api/v1/experiments/{created['id']}"

    found = client.get(f"{address}/verdicts").json()

    assert [verdict["scenario"] for verdict in found["verdicts"]] == scenarios[:2]
    assert [answer["scenario"] for answer in found["overall"]["scenarios"]] == scenarios[:2]
    assert (found["overall"]["outcome"], found["overall"]["breaks_at"]) == ("inconclusive", None)
    assert found["overall"]["is_interim"]
    noisy = client.get(f"{address}/verdict", params={"scenario": "label_noise:0.2"}).json()
    assert noisy == found["verdicts"][1]


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [("label_noise:0.3", 400, "verdict.unknown_scenario"), ("rain", 422, "validation")],
)
def test_a_verdict_of_a_scenario_that_is_not_there_is_refused(
    client: httpx.Client, experiment: dict[str, Any], scenario: str, status: int, code: str
):
    reply = client.get(f"/api/v1/experiments/{experiment['id']}/verdict", params={"scenario": scenario})

    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
