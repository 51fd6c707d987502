"""Figures of compared experiments: letters instead of names, cautions, the same numbers as a table."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from muscope.backend.catalogue import LANGUAGES, text

ROUTE = "/api/v1/compare/figures"
NAMES = ("lr_loss", "loss", "sharpness")


@pytest.fixture(scope="module")
def finished(client: httpx.Client) -> dict[str, Any]:
    """Return the finished example that ships with the product."""
    made: dict[str, Any] = client.post("/api/v1/examples/experiment").json()
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_curves_are_drawn_with_letters_and_other_data_are_cautioned_against(
    client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any], name: str, language: str
):
    asked = {"ids": f"{experiment['id']},{finished['id']}"}
    reply = client.get(f"{ROUTE}/{name}", params=asked, headers={"Accept-Language": language})

    assert reply.status_code == 200, reply.text
    figure = reply.json()["figure"]
    # The queued experiment A has no values yet.
    assert [trace["name"][0] for trace in figure["data"]] == ["B", "B"]
    assert [trace["line"]["dash"] for trace in figure["data"]] == ["dash", "solid"]
    notes = [each["text"] for each in figure["layout"]["annotations"]]
    assert text("figure.compare.note.data", language) in notes


def test_a_figure_has_the_values_of_the_experiments_own_figure(
    client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any]
):
    own = client.get(f"/api/v1/experiments/{finished['id']}/figures/lr_loss/table").json()
    lr, mean = own["columns"].index("Learning rate η"), 4
    rows = [row for row in own["rows"] if row[0] == "µP" and row[1] == 256]

    ids = f"{finished['id']},{experiment['id']}"
    found = client.get(f"{ROUTE}/lr_loss/table", params={"ids": ids}).json()["rows"]

    assert rows
    assert [row[2:4] for row in found if row[1] == 256] == [[row[lr], row[mean]] for row in rows]


def test_numbers_are_saved_as_csv(client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any]):
    asked = {"ids": f"{finished['id']},{experiment['id']}", "format": "csv"}
    reply = client.get(f"{ROUTE}/loss/table", params=asked)

    assert reply.headers["content-type"].startswith("text/csv")
    assert len(reply.text.splitlines()) > 2


def test_a_figure_that_has_not_changed_is_not_sent_again(
    client: httpx.Client, finished: dict[str, Any], experiment: dict[str, Any]
):
    asked = {"ids": f"{finished['id']},{experiment['id']}"}
    first = client.get(f"{ROUTE}/lr_loss", params=asked)

    same = client.get(f"{ROUTE}/lr_loss", params=asked, headers={"If-None-Match": first.headers["ETag"]})
    other = client.get(f"{ROUTE}/loss", params=asked, headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
