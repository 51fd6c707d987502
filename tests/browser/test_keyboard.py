"""Journeys without a pointer: start, stop, clone, upload, columns of runs, a figure's tools."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
MOST_STOPS = 60
IS_FOCUSED = "selector => document.activeElement?.matches(selector) ?? false"
IS_BEHIND = "() => document.activeElement?.closest('#page, header, footer') !== null"


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press a key until an element has the keyboard; it must be on the way, in view and with a ring."""
    expect(page.locator(selector).first).to_be_attached()  # a page that comes has no stops yet
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if page.evaluate(IS_FOCUSED, selector):
            expect(page.locator(":focus")).to_be_in_viewport()
            expect(page.locator(":focus")).to_have_css("outline-style", "solid")
            return
    raise AssertionError(f"{selector}: not reached within {MOST_STOPS} stops from {page.url}")


def test_a_manager_starts_an_example_and_stops_it_after_a_question(visit):
    page = visit(level="manager").open("/")
    expect(page.locator("button.card").first).to_be_visible()
    tab_to(page, "button.card")
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/*")
    expect(page.locator("#run")).to_be_enabled(timeout=30_000)
    tab_to(page, "#run")
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/*")

    tab_to(page, "[data-action=cancel]")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=say("action.cancel_title"))
    for _ in range(4):
        page.keyboard.press("Tab")
        assert not page.evaluate(IS_BEHIND), "the keyboard left the question"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-action=cancel]")).to_be_focused()

    page.keyboard.press("Enter")
    tab_to(page, "dialog .button-danger")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".actions :focus")).to_have_count(1)


def test_a_figures_tools_are_one_stop_with_arrow_keys_inside(visit, plain):
    page = visit().open(f"/experiments/{plain}/curves")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    tab_to(page, "[data-tool=table]")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-tool=full]").first).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("[data-tool=table]").first).to_have_attribute("aria-expanded", "true")

    tab_to(page, "#show-width > summary", "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, "#show-width input")
    page.keyboard.press("Escape")
    expect(page.locator("#show-width > summary")).to_be_focused()
    tab_to(page, "[data-tab=report]", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/report")
    tab_to(page, "#report-language")


def test_columns_of_runs_are_chosen_and_a_clone_is_changed_and_started(visit, plain):
    page = visit().open(f"/experiments/{plain}/runs")
    heads = page.locator("#runs thead th")
    expect(heads.first).to_be_visible()
    before = heads.count()
    tab_to(page, ".columns-choice > summary")
    page.keyboard.press("Enter")
    tab_to(page, ".columns-list input:checked")
    page.keyboard.press("Space")
    expect(heads).to_have_count(before - 1)
    page.keyboard.press("Escape")
    expect(page.locator(".columns-choice > summary")).to_be_focused()

    tab_to(page, "[data-action=clone]", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#clone")).to_be_visible()
    expect(page.locator("#run")).to_be_enabled()
    tab_to(page, "#set-num_steps")
    page.keyboard.press("Control+A")
    page.keyboard.type("41")
    page.keyboard.press("Tab")
    expect(page.locator("#clone-changes table")).to_be_visible()
    expect(page.locator("#run")).to_be_enabled()
    tab_to(page, "#run", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/*")


def test_a_file_that_is_refused_leaves_the_keyboard_at_the_way_on(visit, tmp_path):
    made = visit()
    made.allowed = ("status of 400", "status of 422")
    # Listened to early, so that the browser is asked to hand over its dialogs before the key is pressed.
    made.page.on("filechooser", lambda _: None)
    page = made.open("/")
    expect(page.locator("#file")).to_be_attached()
    to_the_file(page)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("size,sold\n", encoding="utf-8")
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Enter")
    asked.value.set_files(wrong)
    expect(page.locator(".drop[data-state=refused]")).to_be_visible()
    expect(page.locator(".drop :focus")).to_have_count(1)


def to_the_file(page: Page) -> None:
    """Press Tab until the choice of a file has the keyboard; the button it stands behind has the ring."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(IS_FOCUSED, "#file"):
            break
    expect(page.locator(".drop-pick .button")).to_have_css("outline-style", "solid")
