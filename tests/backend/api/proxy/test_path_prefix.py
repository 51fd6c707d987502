"""Service below a path of a proxy, which may take the path away or pass it on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from muscope.backend.settings import Settings
from tests.backend.api.conftest import serving

PREFIX = "/muscope"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    data = Path(tmp_path_factory.mktemp("prefix"))
    public = f"https://tools.example{PREFIX}"
    settings = Settings(data=data, public_url=public, broker_url=f"unix://{data}/none.sock")
    with serving(settings) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as made:
        yield made


@pytest.mark.parametrize("sent", [PREFIX, ""])
def test_every_kind_of_address_answers_with_and_without_the_prefix(client: httpx.Client, sent: str):
    for path in (
        "/",
        "/experiments",
        "/api/v1/experiments",
        "/static/js/main.js",
        "/healthz",
        "/docs/en/index.html",
    ):
        assert client.get(sent + path).status_code == 200, path


@pytest.mark.parametrize("sent", [PREFIX, ""])
def test_every_link_of_the_page_leads_below_the_prefix(client: httpx.Client, sent: str):
    page = client.get(f"{sent}/experiments").text

    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(links) > 10
    assert [link for link in links if not link.startswith((f"{PREFIX}/", "#"))] == []
    assert all(client.get(link).status_code == 200 for link in links if "/static/" in link)


@pytest.mark.parametrize("sent", [PREFIX, ""])
def test_the_address_of_what_was_made_leads_below_the_prefix(client: httpx.Client, sent: str):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "filename YS5jc3Y="}

    made = client.post(f"{sent}/api/v1/uploads", headers=headers)

    assert made.headers["location"].startswith(f"{PREFIX}/api/v1/uploads/")
    assert client.head(made.headers["location"], headers={"Tus-Resumable": "1.0.0"}).status_code == 200


def test_the_prefix_alone_leads_to_the_start_page(client: httpx.Client):
    reply = client.get(PREFIX)

    assert (reply.status_code, reply.headers["location"]) == (307, f"{PREFIX}/")


@pytest.mark.parametrize("sent", [PREFIX, ""])
def test_the_documentation_leads_on_by_addresses_that_hold_behind_the_proxy(client: httpx.Client, sent: str):
    reply = client.get(f"{sent}/docs", headers={"Accept-Language": "ja"})

    assert reply.headers["location"] == "docs/ja/index.html"


def test_the_rest_description_names_the_prefix_so_that_it_can_be_tried_out(client: httpx.Client):
    assert client.get(f"{PREFIX}/api/v1/openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_a_path_that_only_begins_like_the_prefix_is_not_taken_for_it(client: httpx.Client):
    assert client.get(f"{PREFIX}x/api/v1/experiments").status_code == 404


def test_without_a_public_path_nothing_is_added(tmp_path: Path):
    settings = Settings(
        data=tmp_path, public_url="https://tools.example/", broker_url=f"unix://{tmp_path}/n.sock"
    )

    assert settings.path_prefix == ""
