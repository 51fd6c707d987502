"""Runs over REST: pages and filters, refusals by name, and a file for a spreadsheet."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.fixture
def route(experiment: dict[str, Any]) -> str:
    return f"/api/v1/experiments/{experiment['id']}/runs"


def test_several_values_of_one_filter_are_given_by_repeating_it(client: httpx.Client, route: str):
    asked: list[tuple[str, str | int | float | bool | None]] = [
        ("width", 8),
        ("width", 16),
        ("parametrization", "mup"),
        ("lr_high", 0.15),
        ("limit", 3),
    ]

    page = client.get(route, params=asked).json()

    assert page["total"] == 4  # 2 widths, 1 of 2 arms, 1 of 2 LRs, 2 seeds
    assert len(page["items"]) == 3
    assert {(run["parametrization"], run["lr"]) for run in page["items"]} == {("mup", 0.1)}


@pytest.mark.parametrize("path", ["", ".csv"])
@pytest.mark.parametrize(
    ("params", "name", "given"),
    [
        ({"stat": "running"}, "name", "stat"),
        ({"width": "wide"}, "field", "width[0]"),
        ({"lr_low": "0"}, "field", "lr_low"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(
    client: httpx.Client, route: str, path: str, params: dict[str, str], name: str, given: str
):
    reply = client.get(route + path, params=params)

    assert (reply.status_code, reply.json()["error"]["params"][name]) == (422, given)


def test_a_file_is_a_download_that_excel_reads_as_utf8(client: httpx.Client, route: str):
    reply = client.get(f"{route}.csv", params={"width": 8})

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply.headers["content-disposition"]
    assert reply.content.startswith(b"\xef\xbb\xbfscenario,")
    assert len(reply.content.splitlines()) == 1 + 8


def test_the_link_of_a_page_leads_to_the_runs_after_it(client: httpx.Client, experiment: dict[str, Any]):
    path = f"/api/v1/experiments/{experiment['id']}/runs"
    total = client.get(path).json()["total"]

    first = client.get(path, params={"limit": total - 1})
    rest = client.get(first.links["next"]["url"])

    assert len(rest.json()["items"]) == 1
    assert "next" not in rest.links
    assert client.get(path, headers={"If-None-Match": client.get(path).headers["etag"]}).status_code == 304
