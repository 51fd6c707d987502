"""Uploading and keeping datasets over HTTP."""

from __future__ import annotations

import base64
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from muscope.backend.api.uploading import upload
from muscope.backend.errors import StorageFull
from muscope.backend.ingest.manifest import EXAMPLE_NAMES
from tests.backend.api.conftest import CSV, TABLE, UPLOAD_LIMIT, Server
from tests.backend.ingest.bad_files import CODES, npz, pixels
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ROUTE = "/api/v1/datasets"
OCTETS = {"Content-Type": "application/octet-stream"}
TEXT = "".join(f"{place}: Call me Ishmael.\n" for place in range(200)).encode()
PARAMS = {"name": "sales"}


def blocks(num_bytes: int) -> Iterator[bytes]:
    """Yield that many bytes in pieces, so that httpx sends no Content-Length."""
    for _ in range(num_bytes // 1000):
        yield b"1,2\n" * 250


def test_an_uploaded_table_is_stored_with_its_profile(dataset: dict[str, Any], client: httpx.Client):
    assert dataset["shape"]["task"] == "classification"
    assert dataset["profile"]["label"] == "sold"
    assert client.get(f"{ROUTE}/{dataset['id']}").json() == dataset
    assert dataset["id"] in [item["id"] for item in client.get(ROUTE).json()["items"]]


def test_the_same_data_are_stored_once(dataset: dict[str, Any], client: httpx.Client, server: Server):
    reply = client.post(ROUTE, params={"name": "again"}, content=TABLE, headers=CSV)

    assert reply.status_code == 200
    assert reply.json()["id"] == dataset["id"]
    assert reply.headers["location"] == f"{ROUTE}/{dataset['id']}"
    assert server.scratch == []


def test_a_variant_reads_the_stored_table_with_another_label(dataset: dict[str, Any], client: httpx.Client):
    route = f"{ROUTE}/{dataset['id']}/variants"

    reply = client.post(route, json={"label": "size", "task": "regression"})

    assert reply.status_code == 201
    variant = reply.json()
    assert variant["shape"]["task"] == "regression"
    assert client.delete(f"{ROUTE}/{variant['id']}").status_code == 204
    assert client.get(f"{ROUTE}/{variant['id']}").status_code == 404


def test_a_variant_may_be_split_and_scaled_otherwise(dataset: dict[str, Any], client: httpx.Client):
    route = f"{ROUTE}/{dataset['id']}/variants"
    wishes = {"label": "colour", "task": "regression", "split": "time:size"}

    by_time = client.post(route, json=wishes)
    others: tuple[dict[str, Any], ...] = ({"log_target": True}, {"split": "time:sold"})
    refused = [client.post(route, json=wishes | other) for other in others]

    assert by_time.status_code == 201, by_time.text
    decision = next(each for each in by_time.json()["profile"]["decisions"] if each["option"] == "split")
    assert (decision["value"], decision["is_guessed"]) == ("time:size", False)
    assert [(reply.status_code, reply.json()["error"]["code"]) for reply in refused] == [
        (400, "dataset.log_not_positive"),
        (400, "dataset.split_needs_time"),
    ]
    client.delete(f"{ROUTE}/{by_time.json()['id']}")


def test_a_table_tells_how_its_columns_become_numbers(dataset: dict[str, Any], client: httpx.Client):
    reply = client.get(f"{ROUTE}/{dataset['id']}/preprocessing")

    assert reply.status_code == 200
    assert [column["column"] for column in reply.json()["columns"]] == ["size", "colour"]
    assert all(column["std"] > 0 for column in reply.json()["columns"])


def test_images_have_no_columns_to_preprocess(client: httpx.Client):
    images = client.post(ROUTE, params={"name": "mine"}, content=npz(x=pixels(), y=CODES), headers=OCTETS)

    reply = client.get(f"{ROUTE}/{images.json()['id']}/preprocessing")
    variant = client.post(f"{ROUTE}/{images.json()['id']}/variants", json={"split": "time:y"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "dataset.no_preprocessing")
    assert (variant.status_code, variant.json()["error"]["code"]) == (400, "dataset.split_needs_columns")


def test_a_tab_may_be_spelled_out(client: httpx.Client):
    table = TABLE.replace(b",", b"\t").replace(b"yes", b"maybe")

    reply = client.post(ROUTE, params={"name": "tabs", "delimiter": "tab"}, content=table, headers=CSV)

    assert reply.status_code == 201, reply.text
    assert [column["name"] for column in reply.json()["profile"]["columns"]] == ["size", "colour", "sold"]


def test_a_built_in_dataset_is_created_once_and_has_no_file_to_read_again(client: httpx.Client):
    first = client.post("/api/v1/examples/friedman/dataset")
    again = client.post("/api/v1/examples/friedman/dataset")
    variant = client.post(f"{ROUTE}/{first.json()['id']}/variants", json={})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (variant.status_code, variant.json()["error"]["code"]) == (409, "dataset.has_no_source")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_examples_are_described_in_the_preferred_language(client: httpx.Client, language: str):
    examples = client.get("/api/v1/examples", headers={"Accept-Language": language}).json()

    assert [example["name"] for example in examples] == list(EXAMPLE_NAMES)
    assert examples[0]["title"].isascii() == (language == "en")


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("book", "text/plain; charset=utf-8", None),
        ("BOOK.TXT", "application/octet-stream", None),
        ("book.csv", "text/csv", "text"),
    ],
)
def test_a_text_is_known_by_its_type_its_name_or_on_request(client, name, media_type, kind):
    params = {"name": name, "kind": kind} if kind else {"name": name}

    reply = client.post(ROUTE, params=params, content=TEXT, headers={"Content-Type": media_type})

    assert reply.status_code in (200, 201), reply.text
    assert reply.json()["shape"]["task"] == "language_modelling"
    assert reply.json()["profile"]["text"] == {
        "num_bytes": len(TEXT),
        "num_files": 1,
        "bytes_per_token": None,
    }
    windows = client.get(f"{reply.headers['location']}/samples", params={"limit": 3}).json()
    assert (len(windows["texts"]), windows["images"]) == (3, [])


