"""Uploads in pieces over REST: offsets, lengths, checksums, owners, quotas."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from muscope.backend.api.deps import require_owner
from muscope.backend.db.schema.tables import PrincipalRow
from tests.backend.api.conftest import UPLOAD_LIMIT, Server
from tests.backend.api.uploads.pieces import FILE, ROUTE, TUS, announce, code_of, offset_of, send

pytestmark = pytest.mark.slow


def checksum(algorithm: str, piece: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


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
