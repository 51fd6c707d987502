"""Kinds of problems are described at the addresses that errors name (RFC 9457)."""

from __future__ import annotations

import uuid

import httpx
import pytest

PROBLEMS = "/api/v1/problems"


def test_the_type_of_an_error_leads_to_its_description(client: httpx.Client):
    refused = client.get(f"/api/v1/datasets/{uuid.UUID(int=7)}").json()

    described = client.get(refused["type"]).json()

    assert described["code"] == refused["error"]["code"] == "dataset.not_found"
    assert described["type"] == refused["type"]
    assert described["params"] == ["id"]
    assert described["sentence"].format(**refused["error"]["params"]) == refused["detail"]


@pytest.mark.parametrize(("language", "title"), [("en", "Not found"), ("ja", "見つかりません")])
def test_a_title_is_of_the_status_and_in_the_preferred_language(client, language: str, title: str):
    reply = client.get("/api/v1/nothing", headers={"Accept-Language": language})

    assert reply.json()["title"] == title


def test_every_code_of_the_catalogue_is_listed(client: httpx.Client):
    listed = client.get(PROBLEMS).json()

    codes = {problem["code"] for problem in listed}
    assert {"validation", "internal", "dataset.not_found", "experiment.still_open"} <= codes
    assert listed == sorted(listed, key=lambda problem: problem["code"])


def test_a_code_that_there_is_not_is_named(client: httpx.Client):
    reply = client.get(f"{PROBLEMS}/no.such")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "problem.not_found")
    assert reply.json()["error"]["params"] == {"given": "no.such"}