def test_images_are_known_by_their_bytes_and_shown_as_pictures(client: httpx.Client):
    content = npz(x=pixels(30, 6, 5, 3), y=CODES)

    reply = client.post(ROUTE, params={"name": "mine"}, content=content, headers=OCTETS)

    assert reply.status_code == 201, reply.text
    assert reply.json()["shape"]["image"] == {"height": 6, "width": 5, "channels": 3}
    samples = client.get(f"{reply.headers['location']}/samples").json()["images"]
    assert [sample["label"] for sample in samples[:4]] == ["0", "1", "2", "0"]
    assert len(samples) == 20
    assert all(base64.b64decode(sample["png"]).startswith(b"\x89PNG") for sample in samples)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.txt", b"short", "dataset.text_too_short"),
        ("x.npz", b"PK\x03\x04" + bytes(99), "dataset.archive_damaged"),
        ("x.csv.gz", b"\x1f\x8b\x08" + bytes(99), "dataset.archive_damaged"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(client, server, name, content, code):
    reply = client.post(ROUTE, params={"name": name}, content=content, headers=OCTETS)

    assert reply.json()["error"]["code"] == code
    assert server.scratch == []


def test_a_table_has_a_profile_instead_of_samples(dataset: dict[str, Any], client: httpx.Client):
    reply = client.get(f"{ROUTE}/{dataset['id']}/samples")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "dataset.has_no_samples")


@pytest.mark.parametrize("limit", [0, 101])
def test_a_few_samples_are_a_few(dataset: dict[str, Any], client: httpx.Client, limit: int):
    reply = client.get(f"{ROUTE}/{dataset['id']}/samples", params={"limit": limit})

    assert (reply.status_code, reply.json()["error"]["params"]["field"]) == (422, "limit")


def test_a_table_that_cannot_be_read_leaves_nothing_behind(client: httpx.Client, server: Server):
    reply = client.post(ROUTE, params=PARAMS, content=b"a,b\n1,2,3\n", headers=CSV)

    assert reply.status_code == 400
    assert reply.json()["error"]["code"].startswith("dataset.")
    assert server.scratch == []


@pytest.mark.parametrize("length", ["announced", "unknown"])
def test_an_upload_over_the_limit_is_refused_naming_it(client: httpx.Client, server: Server, length: str):
    body = bytes(UPLOAD_LIMIT + 1) if length == "announced" else blocks(UPLOAD_LIMIT + 5000)

    reply = client.post(ROUTE, params=PARAMS, content=body, headers=CSV)

    assert reply.status_code == 413
    assert reply.json()["error"]["params"]["limit_bytes"] == UPLOAD_LIMIT
    assert str(UPLOAD_LIMIT) in reply.json()["error"]["message"]
    assert server.scratch == []


def test_more_bytes_than_announced_are_refused(server: Server):
    head = f"POST {ROUTE}?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    answer = server.send(f"{head}Content-Length: 3\r\n\r\n".encode() + b"a,b" + b"1" * UPLOAD_LIMIT)

    assert answer.startswith(b"HTTP/1.1 400")
    wait_until(lambda: server.scratch == [])


def test_an_upload_that_breaks_off_leaves_nothing_behind(server: Server, client: httpx.Client):
    head = f"POST {ROUTE}?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    server.send(f"{head}Content-Length: 5000\r\n\r\na,b\n".encode())

    wait_until(lambda: server.scratch == [])
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "given", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html", ""]
)
def test_only_raw_content_types_are_accepted(client: httpx.Client, given: str):
    reply = client.post(ROUTE, params=PARAMS, content=TABLE, headers={"Content-Type": given})

    assert (reply.status_code, reply.json()["error"]["code"]) == (415, "upload.media_type")


def test_an_upload_that_falls_silent_is_stopped(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload, "IDLE_SECONDS", 0.05)
    head = f"POST {ROUTE}?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(f"{head}Content-Length: 5000\r\n\r\na,b\n".encode())
        answer = line.recv(65536)

    assert b"upload.idle" in answer
    assert server.scratch == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_a_full_disk_is_told_as_such():
    with (
        Path("/dev/full").open("wb", buffering=0) as disk,
        pytest.raises(StorageFull, match=r"storage\.full"),
    ):
        upload._write(disk, b"a,b")


@pytest.mark.parametrize("name", ["", "x" * 201, "bad\x00name", "two\nlines"])
def test_the_name_must_be_short_plain_text(client: httpx.Client, name: str):
    reply = client.post(ROUTE, params={"name": name}, content=TABLE, headers=CSV)

    assert (reply.status_code, reply.json()["error"]["params"]["field"]) == (422, "name")


def test_a_dataset_in_use_cannot_be_deleted(client: httpx.Client, experiment: dict[str, Any]):
    reply = client.delete(f"{ROUTE}/{experiment['dataset_id']}")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "dataset.in_use")


def test_an_unknown_dataset_is_not_found(client: httpx.Client):
    assert client.delete(f"{ROUTE}/{uuid.uuid4()}").status_code == 404
