"""Lists over HTTP: pages, filters, orders, what is refused by name; bulk deletion and tagging."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

ROUTE = "/api/v1/experiments"


def error_of(reply: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = reply.json()["error"]
    return error


@pytest.fixture(scope="module")
def tag() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="module")
def five(client: httpx.Client, dataset: dict[str, Any], tag: str) -> Iterator[list[str]]:
    """Five experiments with a tag of their own, oldest first: z y x w v; v and w are cancelled."""
    plan = {"dataset_id": dataset["id"], "widths": [8, 16], "seeds": [0], "lrs": [0.1], "num_steps": 20}
    ids = []
    for name in "zyxwv":
        created = client.post(ROUTE, json=plan | {"name": f"{name} 100%"}).json()
        ids.append(created["id"])
        client.patch(f"{ROUTE}/{created['id']}", json={"tags": [tag]})
        if name in "vw":
            client.post(f"{ROUTE}/{created['id']}/cancellation")
    yield ids
    for each in ids:
        client.post(f"{ROUTE}/{each}/cancellation")
    client.post(f"{ROUTE}/deletions", json={"ids": ids})


def names(reply: httpx.Response) -> str:
    assert reply.status_code == 200, reply.text
    return "".join(item["name"][0] for item in reply.json()["items"])


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({}, "vwxyz"),
        ({"sort": "created", "order": "asc"}, "zyxwv"),
        ({"sort": "name"}, "vwxyz"),
        ({"sort": "name", "order": "desc"}, "zyxwv"),
        ({"state": "cancelled", "sort": "name"}, "vw"),
        ({"state": ["cancelled", "queued"], "sort": "name"}, "vwxyz"),
        ({"q": "X 100%"}, "x"),
        ({"q": "x nothing"}, ""),
        ({"q": "SALES 100% w"}, "w"),
        ({"q": "_"}, ""),
        ({"outcome": "transfers"}, ""),
        ({"preset": "quick"}, ""),
        ({"parametrization": "mup", "sort": "name"}, "vwxyz"),
        ({"parametrization": "completep"}, ""),
        ({"dataset": str(uuid.uuid4())}, ""),
    ],
)
@pytest.mark.usefixtures("five")
def test_experiments_are_sought_and_sorted(
    client: httpx.Client, tag: str, sought: dict[str, Any], found: str
):
    reply = client.get(ROUTE, params={"tag": tag} | sought)

    assert names(reply) == found
    assert reply.json()["total"] == len(found)


@pytest.mark.parametrize("sort", ["created", "name", "state", "outcome", "duration"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.usefixtures("five")
def test_pages_show_everything_once_in_the_order_of_the_whole(
    client: httpx.Client, tag: str, sort: str, order: str
):
    asked = {"tag": tag, "sort": sort, "order": order}
    whole = client.get(ROUTE, params=asked).json()["items"]
    shown = []
    page = client.get(ROUTE, params=asked | {"limit": 2})
    while True:
        shown += page.json()["items"]
        assert page.json()["total"] == 5
        if "next" not in page.links:
            break
        page = client.get(page.links["next"]["url"])

    assert page.json()["next"] is None
    assert [item["id"] for item in shown] == [item["id"] for item in whole]


@pytest.mark.usefixtures("five")
def test_a_page_stays_where_it_began_when_something_new_comes(
    client: httpx.Client, tag: str, plan: dict[str, Any]
):
    first = client.get(ROUTE, params={"tag": tag, "limit": 2}).json()
    new = client.post(ROUTE, json=plan | {"name": "new"}).json()["id"]
    client.patch(f"{ROUTE}/{new}", json={"tags": [tag]})

    second = client.get(ROUTE, params={"tag": tag, "limit": 2, "cursor": first["next"]})

    assert names(second) == "xy"
    client.post(f"{ROUTE}/{new}/cancellation")
    client.delete(f"{ROUTE}/{new}")


@pytest.mark.usefixtures("five")
def test_an_entry_has_few_facts_and_a_list_is_compressed_and_conditional(client: httpx.Client, tag: str):
    reply = client.get(ROUTE, params={"tag": tag})
    again = client.get(ROUTE, params={"tag": tag}, headers={"If-None-Match": reply.headers["etag"]})

    assert reply.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")
    item = reply.json()["items"][0]
    assert "spec" not in item
    assert (item["dataset"]["name"], item["state"], item["share_done"]) == ("sales", "cancelled", None)
    assert len(reply.content) < 1500 * len(reply.json()["items"])


@pytest.mark.parametrize(
    ("sought", "status", "code"),
    [
        ({"sate": "running"}, 422, "request.unknown_parameter"),
        ({"state": "sleeping"}, 422, "validation"),
        ({"sort": "size"}, 422, "validation"),
        ({"limit": 0}, 422, "validation"),
        ({"cursor": "x"}, 400, "list.cursor_unknown"),
        ({"cursor": "WyJuYW1lL2FzYyIsImEiLCJ4Il0"}, 400, "list.cursor_unknown"),
        ({"cursor": "AAAA" * 10}, 400, "list.cursor_unknown"),
        ({"cursor": "é"}, 400, "list.cursor_unknown"),
    ],
)
def test_what_a_list_does_not_know_is_refused(
    client: httpx.Client, sought: dict[str, Any], status: int, code: str
):
    for language in ("en", "ja"):
        reply = client.get(ROUTE, params=sought, headers={"Accept-Language": language})

        assert (reply.status_code, error_of(reply)["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/workers", "/datasets", "/tags", "/options"])
def test_a_query_parameter_that_a_route_does_not_read_is_refused_by_name(client: httpx.Client, path: str):
    reply = client.get(f"/api/v1{path}", params={"colour": "blue"})

    assert (reply.status_code, error_of(reply)["code"]) == (422, "request.unknown_parameter")
    assert error_of(reply)["params"]["name"] == "colour"


def test_runs_are_not_silently_cut(client: httpx.Client, experiment: dict[str, Any]):
    page = client.get(f"{ROUTE}/{experiment['id']}/runs", params={"limit": 3}).json()

    assert len(page["items"]) == 3 < page["total"]


def test_several_experiments_are_tagged_and_deleted_together(client: httpx.Client, plan: dict[str, Any]):
    ids = [client.post(ROUTE, json=plan).json()["id"] for _ in range(3)]
    label = uuid.uuid4().hex[:12]

    tagged = client.post(f"{ROUTE}/taggings", json={"ids": ids, "add": [label, "b"]}).json()
    untagged = client.post(f"{ROUTE}/taggings", json={"ids": ids[:1], "remove": ["b"]}).json()

    assert (tagged["num_changed"], untagged["num_changed"]) == (3, 1)
    assert client.get(ROUTE, params={"tag": [label, "b"]}).json()["total"] == 2
    assert {"tag": label, "num_experiments": 3} in client.get("/api/v1/tags").json()
    assert client.get(f"{ROUTE}/{ids[0]}").json()["edition"] == 2

    refused = client.post(f"{ROUTE}/deletions", json={"ids": ids})

    assert (refused.status_code, error_of(refused)["code"]) == (409, "experiment.some_still_open")
    assert error_of(refused)["params"] == {"count": 3, "names": "sales, sales, sales"}
    assert client.get(ROUTE, params={"tag": label}).json()["total"] == 3
    for each in ids:
        client.post(f"{ROUTE}/{each}/cancellation")
    assert client.post(f"{ROUTE}/deletions", json={"ids": [*ids, ids[0]]}).json() == {"num_deleted": 3}
    assert client.get(ROUTE, params={"tag": label}).json()["total"] == 0


def test_one_unknown_experiment_leaves_all_others_as_they_are(
    client: httpx.Client, experiment: dict[str, Any]
):
    ids = [experiment["id"], str(uuid.uuid4())]

    for route, body in (("deletions", {}), ("taggings", {"add": ["x"]})):
        reply = client.post(f"{ROUTE}/{route}", json={"ids": ids} | body)

        assert (reply.status_code, error_of(reply)["code"]) == (404, "experiment.not_found")
    assert client.get(f"{ROUTE}/{experiment['id']}").json()["tags"] == []


def test_no_experiment_gets_more_tags_than_it_may_have(client: httpx.Client, experiment: dict[str, Any]):
    client.patch(f"{ROUTE}/{experiment['id']}", json={"tags": [f"t{index}" for index in range(15)]})

    reply = client.post(
        f"{ROUTE}/taggings", json={"ids": [experiment["id"]], "add": [f"u{index}" for index in range(6)]}
    )

    assert (reply.status_code, error_of(reply)["code"]) == (409, "experiment.too_many_tags")
    assert len(client.get(f"{ROUTE}/{experiment['id']}").json()["tags"]) == 15


def test_a_search_for_what_no_text_can_hold_finds_what_the_rest_finds(client):
    assert client.get("/api/v1/experiments", params={"q": "\0"}).status_code == 200
    assert client.get("/api/v1/experiments", params={"q": "no-such\0name"}).json()["items"] == []
