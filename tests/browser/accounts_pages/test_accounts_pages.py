"""From the first link to a user who is signed out, on the page; the server runs without a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from muscope.backend.services.accounts.users import first_link
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving
from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
WORDS = "lamp otter nineteen gravel"
OTHER_WORDS = "cobalt window seven lettuce"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("accounts")
    with serving(Settings(data=folder, broker_url=f"unix://{folder}/no-broker.sock")) as server:
        yield server


def opened(browser: Browser, server: Server, path: str, locale: str = "en-GB") -> Page:
    page = browser.new_context(locale=locale, base_url=f"http://127.0.0.1:{server.port}").new_page()
    page.set_default_timeout(30_000)
    page.goto(path)
    return page


def accessible(page: Page) -> list[str]:
    """Return the rules that the page breaks once it is drawn."""
    expect(page.locator("#page h1")).to_be_visible()
    return [each["id"] for each in Axe().run(page).response["violations"]]


def sent(page: Page, form: str, **fields: str) -> None:
    """Fill in a form and send it."""
    for name, text in fields.items():
        page.locator(f"#field-{name}").fill(text)
    page.locator(f"[data-form={form}] button").click()


def test_an_admin_is_made_invites_a_user_and_both_are_signed_out(browser: Browser, own_server: Server):
    path = first_link(own_server.runtime.context)
    assert path is not None
    admin = opened(browser, own_server, path)
    sent(admin, "welcome", name="boss", password="password1234")
    expect(admin.get_by_role("alert")).to_contain_text("easily guessed")
    sent(admin, "welcome", password=WORDS)
    admin.locator("#footer").get_by_role("link", name=say("account.of", name="boss")).click()
    assert accessible(admin) == []
    admin.get_by_role("link", name=say("account.users")).click()
    sent(admin, "invite", name="hanako")
    link = admin.locator("[data-secret]").inner_text()
    assert accessible(admin) == []
    admin.goto("/audit")
    expect(admin.get_by_role("table")).to_contain_text("user.invited")

    user = opened(browser, own_server, link, "ja-JP")
    expect(user.get_by_role("heading", level=1)).to_have_text(say("account.welcome", "ja"))
    sent(user, "welcome", password=OTHER_WORDS)
    expect(user.locator("#footer")).to_contain_text("hanako")
    user.goto("/account")
    sent(user, "token", token_name="夜間ビルド")
    expect(user.locator("[data-secret]")).to_contain_text("mus_")
    expect(user.get_by_role("table").first).to_contain_text("夜間ビルド")
    user.locator("[data-action=sign-out]").click()
    expect(user.get_by_role("heading", level=1)).to_have_text(say("account.sign_in", "ja"))

    user.goto("/experiments?sort=name")  # asks for signing in, and comes back
    user.locator("#field-name").fill("hanako")
    user.locator("#field-password").fill(OTHER_WORDS)
    assert accessible(user) == []
    user.locator("[data-form=sign-in] button").click()
    expect(user).to_have_url(f"http://127.0.0.1:{own_server.port}/experiments?sort=name")
    for page in (admin, user):
        page.context.close()
