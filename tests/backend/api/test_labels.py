"""Name, notes and tags of an experiment over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

ROUTE = "/api/v1/experiments"


def error_of(reply: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = reply.json()["error"]
    return error


def test_an_experiment_is_named_annotated_and_tagged(client: httpx.Client, experiment: dict[str, Any]):
    route = f"{ROUTE}/{experiment['id']}"
    labels = {"name": "新しいスキャナー", "notes": "1 行目\n2 行目", "tags": ["本番", "2026"]}

    changed = client.patch(route, json=labels)

    assert changed.status_code == 200
    assert changed.json() == client.get(route).json()
    assert {name: changed.json()[name] for name in ("name", "notes")} == {
        name: labels[name] for name in ("name", "notes")
    }
    assert changed.json()["tags"] == ["2026", "本番"]


def test_what_is_left_out_stays(client: httpx.Client, experiment: dict[str, Any]):
    route = f"{ROUTE}/{experiment['id']}"
    client.patch(route, json={"notes": "kept", "tags": ["kept"]})

    changed = client.patch(route, json={"name": "other"}).json()

    assert (changed["name"], changed["notes"], changed["tags"]) == ("other", "kept", ["kept"])
    assert client.patch(route, json={"notes": "", "tags": []}).json()["tags"] == []


def test_labels_change_neither_the_definition_nor_the_export(
    client: httpx.Client, experiment: dict[str, Any]
):
    route = f"{ROUTE}/{experiment['id']}"
    export = client.get(f"{route}/export/sha256").json()

    changed = client.patch(route, json={"name": "other", "notes": "n", "tags": ["t"]}).json()

    assert (changed["spec"], changed["spec_sha256"]) == (experiment["spec"], experiment["spec_sha256"])
    assert changed["version"] == experiment["version"]
    assert client.get(f"{route}/export/sha256").json() == export


def test_a_second_editor_does_not_overwrite_the_first(client: httpx.Client, experiment: dict[str, Any]):
    route = f"{ROUTE}/{experiment['id']}"
    seen = client.get(route).headers["etag"]

    first = client.patch(route, json={"name": "first"}, headers={"If-Match": seen})
    second = client.patch(route, json={"name": "second"}, headers={"If-Match": seen})

    assert (first.status_code, second.status_code) == (200, 412)
    assert error_of(second)["code"] == "experiment.changed_meanwhile"
    assert client.get(route).json()["name"] == "first"
    again = client.patch(route, json={"name": "second"}, headers={"If-Match": first.headers["etag"]})
    assert again.json()["name"] == "second"


def test_an_etag_that_is_of_no_edition_is_refused(client: httpx.Client, experiment: dict[str, Any]):
    reply = client.patch(f"{ROUTE}/{experiment['id']}", json={"name": "a"}, headers={"If-Match": '"abc"'})

    assert (reply.status_code, error_of(reply)["code"]) == (412, "etag.unknown")


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": "a\x00b"}, "notes"),
        ({"tags": ["x" * 51]}, "tags[0]"),
        ({"tags": ["a,b"]}, "tags[0]"),
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"state": "completed"}, "state"),
    ],
)
def test_labels_have_bounds(
    client: httpx.Client, experiment: dict[str, Any], labels: dict[str, Any], field: str
):
    reply = client.patch(f"{ROUTE}/{experiment['id']}", json=labels)

    assert (reply.status_code, error_of(reply)["errors"][0]["field"]) == (422, field)


def test_tags_that_differ_in_case_only_are_one(client: httpx.Client, experiment: dict[str, Any]):
    changed = client.patch(f"{ROUTE}/{experiment['id']}", json={"tags": ["GPU", " gpu ", "cpu"]}).json()

    assert changed["tags"] == ["GPU", "cpu"]


def test_an_unknown_experiment_has_no_labels(client: httpx.Client):
    reply = client.patch(f"{ROUTE}/{uuid.uuid4()}", json={"name": "a"})

    assert (reply.status_code, error_of(reply)["code"]) == (404, "experiment.not_found")


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Handwritten digits · Quick · target width 4096"), ("ja", "手書き数字・簡易・目標幅 4096")],
)
def test_without_a_name_it_is_called_by_data_preset_and_target(
    client: httpx.Client, language: str, name: str
):
    dataset = client.post("/api/v1/examples/digits/dataset").json()
    plan = {"dataset_id": dataset["id"], "preset": "quick", "target_width": 4096}

    created = client.post(ROUTE, json=plan, headers={"Accept-Language": language}).json()

    assert (created["name"], created["preset"]) == (name, "quick")
    client.post(f"{ROUTE}/{created['id']}/cancellation")


def test_an_upload_gives_its_own_name(client: httpx.Client, plan: dict[str, Any]):
    assert client.post(ROUTE, json=plan).json()["name"] == "sales"
