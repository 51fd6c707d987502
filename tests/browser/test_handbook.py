"""The documentation in a browser: the way to it, and its search in both languages by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def test_the_footer_leads_to_the_documentation_in_the_readers_language(visit):
    page = visit("ja").open("/")

    page.get_by_role("link", name=text("ui.footer.docs", "ja")).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("µScope とは")
    page.get_by_role("link", name="Excel ファイルから承認会議まで").first.click()
    expect(page.get_by_role("navigation", name=text("handbook.crumbs", "ja"))).to_contain_text("管理職")


@pytest.mark.parametrize(
    ("language", "query", "found"),
    [("ja", "発散", "glossary.html#発散"), ("en", "divergence", "glossary.html#divergence")],
)
def test_the_search_finds_words_and_leads_to_them(visit, language, query, found):
    page = visit(language).open(f"/docs/{language}/index.html")

    page.keyboard.press("/")
    page.keyboard.type(query)
    first = page.locator(f"#found a[href$='{found}']")
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    first.focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("glossary.html"))


def test_a_search_without_a_hit_says_so_and_escape_closes_it(visit):
    page = visit("ja").open("/docs/ja/faq.html")
    query = page.get_by_role("searchbox")

    query.fill("存在しない言葉の例")
    expect(page.get_by_text(text("handbook.search.none", "ja"))).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#found")).to_be_empty()
