"""Large files in pieces: the tus protocol over HTTP, and what becomes of a finished file."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from muscope.backend.api.deps import require_owner
from muscope.backend.api.routes import uploads as route
from muscope.backend.api.uploading import upload
from muscope.backend.db import uploads as upload_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow
from muscope.backend.errors import InvalidInput
from tests.backend.api.conftest import TABLE, UPLOAD_LIMIT, Server
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ROUTE = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
# A table of its own, so that no other test has stored it before.
FILE = b"height,shape,sold\n" + b"".join(TABLE.splitlines(keepends=True)[1:])


def announce(client: httpx.Client, size: int, name: str = "sales.csv") -> str:
    """Open an upload and return its address."""
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    reply = client.post(ROUTE, headers=headers)
    assert reply.status_code == 201, reply.text
    location: str = reply.headers["location"]
    return location


def send(client: httpx.Client, address: str, offset: int, piece: bytes, **headers: str) -> httpx.Response:
    return client.patch(address, content=piece, headers={**PIECE, "Upload-Offset": str(offset), **headers})


def offset_of(client: httpx.Client, address: str) -> int:
    reply = client.head(address, headers=TUS)
    assert reply.status_code == 200
    return int(reply.headers["upload-offset"])


def code_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def checksum(algorithm: str, piece: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


@pytest.fixture(autouse=True)
def nothing_is_left(client: httpx.Client, server: Server) -> Iterator[None]:
    """Fail when a test leaves a file of an upload that no upload explains."""
    yield
    for open_one in client.get(ROUTE).json():
        client.delete(f"{ROUTE}/{open_one['id']}", headers=TUS)
    folder = server.settings.upload_folder
    assert (list(folder.iterdir()) if folder.is_dir() else []) == []
    assert server.scratch == []


@contextmanager
def another_owner(server: Server) -> Iterator[None]:
    """Ask as somebody else."""
    with server.runtime.context.database.write() as session:
        session.merge(PrincipalRow(id="other", name="other"))
    server.app.dependency_overrides[require_owner] = lambda: "other"
    try:
        yield
    finally:
        server.app.dependency_overrides.clear()


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


def test_a_piece_at_another_offset_is_refused(client: httpx.Client):
    address = announce(client, 100)
    send(client, address, 0, b"a" * 40)

    again = send(client, address, 0, b"a" * 40)
    ahead = send(client, address, 50, b"a" * 50)

    assert code_of(again) == code_of(ahead) == (409, "upload.offset")
    assert again.json()["error"]["params"] == {"given": 0, "expected": 40}
    assert offset_of(client, address) == 40


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_than_was_announced_is_refused(client: httpx.Client, is_announced: bool):
    address = announce(client, 100)
    piece: Any = b"a" * 101 if is_announced else iter([b"a" * 60, b"a" * 41])

    reply = send(client, address, 0, piece)

    assert code_of(reply) == (413, "upload.beyond_length")
    assert offset_of(client, address) == 0


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_piece_with_its_checksum_counts(client: httpx.Client, algorithm: str):
    address = announce(client, len(FILE))

    reply = send(client, address, 0, FILE, **{"Upload-Checksum": checksum(algorithm, FILE)})

    assert reply.status_code == 204
    assert client.get(address).json()["state"] == "received"


def test_a_piece_with_another_checksum_is_forgotten(client: httpx.Client, server: Server):
    address = announce(client, len(FILE))
    send(client, address, 0, FILE[:9])

    reply = send(client, address, 9, FILE[9:], **{"Upload-Checksum": checksum("sha256", b"other")})

    assert code_of(reply) == (460, "upload.checksum")
    assert offset_of(client, address) == 9
    stored = server.settings.upload_folder / address.rsplit("/", 1)[1].replace("-", "")
    assert stored.read_bytes() == FILE[:9]


@pytest.mark.parametrize("given", ["md5 AAAA", "sha256 not base64!", "sha256"])
def test_a_checksum_that_cannot_be_compared_is_refused(client: httpx.Client, given: str):
    address = announce(client, 10)

    reply = send(client, address, 0, b"a" * 10, **{"Upload-Checksum": given})

    assert reply.status_code in (400, 460)
    assert offset_of(client, address) == 0


def test_a_cancelled_upload_is_gone(client: httpx.Client, server: Server):
    address = announce(client, 100)
    send(client, address, 0, b"a" * 40)

    assert client.delete(address, headers=TUS).status_code == 204

    assert list(server.settings.upload_folder.iterdir()) == []
    assert client.head(address, headers=TUS).status_code == 404
    assert code_of(send(client, address, 40, b"a")) == (404, "upload.not_found")
    assert client.delete(address, headers=TUS).status_code == 404


def test_uploads_of_another_owner_do_not_exist(client: httpx.Client, server: Server):
    address = announce(client, 100)
    send(client, address, 0, b"a" * 40)
    upload_id = address.rsplit("/", 1)[1]

    with another_owner(server):
        assert client.get(ROUTE).json() == []
        assert client.get(address).status_code == 404
        assert client.head(address, headers=TUS).status_code == 404
        assert send(client, address, 40, b"a").status_code == 404
        assert client.delete(address, headers=TUS).status_code == 404
        assert client.post("/api/v1/datasets", params={"upload": upload_id, "name": "x"}).status_code == 404

    assert offset_of(client, address) == 40


@pytest.mark.parametrize("given", ["0.2.2", "", None])
def test_another_version_of_the_protocol_is_refused_first(client: httpx.Client, given: str | None):
    address = announce(client, 10)
    headers = {} if given is None else {"Tus-Resumable": given}

    for reply in (
        client.post(ROUTE, headers={**headers, "Upload-Length": "3"}),
        client.patch(address, content=b"abc", headers=headers),
    ):
        assert code_of(reply) == (412, "upload.protocol")
    assert client.head(address, headers=headers).status_code == 412


@pytest.mark.parametrize("given", ["", "-1", "1e3", "1" * 30, "１"])
def test_a_length_must_be_a_number_of_bytes(client: httpx.Client, given: str):
    headers = [(name.encode(), value.encode()) for name, value in {**TUS, "Upload-Length": given}.items()]

    reply = client.post(ROUTE, headers=headers)

    assert code_of(reply) == (400, "upload.header")


def test_an_empty_or_too_large_file_is_refused_when_it_is_announced(client: httpx.Client):
    empty = client.post(ROUTE, headers={**TUS, "Upload-Length": "0"})
    large = client.post(ROUTE, headers={**TUS, "Upload-Length": str(UPLOAD_LIMIT + 1)})

    assert code_of(empty) == (400, "dataset.empty_file")
    assert code_of(large) == (413, "upload.too_large")
    assert str(UPLOAD_LIMIT) in large.json()["error"]["message"]


def test_a_piece_must_be_announced_as_one(client: httpx.Client):
    address = announce(client, 10)

    reply = send(client, address, 0, b"a", **{"Content-Type": "text/csv"})

    assert code_of(reply) == (415, "upload.media_type")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("売上.csv", "売上.csv"), ("a\r\nb\x00.csv", "ab.csv"), ("\n", "upload"), ("x" * 300, "x" * 200)],
)
def test_a_name_is_shown_without_control_characters(client: httpx.Client, name: str, shown: str):
    address = announce(client, 10, name)

    assert client.get(address).json()["name"] == shown


def test_the_room_of_an_open_upload_counts_until_it_is_cancelled(client: httpx.Client):
    before = client.get("/api/v1/usage").json()
    address = announce(client, 5000)
    during = client.get("/api/v1/usage").json()
    client.delete(address, headers=TUS)

    assert during["used_bytes"] - before["used_bytes"] == during["uploads_bytes"] == 5000
    assert client.get("/api/v1/usage").json() == before
