"""The verdict of an experiment that has not run yet, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import httpx


def test_an_experiment_without_results_has_an_interim_verdict(
    client: httpx.Client, experiment: dict[str, Any]
):
    reply = client.get(f"/api/v1/experiments/{experiment['id']}/verdict")

    assert "NaN" not in reply.text
    verdict = reply.json()
    assert (verdict["outcome"], verdict["is_interim"]) == ("inconclusive", True)
    assert verdict["reasons"] != []
    assert verdict["spec_sha256"] == experiment["spec_sha256"]


def test_an_unknown_experiment_has_no_verdict(client: httpx.Client):
    reply = client.get(f"/api/v1/experiments/{uuid.uuid4()}/verdict")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "experiment.not_found")


def test_an_open_experiment_is_not_judged_again(client: httpx.Client, experiment: dict[str, Any]):
    reply = client.post(f"/api/v1/experiments/{experiment['id']}/verdicts")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "verdict.still_open")


def test_an_ended_experiment_is_judged_once_per_kind(client: httpx.Client, experiment: dict[str, Any]):
    route = f"/api/v1/experiments/{experiment['id']}"
    client.post(f"{route}/cancellation")

    first, second = client.post(f"{route}/verdicts"), client.post(f"{route}/verdicts", json={})
    other = client.post(f"{route}/verdicts", json={"thresholds": {"transfers_regret": 0.05}})

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 201)
    assert first.json() == second.json()
    assert [judgement["are_thresholds_fixed"] for judgement in first.json() + other.json()] == [True, False]


def test_wrong_wishes_about_rules_are_refused(client: httpx.Client, experiment: dict[str, Any]):
    route = f"/api/v1/experiments/{experiment['id']}"

    unknown = client.post(f"{route}/verdicts", json={"rule_version": "0"})
    crossed = client.post(f"{route}/verdicts", json={"thresholds": {"level": 2}})
    unsaid = client.get(f"{route}/verdict", params={"rule_version": "0"})

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "verdict.unknown_rules")
    assert crossed.status_code == 422
    assert (unsaid.status_code, unsaid.json()["error"]["code"]) == (404, "verdict.not_stored")
