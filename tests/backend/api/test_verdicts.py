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
