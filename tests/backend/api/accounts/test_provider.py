"""Signing in by a provider over HTTP: cookies, addresses below a prefix, and what is answered without one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from muscope.backend.accounts.roles import Role
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.users import invite
from muscope.backend.services.accounts.views import InvitationRequest
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving
from tests.backend.services.accounts.provider.mock import CLIENT_ID, ISSUER, SATO, Wire, approve, mock_app

PUBLIC = "https://tools.example/muscope"


@pytest.fixture(scope="module")
def wire() -> Wire:
    return Wire(mock_app({"sato": SATO}))


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory, wire: Wire) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("provider")
    settings = Settings(
        data=folder,
        broker_url=f"unix://{folder}/no-broker.sock",
        public_url=PUBLIC,
        oidc_issuer=ISSUER,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret="the client's secret",
        oidc_name="Lab ID",
        oidc_allowed="example.com",
    )
    with serving(settings) as server:
        assert server.runtime.provider is not None
        server.runtime.provider.transport = wire
        invite(server.runtime.context, COMMAND_LINE, InvitationRequest(name="boss", role=Role.ADMIN))
        yield server


def browser(server: Server, **headers: str) -> httpx.Client:
    base = f"http://127.0.0.1:{server.port}"
    return httpx.Client(base_url=f"{base}/api/v1", headers={"Origin": PUBLIC[:21]} | headers, timeout=60)


def cookie(reply: httpx.Response, name: str) -> str:
    """Return a cookie with its attributes, as the answer sets it."""
    return next(each for each in reply.headers.get_list("set-cookie") if each.startswith(f"{name}="))


def test_a_browser_signs_in_and_out_and_no_secret_is_logged(
    own_server: Server, wire: Wire, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with browser(own_server) as client:
        asked = client.get("/session/provider")
        left = client.post("/session/provider", json={"to": "/sweeps"})
        login = cookie(left, "__Host-muscope_login")
        secret = login.partition(";")[0].partition("=")[2]
        answer = approve(wire, left.json()["address"], "sato")
        jar = {"Cookie": f"__Host-muscope_login={secret}"}
        back = client.post("/session/provider/answer", json=answer.model_dump(), headers=jar)
        session = cookie(back, "__Host-muscope").partition(";")[0]
        linked = client.get("/account/identity", headers={"Cookie": session})
        closed = client.delete("/session", headers={"Cookie": session})
        out = client.get("/tags", headers={"Cookie": session})

    assert asked.json() == {"name": "Lab ID"}
    assert parse_qs(urlsplit(left.json()["address"]).query)["redirect_uri"] == [f"{PUBLIC}/sign-in/return"]
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"} <= set(login.split("; "))
    assert back.json()["to"] == "/sweeps"
    assert back.json()["session"]["name"] == "a.sato@example.com"
    assert "Max-Age=0" in cookie(back, "__Host-muscope_login")
    assert (linked.json()["provider"], linked.json()["email"]) == ("Lab ID", "a.sato@example.com")
    assert (closed.status_code, out.status_code) == (204, 401)
    # The test's own client writes down what it gets.
    logged = "".join(each.getMessage() for each in caplog.records if not each.name.startswith("httpcore."))
    secrets = [secret, answer.code, session.partition("=")[2], "the client's secret"]
    assert not [each for each in secrets if each and each in logged]


def test_an_answer_from_another_site_or_without_the_cookie_is_refused(own_server: Server, wire: Wire):
    with browser(own_server) as client:
        left = client.post("/session/provider", json={})
        answer = approve(wire, left.json()["address"], "sato").model_dump()
        client.cookies.clear()
        bare = client.post("/session/provider/answer", json=answer)
        foreign = client.post(
            "/session/provider/answer", json=answer, headers={"Origin": "https://evil.example"}
        )

    assert (bare.status_code, bare.json()["error"]["code"]) == (401, "provider.login_ended")
    assert foreign.status_code == 403


def test_a_provider_that_is_down_is_503_and_passwords_still_work(own_server: Server, wire: Wire):
    assert own_server.runtime.provider is not None
    own_server.runtime.provider._known = None  # as after ten minutes
    wire.is_cut = True
    with browser(own_server) as client:
        left = client.post("/session/provider", json={})
        wrong = client.post("/session", json={"name": "boss", "password": "not the password"})
    wire.is_cut = False

    assert (left.status_code, left.json()["error"]["code"]) == (503, "provider.unreachable")
    assert "Lab ID" in left.json()["detail"]
    assert wrong.json()["error"]["code"] == "sign_in.wrong"


def test_the_provider_leads_back_to_a_page_of_ours(own_server: Server):
    page = httpx.get(f"http://127.0.0.1:{own_server.port}/sign-in/return?code=a&state=b&session_state=c")

    assert page.status_code == 200
    assert "/muscope/static/" in page.text


def test_without_a_provider_nothing_is_offered_and_everything_else_is_as_before(client: httpx.Client):
    assert client.get("/api/v1/session/provider").json() == {"name": None}
    refused = client.post("/api/v1/session/provider", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "provider.none")
