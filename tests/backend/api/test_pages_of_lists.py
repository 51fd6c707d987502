"""Every list answers in pages, and says when nothing has changed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from scripts.openapi import document

DOCUMENT = json.loads(document())
LISTS = [
    path
    for path, operations in DOCUMENT["paths"].items()
    if operations.get("get", {}).get("summary", "").startswith("List ") and path != "/api/v1/options"
]


def parameters(path: str) -> set[str]:
    return {each["name"] for each in DOCUMENT["paths"][path]["get"]["parameters"]}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_pages_and_an_etag(path: str):
    assert {"limit", "if-none-match"} <= (names := {name.lower() for name in parameters(path)})
    assert names & {"cursor", "offset"}
    assert "304" in DOCUMENT["paths"][path]["get"]["responses"]


def test_pages_that_are_followed_by_their_links_make_up_the_list(client: httpx.Client):
    whole = client.get("/api/v1/examples").json()

    pages: list[Any] = []
    following: str | None = "/api/v1/examples?limit=2"
    while following:
        reply = client.get(following)
        assert len(reply.json()) <= 2
        pages += reply.json()
        following = reply.links.get("next", {}).get("url")

    assert len(whole) > 2
    assert pages == whole


def test_a_list_that_has_not_changed_is_not_sent_again(client: httpx.Client):
    first = client.get("/api/v1/tags")
    again = client.get("/api/v1/tags", headers={"If-None-Match": first.headers["etag"]})
    other = client.get("/api/v1/examples", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "1001"), ("cursor", "x"), ("cursor", "-1")]
)
def test_a_page_that_cannot_be_is_refused_by_name(client: httpx.Client, name: str, value: str):
    reply = client.get("/api/v1/examples", params={name: value})

    assert (reply.status_code, reply.json()["error"]["params"]["field"]) == (422, name)
