"""What a plan may say, over HTTP: for any data, and for one dataset."""

from __future__ import annotations

import json
from typing import Any

import httpx

from scripts.openapi import OPTIONS
from tests.backend.api.conftest import UPLOAD_LIMIT


def test_the_options_of_a_plan_are_listed(client: httpx.Client):
    options = client.get("/api/v1/options").json()
    settings = {setting["name"]: setting for setting in options["settings"]}

    assert options["upload_limit_bytes"] == UPLOAD_LIMIT
    assert options["arms"][0] == "mup"
    assert options["default_measures"] == ["coordinate_check"]
    assert set(options["default_measures"]) < set(options["measures"])
    assert settings["optimizer.momentum"]["optimizers"] == ["sgd", "muon"]
    assert settings["model.patch_size"]["families"] == ["vit"]
    assert settings["budget.currency"]["values"] == ["JPY", "USD"]


def test_tests_of_the_page_read_the_options_that_the_api_answers(client: httpx.Client):
    """`make openapi` writes the file."""
    committed = json.loads(OPTIONS.read_text(encoding="utf-8"))

    answer = client.get("/api/v1/options").json()

    assert answer == committed | {"upload_limit_bytes": UPLOAD_LIMIT}


def test_a_dataset_says_what_can_be_trained_on_it(client: httpx.Client, dataset: dict[str, Any]):
    options = dataset["options"]

    assert options == {"families": ["residual_mlp"], "losses": ["cross_entropy", "squared_error"]}
    for change in ({"model": "convnet"}, {"model": "gpt"}):
        plan = {"dataset_id": dataset["id"], **change}
        assert client.post("/api/v1/experiments/preview", json=plan).status_code == 400
