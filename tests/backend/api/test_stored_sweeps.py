"""Sweeps over REST: a file in, its answer kept, its columns explained, figures, runs and report out."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import uuid4

import httpx
import pytest

from muscope.backend.catalogue import catalogue
from tests.backend.sweeps.made import judged, sweep, table
from tests.differences import differences

SWEEPS = "/api/v1/sweeps"
OCTETS = {"Content-Type": "application/octet-stream"}


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO()
    columns = table(rows)
    csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return file.getvalue().encode()


def renamed(rows: list[dict[str, Any]], **names: str) -> list[dict[str, Any]]:
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def send(client: httpx.Client, content: bytes, name: str = "sweep.csv") -> httpx.Response:
    return client.post(SWEEPS, params={"name": name}, content=content, headers=OCTETS)


@pytest.fixture(scope="module")
def drifting() -> list[dict[str, Any]]:
    return sweep(drift=-1.0, noise=0.0005)


def test_a_stored_sweep_has_the_answer_of_the_command(client: httpx.Client, drifting: list[dict[str, Any]]):
    reply = send(client, as_csv(drifting))

    stored = reply.json()
    again = client.get(reply.headers["Location"])
    assert reply.status_code == 201, reply.text
    assert differences(stored["reading"]["answer"], judged(drifting).model_dump(mode="json")) == []
    assert (again.json(), again.headers["ETag"]) == (stored, '"0"')
    assert {column["name"]: column["role"] for column in stored["reading"]["columns"]} == {
        "width": "width",
        "lr": "lr",
        "seed": "seed",
        "loss": "loss",
    }


def test_the_same_file_is_stored_once_and_listed(client: httpx.Client):
    content = as_csv(sweep(noise=0.0011))
    first, second = (send(client, content) for _ in range(2))

    listed = client.get(SWEEPS).json()

    assert (first.status_code, second.status_code) == (201, 200)
    assert [item["id"] for item in listed].count(first.json()["id"]) == 1


@pytest.fixture(scope="module")
def three_sweeps(client: httpx.Client, drifting: list[dict[str, Any]]) -> list[str]:
    """Names of a sweep that does not transfer, one that does, and one with a question, in that order."""
    unclear = renamed(sweep(noise=0.0023), lr="rate")
    contents = {"sought drift_a": drifting, "sought Level": sweep(noise=0.0019), "sought b% asked": unclear}
    for place, (name, rows) in enumerate(contents.items()):
        # The name in each row makes the file a new one; further seeds give every file another length.
        copies = rows + [rows[-1] | {"seed": 90 + k} for k in range(place)]
        reply = send(client, as_csv([row | {"note": name} for row in copies]), name)
        assert reply.status_code == 201, reply.text
    return list(contents)


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [2, 1, 0]),
        ({"order": "asc"}, [0, 1, 2]),
        ({"sort": "name"}, [2, 0, 1]),
        ({"sort": "outcome"}, [1, 0, 2]),
        ({"sort": "outcome", "order": "desc"}, [0, 1, 2]),
        ({"sort": "rows"}, [2, 1, 0]),
        ({"q": "sought LEVEL"}, [1]),
        ({"q": "b%"}, [2]),
        ({"q": "t_level"}, []),
        ({"outcome": "does_not_transfer"}, [0]),
        ({"outcome": ["does_not_transfer", "transfers"]}, [1, 0]),
    ],
)
def test_sweeps_are_sought_and_sorted(
    client: httpx.Client, three_sweeps: list[str], query: dict[str, Any], places: list[int]
):
    reply = client.get(SWEEPS, params={"q": "sought", **query})

    assert [item["name"] for item in reply.json()] == [three_sweeps[place] for place in places]
    assert reply.headers["X-Total-Count"] == str(len(places))


def test_a_page_of_sought_sweeps_leads_to_the_next_and_is_not_sent_again(
    client: httpx.Client, three_sweeps: list[str]
):
    query: dict[str, Any] = {"q": "sought", "sort": "name", "limit": 2}
    first = client.get(SWEEPS, params=query)
    second = client.get(first.links["next"]["url"])
    again = client.get(SWEEPS, params=query, headers={"If-None-Match": first.headers["ETag"]})

    names = [item["name"] for item in first.json() + second.json()]
    assert names == [three_sweeps[place] for place in (2, 0, 1)]
    assert (first.headers["X-Total-Count"], second.headers["X-Total-Count"]) == ("3", "3")
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("name", "value"), [("outcome", "maybe"), ("sort", "size"), ("order", "up")])
def test_a_filter_that_sweeps_do_not_have_is_refused(client: httpx.Client, name: str, value: str):
    reply = client.get(SWEEPS, params={name: value})

    assert (reply.status_code, name in reply.text) == (422, True)


def test_a_table_of_runs_that_was_uploaded_as_data_is_judged_without_being_sent_again(client: httpx.Client):
    rows = sweep(noise=0.0017, seeds=2)
    content = as_csv(rows)
    params = {"name": "runs.csv", "label": "loss"}
    dataset = client.post(
        "/api/v1/datasets", params=params, content=content, headers={"Content-Type": "text/csv"}
    )

    address = f"{SWEEPS}/of-dataset/{dataset.json()['id']}"
    first, second = (client.post(address) for _ in range(2))
    missing = client.post(f"{SWEEPS}/of-dataset/{uuid4()}")

    noted = {note["code"] for note in dataset.json()["profile"]["notes"]}
    assert "dataset.looks_like_sweep" in noted
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["name"] == "runs.csv"
    assert first.json()["reading"]["answer"]["outcome"] == judged(rows).outcome
    assert client.get(f"{first.headers['Location']}/file").content == content
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "dataset.not_found")
    assert client.get(f"{SWEEPS}/{first.json()['id']}/text").text.startswith(
        catalogue("en")[f"sweep.headline.{judged(rows).outcome}"]
    )


def test_an_unclear_column_is_asked_about_and_the_choice_answers(client: httpx.Client):
    rows = sweep(noise=0.0007)
    sent = send(client, as_csv(renamed(rows, lr="rate", seed="repeat"))).json()
    address = f"{SWEEPS}/{sent['id']}"
    unclear = client.get(f"{address}/next-runs")

    roles = {"rate": "lr", "repeat": "seed"}
    reply = client.patch(address, json={"choices": {"roles": roles}}, headers={"If-Match": '"0"'})
    late = client.patch(address, json={"name": "other"}, headers={"If-Match": '"0"'})

    assert sent["reading"]["question"]["code"] == "sweep.no_lr"
    assert (unclear.status_code, unclear.json()["error"]["code"]) == (409, "sweep.not_clear")
    assert reply.json()["reading"]["answer"]["outcome"] == judged(rows).outcome
    assert [c["is_given"] for c in reply.json()["reading"]["columns"]] == [False, True, True, False]
    assert (late.status_code, late.json()["error"]["code"]) == (412, "sweep.changed_meanwhile")


def test_figures_show_what_was_measured(client: httpx.Client, drifting: list[dict[str, Any]]):
    address = f"{SWEEPS}/{send(client, as_csv(drifting)).json()['id']}/figures"

    losses = client.get(f"{address}/lr_loss").json()["figure"]["data"]
    best = client.get(f"{address}/best_lr/table").json()
    costs = client.get(f"{address}/cost/table", params={"format": "csv"})
    missing = client.get(f"{address}/cost", params={"axis": 7})

    assert [len(line["x"]) for line in losses] == [9, 9, 9, 9]
    assert [row[1] for row in best["rows"]] == pytest.approx(
        [2.0**-9, 2.0**-10, 2.0**-11, 2.0**-12], rel=1e-4
    )
    assert costs.text.startswith("\ufeff")
    assert missing.json()["error"]["code"] == "sweep.no_axis"


def test_the_next_runs_are_a_table_for_a_script(client: httpx.Client, drifting: list[dict[str, Any]]):
    stored = send(client, as_csv(drifting)).json()

    reply = client.get(f"{SWEEPS}/{stored['id']}/next-runs")

    rows = list(csv.DictReader(io.StringIO(reply.text)))
    expected = [
        run
        for arm in stored["reading"]["answer"]["arms"]
        for axis in arm["axes"]
        for run in axis["next_runs"]
    ]
    assert [float(row["lr"]) for row in rows] == pytest.approx([run["lr"] for run in expected])
    assert {"width", "seeds", "settles"} <= set(rows[0])


@pytest.mark.parametrize(
    ("language", "headline"), [("en", "cannot be used"), ("ja", "そのままでは使えません")]
)
def test_the_report_opens_offline_in_both_languages(
    client: httpx.Client, drifting: list[dict[str, Any]], language: str, headline: str
):
    stored = send(client, as_csv(drifting)).json()

    reply = client.get(f"{SWEEPS}/{stored['id']}/report", params={"language": language})

    assert reply.status_code == 200, reply.text
    assert headline in reply.text
    assert reply.text.count("<svg") >= 3
    axes = stored["reading"]["answer"]["arms"][0]["axes"]
    compared = [each for axis in axes for each in axis["comparisons"]]
    assert {each["is_target"] for each in compared} == {True, False}
    assert all(f"{each['base']:g} → {each['target']:g}" in reply.text for each in compared)
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_the_file_comes_back_byte_for_byte_until_it_is_deleted(client: httpx.Client):
    content = as_csv(sweep(noise=0.0013))
    address = f"{SWEEPS}/{send(client, content, 'わたしの表.csv').json()['id']}"

    file = client.get(f"{address}/file")
    deleted = client.delete(address)

    assert (file.content, deleted.status_code) == (content, 204)
    assert client.get(address).json()["error"]["code"] == "sweep.not_found"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "dataset.empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), 415, "sweep.unknown_format"),
        (b"size,lr,loss\n" + b"1,0.1,2\n" * 20_001, 413, "sweep.too_many_rows"),
    ],
)
def test_what_is_no_sweep_is_named_and_not_kept(client: httpx.Client, content: bytes, status: int, code: str):
    before = client.get(SWEEPS).json()

    reply = send(client, content)

    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert client.get(SWEEPS).json() == before


def test_a_sweep_that_is_not_there_is_named(client: httpx.Client):
    for reply in (client.get(f"{SWEEPS}/{uuid4()}"), client.delete(f"{SWEEPS}/{uuid4()}")):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "sweep.not_found")
