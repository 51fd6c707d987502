"""Requests of the tus protocol to the running server."""

from __future__ import annotations

import base64

import httpx

from tests.backend.api.conftest import TABLE

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
