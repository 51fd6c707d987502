"""The way of an engineer: own optimizer, depths, arms and measures, and the figures of what was measured."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from muscope.backend.catalogue import text
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.figures.names import FigureName

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SIZES = {"widths": "8, 16", "num_seeds": "1", "num_steps": "12", "lrs": "0.01, 0.02"}


def open_settings(page: Page, *groups: str) -> None:
    for name in ("all", *groups):
        page.locator(f"#settings-{name} > summary").click()


def fill_in(page: Page, values: dict[str, str]) -> None:
    if "widths" in values:
        page.select_option("#set-protocol", "full")
    for name, value in values.items():
        page.fill(f"#set-{name}", value)
        page.press(f"#set-{name}", "Tab")


def test_an_engineer_sets_adam_depths_and_arms(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    page = visit("ja").open(f"/datasets/{dataset_id}")
    expect(page.locator("#set-arm-mup")).to_be_hidden()  # a manager sees none of this
    open_settings(page, "arms", "sizes", "training")

    fill_in(page, SIZES | {"depths": "2, 4"})
    page.select_option("#set-optimizer-kind", "adamw")
    expect(page.locator("#set-optimizer-momentum")).to_be_hidden()
    fill_in(page, {"optimizer-weight_decay": "0.1", "optimizer-schedule-warmup_fraction": "0.25"})
    page.check("#set-arm-completep")
    fill_in(page, {"lrs-completep": "0.01"})

    expect(page.locator(".plan-estimate")).to_contain_text("20")  # (2 + 2 + 1) LRs, 2 widths, 2 depths
    page.locator("#run").click()
    page.wait_for_url("**/experiments/*")
    spec = instance.get(f"/experiments/{page.url.rsplit('/', 1)[1]}")["spec"]
    assert (spec["depths"], spec["optimizer"]["kind"], spec["optimizer"]["weight_decay"]) == (
        [2, 4],
        "adamw",
        0.1,
    )
    assert spec["optimizer"]["schedule"]["warmup_fraction"] == 0.25
    assert [(arm["parametrization"], len(arm["lrs"])) for arm in spec["arms"]] == [
        ("mup", 2),
        ("sp", 2),
        ("completep", 1),
    ]

    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    page.locator("[data-tab=curves]").click()
    page.locator("#tensors > summary").click()
    expect(page.locator("#tensors table")).to_have_count(3)
    rows = page.locator("#tensors table").first.locator("tr")
    expect(rows.first).to_contain_text(text("ui.tensors.head.weight_decay", "ja"))
    expect(rows.nth(2)).to_contain_text("×0.5")  # the LR of µP's hidden weights at twice the width


def test_what_was_measured_is_drawn(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    page = visit().open(f"/datasets/{dataset_id}")
    open_settings(page, "measurement")

    fill_in(page, SIZES | {"measure_every": "6", "sharpness_batch_size": "16"})
    for measure in Measure:
        page.check(f"#set-measure-{measure}")
    expect(page.locator("#run")).to_be_enabled()
    page.locator("#run").click()
    page.wait_for_url("**/experiments/*")

    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    page.locator("[data-tab=curves]").click()
    answers = {FigureName.COST_SIZE, FigureName.PREDICTED_SECONDS, FigureName.SCENARIO_COSTS}
    for name in (each for each in FigureName if each not in answers):
        page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
        page.wait_for_function("n => document.getElementById('figure-' + n)?.data?.length > 0", arg=name)
    page.locator("[data-figure=density]").scroll_into_view_if_needed()  # one out of sight asks for nothing
    with page.expect_response(lambda reply: "figures/density" in reply.url and "step=6" in reply.url):
        page.select_option("#show-step", "6")
    expect(page.locator("[data-figure=density] .figure-title")).to_have_text(
        text("figure.density.title", "en", step=6)
    )
    page.locator(".more-choices > summary").click()
    page.select_option("#show-sharpness", "raw")
    page.locator("[data-figure=sharpness]").scroll_into_view_if_needed()
    expect(page.locator("[data-figure=sharpness] .figure-title")).to_have_text(
        text("figure.raw_sharpness.title", "en")
    )
    page.reload()
    expect(page.locator("#show-sharpness")).to_have_value("raw")
