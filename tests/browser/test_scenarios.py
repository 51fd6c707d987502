"""The way to several scenarios: added in the form, answered side by side, chosen in the figures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SCENARIOS = ["as_given", "label_noise:0.2", "momentum:0.9"]


def _choose_scenarios(page):
    """Add three scenarios and one that cannot be, and take the last one away."""
    page.locator("#scenario-editor > summary").click()
    listed = page.locator(".scenario-list li")

    for kind, value in (("label_noise", "20%"), ("momentum", "０．９"), ("subsample", "0.5")):
        page.select_option("#scenario-kind", kind)
        page.fill("#scenario-value", value)
        page.locator(".scenario-form button").click()
        expect(page.locator("#run")).to_be_enabled()
    page.fill("#scenario-value", "3")
    page.locator(".scenario-form button").click()  # more data than there are: nothing is added
    expect(listed).to_have_count(4)
    expect(listed.nth(1)).to_contain_text(text("scenario.label_noise", "ja", value="20%"))
    listed.nth(3).get_by_role("button").click()


def _run_a_small_grid(page):
    page.locator("#settings-all > summary").click()
    for name, wish in {"widths": "8, 16", "num_seeds": "1", "num_steps": "12", "lrs": "0.1, 0.2"}.items():
        page.fill(f"#set-{name}", wish)
        page.press(f"#set-{name}", "Tab")
    page.select_option("#set-protocol", "full")
    expect(page.locator(".plan-estimate")).to_contain_text("24")  # 3 scenarios, 2 arms, 2 widths, 2 LRs
    page.locator("#run").click()
    page.wait_for_url("**/experiments/*")


def test_scenarios_are_added_judged_and_shown_side_by_side(visit, instance):
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    page = visit("ja", width=390).open(f"/datasets/{dataset_id}?start=paper")  # whose SGD has a momentum
    _choose_scenarios(page)
    _run_a_small_grid(page)

    experiment_id = page.url.rsplit("/", 1)[1]
    spec = instance.get(f"/experiments/{experiment_id}")["spec"]
    assert spec["scenarios"] == SCENARIOS
    rows = page.locator("#scenarios tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    expect(page.locator("#verdict .kicker")).to_contain_text(text("scenario.as_given", "ja"))

    with page.expect_response(lambda reply: "figures/lr_loss" in reply.url and "momentum" in reply.url):
        page.locator("#scenarios button[data-scenario='momentum:0.9']").click()
        page.locator("[data-figure=lr_loss]").scroll_into_view_if_needed()  # figures are read when seen
    expect(page.locator("#verdict .kicker")).to_contain_text(text("scenario.momentum", "ja", value="0.9"))
    expect(page).to_have_url(re.compile("scenario=momentum"))
    page.locator("[data-tab=curves]").click()
    expect(page.locator("#show-lr option").nth(1)).to_have_text("η = 0.0125")  # an eighth of 0.1
    page.locator("[data-tab=runs]").click()
    expect(page.locator("#runs thead th").nth(1)).to_have_text(text("ui.runs.scenario", "ja"))
    page.locator("[data-tab=answer]").click()
    page.reload()
    expect(page.locator("#verdict .kicker")).to_contain_text(text("scenario.momentum", "ja", value="0.9"))
    page.locator("[data-tab=curves]").click()
    expect(page.locator("#show-scenario")).to_have_value("momentum:0.9")
    is_too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not is_too_wide, "a phone shows it without scrolling sideways"
