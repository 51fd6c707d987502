"""First use: the finished example, its tour, and words that explain themselves."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from muscope.backend.catalogue import text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

STEPS = ("welcome", "headline", "numbers", "next", "curves", "own")


def open_example(page: Page, language: str) -> None:
    page.get_by_role("button", name=text("ui.tour.open", language)).click()
    expect(page.locator("#verdict")).to_be_visible(timeout=60_000)


def test_the_finished_example_opens_with_its_answer_and_a_tour_that_ends_for_good(visit):
    page = visit("ja").open("/")
    open_example(page, "ja")
    tour = page.get_by_role("complementary", name=text("ui.tour.title", "ja"))

    for step in STEPS:
        expect(tour.get_by_role("heading")).to_have_text(text(f"ui.tour.{step}.title", "ja"))
        if step != STEPS[-1]:
            tour.get_by_role("button", name=text("ui.tour.next", "ja")).focus()
            page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    page.reload()

    expect(page.locator("#verdict")).to_be_visible()
    expect(tour).to_have_count(0)


def test_the_tour_goes_on_where_it_was_after_a_reload(visit):
    page = visit("en").open("/")
    open_example(page, "en")
    tour = page.get_by_role("complementary", name=text("ui.tour.title", "en"))
    tour.get_by_role("button", name=text("ui.tour.next", "en")).click()

    page.reload()

    expect(tour.get_by_role("heading")).to_have_text(text("ui.tour.headline.title", "en"))
    assert Axe().run(page, context=".tour").response["violations"] == []


def test_a_word_explains_itself_by_keyboard_and_by_pointer(visit):
    page = visit("ja").open("/")
    word = page.locator(".lead .term", has_text="学習率")
    note = page.locator(".lead .term-note:popover-open")

    word.focus()
    expect(note).to_contain_text(text("glossary.learning_rate.meaning", "ja"))
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    page.get_by_role("heading", level=1).click()
    word.hover()
    expect(note).to_be_visible()
    note.get_by_role("link").click()

    expect(page).to_have_url(re.compile("/docs/ja/glossary.html#"))
    expect(
        page.get_by_role("heading", name=text("glossary.learning_rate.name", "ja"), exact=True)
    ).to_be_in_viewport()
