"""The page of settings: each takes effect at once, is kept, and all are forgotten together."""

import pytest
from playwright.sync_api import expect

from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def test_settings_take_effect_at_once_and_are_kept_until_they_are_forgotten(visit):
    page = visit("en", level="manager").open("/")
    page.locator("#footer").get_by_role("link", name=say("prefs.title")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("prefs.title"))
    expect(page.locator("[data-preference=limits]")).to_contain_text("MUSCOPE_USER_QUOTA_BYTES")

    page.locator("#settings-level-engineer").click()
    expect(page.locator("#settings-level-engineer")).to_be_focused()
    page.locator("#settings-language-ja").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("prefs.title", "ja"))
    page.locator("#settings-theme-dark").click()
    expect(page.locator("#settings-theme-dark")).to_be_focused()
    page.locator("#settings-staff_rate").fill("4,500")
    page.locator("#settings-staff_rate").blur()
    page.reload()

    expect(page.locator("#settings-level-engineer")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#settings-language-ja")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#settings-staff_rate")).to_have_value("4500")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator("[data-action=reset]").click()
    page.get_by_role("dialog").get_by_role("button", name=say("prefs.reset_do", "ja"), exact=True).click()
    expect(page.locator("#settings-staff_rate")).to_have_value("")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"
    expect(page.locator("#settings-level-manager")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("prefs.title"))


def test_a_language_chosen_in_one_tab_is_spoken_in_the_other(visit):
    first = visit("en").open("/settings")
    second = first.context.new_page()
    second.goto(first.url)
    expect(second.get_by_role("heading", level=1)).to_have_text(say("prefs.title"))

    first.locator("#settings-language-ja").click()

    expect(second.get_by_role("heading", level=1)).to_have_text(say("prefs.title", "ja"))
