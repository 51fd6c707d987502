"""Every method of the client against docs/openapi.json: what it sends, and what it reads."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from muscope.backend.client import AsyncClient, Client, replies
from muscope.backend.client.replies import Reply
from scripts.client import TARGET, files

DOCUMENT = json.loads((Path(__file__).resolve().parents[3] / "docs" / "openapi.json").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
ID = "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11"
PLAN = {"dataset_id": ID, "preset": "quick"}
# One call of every operation, with all that a caller may give.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "upload": (([{"a": 1, "b": 2}],), {"label": "b", "task": "regression"}),
    "create_example": (("digits",), {}),
    "list_models": ((), {}),
    "create_model_data": (("own",), {}),
    "list_datasets": ((), {"q": "a", "kind": "table", "sort": "rows", "limit": 5, "cursor": "x"}),
    "get_dataset": ((ID,), {}),
    "delete_dataset": ((ID,), {}),
    "predict": ((PLAN,), {}),
    "list_presets": ((PLAN,), {}),
    "create": ((PLAN,), {"key": "monday"}),
    "open_example": ((), {}),
    "list_experiments": ((), {"q": "a", "state": "queued", "limit": 5, "cursor": "x"}),
    "get": ((ID,), {}),
    "label": ((ID,), {"name": "Spring", "notes": "", "tags": ["a"]}),
    "cancel": ((ID,), {}),
    "resume": ((ID,), {}),
    "delete": ((ID,), {}),
    "verdict": ((ID,), {"scenario": "as_given"}),
    "results": ((ID,), {}),
    "price_settling": ((ID,), {"max_seeds": 16}),
    "settle": ((ID,), {"max_seeds": 16}),
    "list_cells": ((ID,), {}),
    "list_runs": ((ID,), {"width": 8, "limit": 5}),
    "curve": ((ID, "train_loss"), {"after": 3}),
    "figure": ((ID, "lr_loss"), {"width": 8}),
    "report": ((ID, "pdf"), {"language": "ja"}),
    "points": ((ID, "parquet"), {}),
    "archive": ((ID,), {"data": False}),
    "import_archive": ((b"PK",), {}),
    "recipe": ((ID,), {"width": 8, "depth": 2, "arm": "mup", "lr": 0.1}),
    "export": ((ID,), {}),
    "export_digest": ((ID,), {}),
    "list_sweeps": ((), {"limit": 5}),
    "get_sweep": ((ID,), {}),
    "store_sweep": (([{"width": 8, "lr": 0.1, "loss": 1.0}],), {"name": "widths"}),
    "rename_sweep": ((ID, "Spring"), {}),
    "sweep_text": ((ID,), {}),
    "next_runs": ((ID,), {}),
    "sweep_file": ((ID,), {}),
    "sweep_figure": ((ID, "lr_loss"), {"axis": 1, "stratum": 2, "mode": "dark"}),
    "sweep_report": ((ID, "pdf"), {"language": "ja"}),
    "delete_sweep": ((ID,), {}),
    "judge": (([{"width": 8, "lr": 0.1, "loss": 1.0}],), {"axis": "width"}),
    "list_workers": ((), {}),
    "require_ready": ((), {}),
}
# Made of other operations, or of none.
COMBINED = {"wait", "judge_again", "result", "run_poc", "close"}


def methods(client: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def sample(schema: dict[str, Any]) -> Any:
    """Return the least JSON value that a schema allows."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
    return {"array": [], "string": "", "integer": 0, "number": 0.0, "boolean": False}.get(
        str(schema.get("type"))
    )


def operation_of(request: httpx2.Request) -> dict[str, Any]:
    """Return the documented operation that a request is one of."""
    for path, operations in DOCUMENT["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if re.fullmatch(pattern, request.url.path) and request.method.lower() in operations:
            found: dict[str, Any] = operations[request.method.lower()]
            return found
    raise AssertionError(f"not documented: {request.method} {request.url.path}")


def check_parameters(request: httpx2.Request, operation: dict[str, Any]) -> None:
    parameters = operation.get("parameters", ())
    known = {each["name"] for each in parameters if each["in"] == "query"}
    needed = {each["name"] for each in parameters if each["in"] == "query" and each.get("required")}
    headers = {each["name"] for each in parameters if each["in"] == "header" and each.get("required")}
    sent = set(request.url.params)

    assert sent <= known, "not documented"
    assert needed <= sent, "required"
    assert headers <= set(request.headers), "required"


def check_body(request: httpx2.Request, operation: dict[str, Any]) -> None:
    kinds = operation.get("requestBody", {}).get("content", {})
    if not request.content:
        assert not operation.get("requestBody", {}).get("required")
        return
    schema = resolved(kinds[request.headers["Content-Type"]]["schema"])
    if schema["type"] == "object":
        body = json.loads(request.content)
        assert set(schema.get("required", ())) <= set(body) <= set(schema["properties"])


def answer(operation: dict[str, Any]) -> httpx2.Response:
    status = min(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][status].get("content", {})
    if "application/json" in content:
        return httpx2.Response(int(status), json=sample(content["application/json"]["schema"]))
    return httpx2.Response(int(status), content=b"file" if content else b"")


@pytest.mark.parametrize("name", CALLS)
def test_a_method_sends_what_is_documented_and_reads_the_least_that_is_answered(name):
    asked = []

    def server(request: httpx2.Request) -> httpx2.Response:
        operation = operation_of(request)
        check_parameters(request, operation)
        check_body(request, operation)
        asked.append(operation["operationId"])
        return answer(operation)

    client = Client("http://documented", http=httpx2.Client(transport=httpx2.MockTransport(server)))
    positional, named = CALLS[name]

    getattr(client, name)(*positional, **named)

    assert len(asked) == 1


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_no_method_is_left_out(client):
    assert methods(client) == set(CALLS) | COMBINED


def test_a_field_of_a_reply_is_always_sent():
    kinds = [each for _, each in inspect.getmembers(replies, inspect.isclass) if issubclass(each, Reply)]
    missing = {
        f"{kind.schema}.{name}"
        for kind in kinds
        if kind is not Reply
        for name in set(inspect.get_annotations(kind)) - {"schema"} - set(SCHEMAS[kind.schema]["properties"])
    }

    assert len(kinds) > 8
    assert missing == set()


def test_the_plain_calls_are_those_written_from_the_coroutines():
    written = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.py")}
    del written["__init__.py"]

    assert written == files(), "run `make client`"
