"""The table of runs: narrowed, sorted, with other columns, by an address that can be sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_are_narrowed_sorted_and_saved_as_they_are_shown(visit, plain, language):
    made = visit(language)
    page = made.open(f"/experiments/{plain}/runs")
    rows = page.locator("#runs tbody tr")
    expect(rows).to_have_count(36)  # 2 arms, 2 widths, 3 LRs, 3 seeds

    page.select_option("#runs-width", "16")
    page.fill("#runs-lr_low", "０.０９")  # full-width, as a Japanese keyboard writes it
    page.press("#runs-lr_low", "Tab")
    expect(rows).to_have_count(12)
    for way in ("asc", "desc"):
        page.locator("[data-sort=seed]").click()
        expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", f"{way}ending")
    expect(rows.first.locator("[data-column=seed]")).to_have_text("2")
    expect(page.locator("[data-sort=seed]")).to_be_focused()

    with page.expect_download() as saved:
        page.get_by_text(say("runs.csv_filtered", language)).click()
    lines = saved.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + 12
    assert "ui." not in page.locator("#runs").inner_text()


def test_an_address_shows_the_same_runs_and_columns(visit, plain):
    page = visit().open(f"/experiments/{plain}/runs?width=8&sort=val_loss&order=desc&columns=lr,val_loss")

    expect(page.locator("#runs tbody tr")).to_have_count(18)
    expect(page.locator("#runs thead th")).to_have_count(1 + 2)
    expect(page.locator("#runs-width")).to_have_value("8")
    page.get_by_text(say("runs.columns")).click()
    page.get_by_label(text("ui.runs.seed", "en"), exact=True).nth(1).check()
    expect(page.locator("#runs thead th")).to_have_count(1 + 3)
    expect(page).to_have_url(re.compile("columns=lr%2Cseed%2Cval_loss"))

    page.select_option("#runs-width", "16")
    expect(page).to_have_url(re.compile("width=16"))
    page.go_back()
    expect(page.locator("#runs-width")).to_have_value("8")
    expect(page.locator("#runs tbody tr")).to_have_count(18)
    page.go_back()
    expect(page.locator("#runs thead th")).to_have_count(1 + 2)


def test_where_nothing_is_like_this_it_is_said(visit, plain):
    page = visit("ja").open(f"/experiments/{plain}/runs?state=failed")

    expect(page.locator("#runs .empty")).to_have_text(say("runs.none_sought", "ja"))
    page.get_by_role("button", name=say("runs.clear", "ja")).click()
    expect(page.locator("#runs tbody tr")).to_have_count(36)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_run_shows_all_that_was_recorded_and_leads_to_the_runs_beside_it(visit, plain, language):
    page = visit(language).open(f"/experiments/{plain}/runs?width=16&lr_low=0.2&sort=seed")
    page.locator("#runs tbody a").first.click()

    for metric in ("train_loss", "val_loss", "sharpness"):
        page.locator(f"[data-figure=run-{metric}]").scroll_into_view_if_needed()
        page.wait_for_function(
            "n => document.getElementById('figure-run-' + n)?.data?.length > 0", arg=metric
        )
    expect(page.locator("[data-tab=runs]")).to_have_attribute("aria-current", "page")
    assert "ui." not in page.locator("#run").inner_text()
    page.get_by_role("link", name=say("run_page.seed", language, seed=1)).click()
    expect(page.locator("#run h2")).to_contain_text(say("run_page.seed", language, seed=1))
    page.locator("[data-tab=runs]").click()
    expect(page).to_have_url(re.compile("width=16"))
