"""The presets with time, money and what each can conclude; and, at the end, what was spent and saved."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SMALL = {"widths": "8, 16, 64", "num_seeds": "1", "num_steps": "20", "lrs": "0.05, 0.1, 0.2"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_presets_are_priced_at_the_rate_that_is_set_and_remembered(visit, instance, language):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    page = visit(language).open(f"/datasets/{dataset_id}")
    cards = page.locator(".preset")
    expect(cards).to_have_count(3)
    expect(page.locator("#preset-standard")).to_be_checked()
    expect(cards.nth(0)).to_contain_text(text("conclusion.provisional", language, seeds=3))
    expect(cards.nth(2)).to_contain_text(text("conclusion.conditions", language, count=3))
    expect(page.locator(".preset-money")).to_have_count(0)

    page.fill("#rate", "1200")
    page.select_option("#rate-currency", "JPY")
    expect(page.locator(".preset-money")).to_have_count(3)
    expect(page.locator(".preset-money").nth(2)).to_contain_text(re.compile("[¥￥]"))

    page.locator("label[for=use-larger]").click()
    expect(page.locator("#set-target_width")).to_be_focused()
    expect(page.locator("#set-target_depth")).to_be_hidden()
    page.keyboard.type("100000")
    page.keyboard.press("Tab")
    expect(page.locator("#target-effect")).to_have_class(re.compile("is-warning"))
    page.locator("label[for=use-trained]").click()
    expect(page.locator("#target-effect")).not_to_have_class(re.compile("is-warning"))

    page.reload()
    expect(page.locator("#rate")).to_have_value("1200")
    expect(page.locator(".preset-money")).to_have_count(3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_budget_beside_the_presets_ends_a_run_and_the_verdict_names_what_it_left_out(
    visit, instance, language
):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    page = visit(language).open(f"/datasets/{dataset_id}")
    page.locator("#settings-all > summary").click()
    for name, value in (SMALL | {"widths": "8, 16, 1024"}).items():
        page.fill(f"#set-{name}", value)
        page.press(f"#set-{name}", "Tab")
    page.select_option("#set-protocol", "full")
    page.fill("#rate", "3600")
    page.press("#rate", "Tab")
    page.fill("#preset-budget-money", "1.5")
    page.press("#preset-budget-money", "Tab")
    expect(page.locator(".preset-over").first).to_be_visible()
    expect(page.locator("#run")).to_be_enabled()
    page.locator("#run").click()
    page.wait_for_url("**/experiments/*")

    verdict = page.locator("#verdict")
    expect(verdict).to_be_visible(timeout=120_000)
    left_out = text("reason.left_out_by_budget_costs", language, size="", minutes="", money="")
    expect(verdict).to_contain_text(re.split("[;、。]", left_out)[0].strip(), timeout=120_000)
    expect(verdict).to_contain_text("1024")


def test_what_was_spent_and_saved_is_told_under_assumptions_that_can_be_changed(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    page = visit("ja").open(f"/datasets/{dataset_id}")
    page.locator("#settings-all > summary").click()
    for name, value in SMALL.items():
        page.fill(f"#set-{name}", value)
        page.press(f"#set-{name}", "Tab")
    page.locator("#settings-budget > summary").click()
    page.fill("#set-budget-slot_seconds", "3600")
    page.press("#set-budget-slot_seconds", "Tab")
    expect(page.locator("#run")).to_be_enabled()
    page.locator("#run").click()
    page.wait_for_url("**/experiments/*")

    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    expect(page.locator("#spending")).to_contain_text(text("ui.spending.budget_left", "ja"))
    page.locator("#savings > summary").click()
    rows = page.locator("#savings tbody tr")
    expect(rows).to_have_count(3)
    with page.expect_response(lambda reply: "savings" in reply.url and "target_width=4096" in reply.url):
        page.fill("#savings-target_width", "4096")
        page.press("#savings-target_width", "Tab")
    page.fill("#savings-staff_rate", "5000")
    page.press("#savings-staff_rate", "Tab")
    expect(rows.nth(2)).to_contain_text(re.compile("[¥￥]"))
