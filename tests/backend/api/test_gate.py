"""Hosts, sites and headers, on every route and method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from muscope.backend.api.app import create_app
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPERATIONS: dict[str, dict[str, Any]] = create_app(Settings()).openapi()["paths"]
PATHS = [*OPERATIONS, "/api/v1/openapi.json", "/", "/nothing"]
UNSAFE = [
    (method.upper(), path)
    for path, operations in OPERATIONS.items()
    for method in operations
    if method not in {"get", "head", "options"}
]
# It takes nothing that could be wrong, so it would be done.
MAKES_AN_EXPERIMENT = "/api/v1/examples/experiment"


def concrete(path: str) -> str:
    for name in ("dataset_id", "experiment_id", "cell_id", "upload_id"):
        path = path.replace(f"{{{name}}}", "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11")
    return path.replace("{name}", "nothing")


@pytest.fixture
def num_rows(client: httpx.Client) -> Iterator[None]:
    """Fail when the test changed what is stored."""
    routes = ("/api/v1/datasets", "/api/v1/experiments")
    before = [client.get(route).text for route in routes]
    yield
    assert [client.get(route).text for route in routes] == before


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "localhost@evil", "", "[::2]"],
)
def test_a_foreign_host_is_refused_on_every_route_and_method(client: httpx.Client, host: str):
    for path in PATHS:
        for method in METHODS:
            reply = client.request(method, concrete(path), headers={"Host": host})

            assert reply.status_code == 400, (method, path)
            if method != "HEAD":
                assert reply.json()["error"]["code"] == "host.not_allowed"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:8000", "[::1]"])
def test_our_own_names_are_accepted_with_any_port(client: httpx.Client, host: str):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_two_host_headers_are_refused(server: Server):
    answer = server.send(
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 400")


def test_there_are_unsafe_routes():
    assert len(UNSAFE) == 40


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, False),
        ({"Origin": "https://localhost:8000"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, False),
        ({"Sec-Fetch-Site": "nonsense"}, False),
        ({"Origin": "http://localhost:8000"}, True),
        ({"Origin": "http://localhost:9000"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "file://localhost:8000"}, False),
        ({"Origin": "http://["}, False),
    ],
)
@pytest.mark.usefixtures("num_rows")
def test_other_sites_cannot_change_anything(client: httpx.Client, headers: dict[str, str], is_ours: bool):
    for method, path in UNSAFE:
        if is_ours and path == MAKES_AN_EXPERIMENT:
            continue
        reply = client.request(method, concrete(path), headers={"Host": "localhost:8000", **headers})

        assert (reply.status_code != 403) is is_ours, (method, path)


@pytest.mark.parametrize(
    ("public_url", "host", "origin", "status"),
    [
        # A proxy that rewrites the Host, as nginx does when it is not told otherwise.
        ("https://tools.example/muscope", "127.0.0.1:8000", "https://tools.example", 404),
        (None, "127.0.0.1:8000", "https://tools.example", 403),
        # A proxy that passes it on.
        ("https://tools.example", "tools.example", "https://tools.example", 404),
        (None, "tools.example", "https://tools.example", 400),
        # The public address opens the door to itself only.
        ("https://tools.example", "127.0.0.1:8000", "http://tools.example", 403),
        ("https://tools.example", "127.0.0.1:8000", "https://tools.example.evil", 403),
    ],
)
def test_a_proxy_is_let_in_by_the_address_that_people_open(
    tmp_path: Path, public_url: str | None, host: str, origin: str, status: int
):
    settings = Settings(data=tmp_path, public_url=public_url, broker_url=f"unix://{tmp_path}/none.sock")
    with serving(settings) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        reply = client.delete(
            concrete("/api/v1/experiments/{experiment_id}"), headers={"Host": host, "Origin": origin}
        )

    assert reply.status_code == status


def test_a_refusal_names_both_addresses_and_the_line_that_mends_it(client: httpx.Client):
    reply = client.post("/api/v1/plans/presets", headers={"Origin": "https://tools.example"})

    message = reply.json()["error"]["message"]
    assert all(word in message for word in ("https://tools.example", "127.0.0.1", "proxy_set_header Host"))


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/openapi.json", "/nothing", "/api/v1/datasets"])
def test_every_response_carries_the_security_headers(client: httpx.Client, path: str):
    headers = client.get(path, headers={"Origin": "https://evil.example"}).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "cache-control" in headers
    assert "strict-transport-security" not in headers
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]
