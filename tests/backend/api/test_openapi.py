"""The OpenAPI document is complete, and building the application loads nothing heavy."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from muscope.backend.api.app import MAX_THREADS
from muscope.backend.api.middleware import CONTENT_SECURITY_POLICY
from muscope.backend.api.routes import (
    compare,
    datasets,
    examples,
    experiments,
    health,
    models,
    options,
    plans,
    problems,
    recipes,
    sweeps,
    tags,
    uploads,
    workers,
)
from muscope.backend.api.routes.accounts import account, audit, provider, session, users
from muscope.backend.api.routes.experiment import (
    adoption,
    archives,
    cells,
    figures,
    points,
    progress,
    reports,
    runs,
    savings,
    verdicts,
)
from muscope.backend.api.routes.sweep import files as sweep_files
from muscope.backend.api.routes.sweep import stored as stored_sweeps
from scripts.openapi import TARGET, document
from tests.backend.api.conftest import Server

DOCUMENT: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))
OPERATIONS = [
    pytest.param(method, operation, id=operation["operationId"])
    for operations in DOCUMENT["paths"].values()
    for method, operation in operations.items()
]
MODULES = (
    account,
    audit,
    adoption,
    points,
    archives,
    cells,
    compare,
    datasets,
    examples,
    experiments,
    figures,
    health,
    models,
    options,
    plans,
    problems,
    progress,
    recipes,
    reports,
    runs,
    savings,
    provider,
    session,
    stored_sweeps,
    sweep_files,
    sweeps,
    tags,
    uploads,
    users,
    verdicts,
    workers,
)


@pytest.mark.parametrize(("method", "operation"), OPERATIONS)
def test_an_operation_is_described_with_its_errors(method: str, operation: dict[str, Any]):
    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert any(hasattr(module, operation["operationId"]) for module in MODULES)
    assert {"400", "422", "500", "503"} <= set(operation["responses"])
    assert method in {"get", "head", "options"} or "403" in operation["responses"]
    for status, response in operation["responses"].items():
        assert response["description"]
        if status >= "400":
            (content,) = response["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorReply"}
            assert content["example"]["error"]["code"]


@pytest.mark.parametrize(("method", "operation"), OPERATIONS)
def test_a_body_has_an_example(method: str, operation: dict[str, Any]):
    if "requestBody" not in operation:
        assert method != "put"
        return
    for content in operation["requestBody"]["content"].values():
        reference = content["schema"].get("$ref", "").removeprefix("#/components/schemas/")
        schema = DOCUMENT["components"]["schemas"].get(reference, {})
        assert content.get("example") or content.get("examples") or schema.get("examples")


def test_examples_of_plans_are_valid(client: httpx.Client, dataset: dict[str, Any]):
    body = DOCUMENT["paths"]["/api/v1/experiments/preview"]["post"]["requestBody"]
    for example in body["content"]["application/json"]["examples"].values():
        plan = example["value"] | {"dataset_id": dataset["id"]}

        assert client.post("/api/v1/experiments/preview", json=plan).status_code == 200


def test_the_document_is_served_and_names_the_product(client: httpx.Client):
    document = client.get("/api/v1/openapi.json").json()

    assert document["info"]["title"] == "µScope"
    assert document == DOCUMENT
    assert client.get("/redoc").status_code == 404


def test_the_documentation_and_what_it_loads_are_served_under_the_strict_policy(client: httpx.Client):
    page = client.get("/api/v1/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert {Path(path).suffix for path in loaded} == {".svg", ".css", ".js"}
    for reply in (page, *map(client.get, loaded)):
        assert reply.status_code == 200
        assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_the_committed_document_is_what_the_application_produces():
    committed, produced = TARGET.read_text(encoding="utf-8").splitlines(), document().splitlines()

    changes = list(difflib.unified_diff(committed, produced, "committed", "produced", lineterm=""))
    assert not changes, "\n".join(["run `make openapi` and review what changed:", *changes[:60]])


def test_no_thread_waits_for_a_connection(server: Server):
    pool: Any = server.runtime.context.database.engine.pool

    assert pool.size() + pool._max_overflow >= MAX_THREADS


@pytest.mark.slow
def test_the_application_loads_no_training_or_parsing_library():
    script = (
        "import sys, muscope.backend.api.app; "
        "print([name for name in ('torch', 'polars', 'sklearn', 'muscope.worker') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
