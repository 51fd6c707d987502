"""Signing in by an OpenID provider in a browser: to its page and back, and every way not to get in."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from muscope.backend.accounts.roles import Role
from muscope.backend.catalogue import catalogue
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.users import invite
from muscope.backend.services.accounts.views import InvitationRequest
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving
from tests.backend.services.accounts.provider.mock import CLIENT_ID, SATO, Forge, Wire, mock_app
from tests.browser.accounts_pages.test_accounts_pages import accessible, opened
from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
NAME = "Lab ID"
PEOPLE = {"sato": SATO, "stranger": {"email": "eve@elsewhere.example", "email_verified": True}}


@pytest.fixture(scope="module")
def wire() -> Wire:
    return Wire(mock_app(PEOPLE))


@pytest.fixture(scope="module")
def issuer(wire: Wire) -> Iterator[str]:
    """The provider's own pages, on a port that a browser reaches."""
    server = make_server("localhost", 0, _quiet(wire.app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory, wire: Wire, issuer: str) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("provider")
    settings = Settings(
        data=folder,
        broker_url=f"unix://{folder}/no-broker.sock",
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret="the client's secret",
        oidc_name=NAME,
        oidc_allowed="example.com",
        oidc_role_claim="groups",
        oidc_roles="ml-team=runner",
    )
    with serving(settings) as server:
        assert server.runtime.provider is not None
        server.runtime.provider.transport = wire
        invite(server.runtime.context, COMMAND_LINE, InvitationRequest(name="boss", role=Role.ADMIN))
        yield server


def _quiet(app: Any) -> Any:
    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the mock uses what its library has marked as old
            answered: Iterable[bytes] = app(environ, start)
            return answered

    return answer


def _leave(page: Page) -> None:
    page.get_by_role("button", name=re.compile(re.escape(NAME))).click()


def _sign_in_there(page: Page, subject: str) -> None:
    """Leave for the provider's page and say there who one is."""
    _leave(page)
    page.get_by_role("button", name=subject, exact=True).click()


@pytest.fixture
def page_in(browser: Browser, own_server: Server) -> Iterator[Callable[..., Page]]:
    pages: list[Page] = []

    def start(language: str, path: str = "/sign-in") -> Page:
        page = opened(browser, own_server, "/healthz", {"en": "en-GB", "ja": "ja-JP"}[language])
        page.route(re.compile("jsdelivr"), lambda route: route.abort())  # a style of the mock's page
        page.goto(path)
        pages.append(page)
        return page

    yield start
    for page in pages:
        page.context.close()


def test_a_person_comes_back_signed_in_to_the_page_that_was_asked_for_and_signs_out(
    page_in: Callable[..., Page], own_server: Server
):
    page = page_in("ja", "/experiments?sort=name")
    _sign_in_there(page, "sato")

    expect(page).to_have_url(f"http://127.0.0.1:{own_server.port}/experiments?sort=name")
    expect(page.locator("#footer")).to_contain_text("a.sato@example.com")
    session = page.request.get("/api/v1/session").json()
    assert (session["name"], session["role"]) == ("a.sato@example.com", "runner")
    page.go_back()  # to the provider's page: its answer is in no entry of the history
    assert "code=" not in page.url

    page.goto("/account")
    expect(page.locator("#page")).to_contain_text(NAME)
    page.locator("[data-action=sign-out]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("account.sign_in", "ja"))
    assert page.request.get("/api/v1/tags").status == 401


def _with(**changes: Any) -> Forge:
    return lambda claims: claims | changes


FORGED: dict[str, Callable[[], Forge]] = {
    "a wrong issuer": lambda: _with(iss="https://evil.example"),
    "an expired token": lambda: _with(exp=int(time.time()) - 3600),
}


def _is_said(page: Page, code: str, language: str) -> None:
    """Look for all of a message but what it was filled with."""
    note = page.get_by_role("alert")
    for part in re.split(r"\{\w+\}", catalogue(language)[f"error.{code}"]):
        expect(note).to_contain_text(part.strip())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_way_not_to_get_in_is_said_and_leads_back(
    page_in: Callable[..., Page], own_server: Server, wire: Wire, language: str
):
    page = page_in(language)
    for forge in FORGED.values():
        wire.forge = forge()
        _sign_in_there(page, "sato")
        _is_said(page, "provider.token_invalid", language)
        wire.forge = None
        page.get_by_role("link", name=say("account.start_again", language)).click()

    _sign_in_there(page, "stranger")
    _is_said(page, "provider.not_admitted", language)
    assert accessible(page) == []
    page.get_by_role("link", name=say("account.start_again", language)).click()

    _leave(page)
    page.get_by_role("button", name="Deny").click()
    _is_said(page, "provider.login_ended", language)  # the mock leaves out the state, so no sign-in is meant
    page.get_by_role("link", name=say("account.start_again", language)).click()

    provider = own_server.runtime.provider
    assert provider is not None
    provider._known, wire.is_cut = None, True  # as after ten minutes
    try:
        _leave(page)
        _is_said(page, "provider.unreachable", language)
        assert page.request.get("/api/v1/tags").status == 401
    finally:
        wire.is_cut = False
