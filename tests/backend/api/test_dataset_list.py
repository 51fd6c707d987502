"""List of datasets over HTTP: pages by their links, conditional answers, what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.backend.api.conftest import CSV

ROUTE = "/api/v1/datasets"


@pytest.fixture(scope="module")
def word() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="module")
def three(client: httpx.Client, word: str) -> Iterator[list[str]]:
    """Three tables whose names have a word in common, oldest first, each longer than the one before."""
    ids = []
    for place in range(3):
        rows = "".join(f"{i},{i % 7},{(i * 7919 + place) % 13}\n" for i in range(60 + 20 * place))
        table = f"size,weight,price{place}\n{rows}".encode()
        reply = client.post(ROUTE, params={"name": f"{word} {place}.csv"}, content=table, headers=CSV)
        assert reply.status_code == 201, reply.text
        ids.append(reply.json()["id"])
    yield ids
    for each in ids:
        client.delete(f"{ROUTE}/{each}")


def test_links_lead_through_all_pages(client: httpx.Client, word: str, three: list[str]):
    page = client.get(ROUTE, params={"q": word, "limit": 2, "sort": "rows", "kind": "table"})
    second = client.get(page.links["next"]["url"])

    assert page.json()["total"] == second.json()["total"] == 3
    assert [item["id"] for item in page.json()["items"] + second.json()["items"]] == three[::-1]
    assert (second.json()["next"], "next" in second.links) == (None, False)


@pytest.mark.usefixtures("three")
def test_an_unchanged_list_is_not_sent_again_and_a_changed_one_is(
    client: httpx.Client, word: str, plan: dict[str, Any], three: list[str]
):
    asked = {"q": word}
    first = client.get(ROUTE, params=asked)
    again = client.get(ROUTE, params=asked, headers={"If-None-Match": first.headers["etag"]})
    created = client.post("/api/v1/experiments", json=plan | {"dataset_id": three[0]}).json()
    changed = client.get(ROUTE, params=asked, headers={"If-None-Match": first.headers["etag"]})
    client.post(f"/api/v1/experiments/{created['id']}/cancellation")
    ended = client.get(ROUTE, params=asked)
    client.delete(f"/api/v1/experiments/{created['id']}")

    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")
    uses = [
        [(item["num_open_experiments"], item["num_ended_experiments"]) for item in reply.json()["items"]]
        for reply in (first, changed, ended)
    ]
    assert uses == [[(0, 0)] * 3, [(0, 0), (0, 0), (1, 0)], [(0, 0), (0, 0), (0, 1)]]


@pytest.mark.usefixtures("three")
def test_entries_come_without_profiles(client: httpx.Client, word: str):
    item = client.get(ROUTE, params={"q": word}).json()["items"][0]

    assert "profile" not in item
    assert (item["kind"], item["num_columns"], item["has_recipe"]) == ("table", 3, False)


@pytest.mark.parametrize(
    ("sought", "status", "code"),
    [
        ({"kin": "table"}, 422, "request.unknown_parameter"),
        ({"kind": "sound"}, 422, "validation"),
        ({"sort": "colour"}, 422, "validation"),
        ({"limit": 501}, 422, "validation"),
        ({"cursor": "x"}, 400, "list.cursor_unknown"),
    ],
)
def test_a_wish_that_the_list_does_not_know_is_refused(
    client: httpx.Client, sought: dict[str, Any], status: int, code: str
):
    reply = client.get(ROUTE, params=sought)

    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


def test_a_dataset_is_deleted_with_the_experiments_on_it_once_they_have_ended(
    client: httpx.Client, word: str, plan: dict[str, Any]
):
    table = "size,weight,price\n" + "".join(f"{i},{i % 9},{(i * 7919) % 17}\n" for i in range(70))
    made = client.post(ROUTE, params={"name": f"{word}.csv"}, content=table.encode(), headers=CSV).json()
    address = f"{ROUTE}/{made['id']}"
    wanted = plan | {"dataset_id": made["id"]}
    ids = [client.post("/api/v1/experiments", json=wanted | {"name": name}).json()["id"] for name in "ab"]
    client.post(f"/api/v1/experiments/{ids[0]}/cancellation")

    refused = client.delete(address, params={"experiments": True})
    left = [client.get(f"/api/v1/experiments/{each}").status_code for each in ids]
    client.post(f"/api/v1/experiments/{ids[1]}/cancellation")
    without = client.delete(address)
    deleted = client.delete(address, params={"experiments": True})

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "dataset.in_use_now")
    assert refused.json()["error"]["params"] == {"name": f"{word}.csv", "count": 1, "names": "b"}
    assert left == [200, 200]
    assert (without.status_code, without.json()["error"]["code"]) == (409, "dataset.in_use")
    assert deleted.status_code == 204
    gone = [address, *(f"/api/v1/experiments/{each}" for each in ids)]
    assert [client.get(each).status_code for each in gone] == [404, 404, 404]


def test_a_recipe_is_listed_until_it_is_forgotten(client: httpx.Client, word: str):
    table = f"{word},weight,price\n" + "".join(f"{i},{i % 9},{(i * 7919) % 17}\n" for i in range(70))
    params = {"name": f"{word}.csv", "label": "weight"}
    made = client.post(ROUTE, params=params, content=table.encode(), headers=CSV).json()
    mine = [each for each in client.get("/api/v1/recipes").json() if each["dataset"]["id"] == made["id"]]

    address = f"/api/v1/recipes/{mine[0]['id']}"
    statuses = [client.delete(address).status_code for _ in range(2)]

    assert [each["answers"] for each in mine] == [{"label": "weight"}]
    assert statuses == [204, 404]
    assert mine[0] not in client.get("/api/v1/recipes").json()
    assert client.get(f"{ROUTE}/{made['id']}").json()["profile"]["label"] == "weight"
    client.delete(f"{ROUTE}/{made['id']}")


def test_an_id_that_no_recipe_can_have_is_refused(client: httpx.Client):
    assert client.delete("/api/v1/recipes/x").status_code == 422
