"""Uploads in pieces over REST: resuming, and the newest request."""

from __future__ import annotations

import asyncio
import hashlib
import socket

import httpx
import pytest
from starlette.requests import Request

from muscope.backend.api.routes import uploads as route
from muscope.backend.api.uploading import upload
from muscope.backend.db import uploads as upload_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import InvalidInput
from tests.backend.api.conftest import UPLOAD_LIMIT, Server
from tests.backend.api.uploads.pieces import FILE, ROUTE, announce, code_of, offset_of, send
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def test_the_server_says_what_it_can(client: httpx.Client):
    headers = client.options(ROUTE).headers

    assert headers["tus-version"] == headers["tus-resumable"] == "1.0.0"
    assert set(headers["tus-extension"].split(",")) == {"creation", "termination", "expiration", "checksum"}
    assert set(headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256"}
    assert headers["tus-max-size"] == str(UPLOAD_LIMIT)


def test_a_file_in_two_pieces_becomes_a_dataset(client: httpx.Client, server: Server):
    address = announce(client, len(FILE))
    first = send(client, address, 0, FILE[:500])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "500")
    assert "GMT" in first.headers["upload-expires"]
    assert client.get(address).json()["state"] == "receiving"
    assert send(client, address, 500, FILE[500:]).headers["upload-offset"] == str(len(FILE))
    received = client.get(address).json()
    assert (received["state"], received["received_bytes"], received["name"]) == (
        "received",
        len(FILE),
        "sales.csv",
    )

    reply = client.post("/api/v1/datasets", params={"upload": received["id"], "name": "sales.csv"})

    assert reply.status_code == 201, reply.text
    assert reply.json()["source_bytes"] == len(FILE)
    assert reply.json()["profile"]["label"] == "sold"
    assert client.get(address).status_code == 404
    blob = server.runtime.context.blobs.path(hashlib.sha256(FILE).hexdigest())
    assert blob.read_bytes() == FILE
    assert client.delete(f"/api/v1/datasets/{reply.json()['id']}").status_code == 204
    assert not blob.exists()


def test_an_upload_that_cannot_be_read_is_kept_for_another_try(client: httpx.Client):
    file = FILE.replace(b",", b";").replace(b"height", b"width")
    address = announce(client, len(file))
    send(client, address, 0, file)
    params = {"upload": address.rsplit("/", 1)[1], "name": "sales.csv"}

    refused = client.post("/api/v1/datasets", params={**params, "label": "no such column"})
    assert refused.status_code == 400
    stored = client.post("/api/v1/datasets", params={**params, "delimiter": ";"})

    assert stored.status_code == 201, stored.text
    assert client.get(address).status_code == 404
    client.delete(f"/api/v1/datasets/{stored.json()['id']}")


def test_an_unfinished_upload_is_no_dataset_yet(client: httpx.Client):
    address = announce(client, len(FILE))
    send(client, address, 0, FILE[:10])

    reply = client.post("/api/v1/datasets", params={"upload": address.rsplit("/", 1)[1], "name": "x"})

    assert code_of(reply) == (409, "upload.incomplete")
    assert offset_of(client, address) == 10


def test_a_broken_connection_costs_nothing_that_was_counted(client, server, monkeypatch):
    monkeypatch.setattr(route, "_BLOCK_BYTES", 64)
    address = announce(client, len(FILE))
    head = (
        f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(FILE)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(head.encode() + FILE[:300])
        wait_until(lambda: offset_of(client, address) == 300)

    assert send(client, address, 300, FILE[300:]).status_code == 204


def test_what_came_before_a_connection_broke_is_handed_on():
    messages = iter(
        [
            {"type": "http.request", "body": b"first", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive():
        return next(messages)

    async def gather() -> None:
        async for block in upload.blocks(Request({"type": "http", "headers": []}, receive)):
            taken.append(block)

    taken: list[bytes] = []
    with pytest.raises(InvalidInput, match=r"upload\.broken_off"):
        asyncio.run(gather())

    assert taken == [b"first"]


def test_the_newest_request_wins_over_one_that_hangs(client: httpx.Client, server: Server):
    address = announce(client, len(FILE))
    head = (
        f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(FILE)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port), 5) as hanging:
        hanging.sendall(head + b"x" * 100)
        wait_until(lambda: fence_of(server) == 1)

        assert send(client, address, 0, FILE).status_code == 204

        hanging.sendall(b"x" * (len(FILE) - 100))
        assert b"upload.overtaken" in hanging.recv(65536)
    assert client.get(address).json()["state"] == "received"
    assert (server.settings.upload_folder / address.rsplit("/", 1)[1].replace("-", "")).read_bytes() == FILE


def fence_of(server: Server) -> int:
    with server.runtime.context.database.read() as session:
        return upload_rows.list_of(session, LOCAL_OWNER)[0].fence


def test_a_silent_connection_is_ended_and_what_came_counts(client, server, monkeypatch):
    monkeypatch.setattr(upload, "IDLE_SECONDS", 0.05)
    address = announce(client, len(FILE))
    head = (
        f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(FILE)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(head.encode() + FILE[:70])
        assert b"upload.idle" in line.recv(65536)

    assert offset_of(client, address) == 70


def test_many_small_blocks_make_the_same_file(client, server, monkeypatch):
    monkeypatch.setattr(route, "_BLOCK_BYTES", 64)
    address = announce(client, len(FILE))

    assert send(client, address, 0, FILE).status_code == 204

    assert (server.settings.upload_folder / address.rsplit("/", 1)[1].replace("-", "")).read_bytes() == FILE
