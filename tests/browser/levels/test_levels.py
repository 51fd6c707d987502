"""The two reading levels: chosen on the card, kept, and without rates and methods for who decides."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

FORBIDDEN = re.compile(r"η|octave|オクターブ|Clopper|Student|ブートストラップ|coordinate check")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_card_is_plain_until_the_engineer_level_is_chosen(visit, plain, language):
    page = visit(language, level="manager").open(f"/experiments/{plain}?folds=why")
    card = page.locator("#verdict")
    expect(card.locator("#trust")).to_be_visible()
    assert not FORBIDDEN.search(card.inner_text())
    expect(card.locator("#why table")).to_have_count(0)

    page.locator("#card-level-engineer").click()

    expect(card.locator("#why table").first).to_be_visible()
    assert FORBIDDEN.search(card.inner_text())
    expect(page.locator("#card-level-engineer")).to_be_focused()
    page.reload()
    expect(page.locator("#card-level-engineer")).to_have_attribute("aria-pressed", "true")
    page.locator("#card-level-manager").click()
    expect(card.locator("#why table")).to_have_count(0)
    expect(card).to_contain_text(say("trust.title", language))


def test_a_choice_in_one_tab_is_followed_by_the_other(visit, plain):
    first = visit("en", level="manager").open(f"/experiments/{plain}")
    second = first.context.new_page()
    second.goto(first.url)
    expect(second.locator("#card-level-manager")).to_have_attribute("aria-pressed", "true")

    first.locator("#card-level-engineer").click()

    expect(second.locator("#card-level-engineer")).to_have_attribute("aria-pressed", "true")
    assert json.loads(second.evaluate("localStorage.getItem('muscope.level')")) == "engineer"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plain_card_is_accessible(visit, plain, scheme):
    opened = visit("ja", level="manager", width=390)
    opened.page.emulate_media(color_scheme=scheme)
    page = opened.open(f"/experiments/{plain}")
    expect(page.locator("#verdict")).to_be_visible()
    assert Axe().run(page, context="#verdict").response["violations"] == []
