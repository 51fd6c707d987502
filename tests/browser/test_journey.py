"""The way of a manager: a file, its profile, one button, curves, the answer; in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.tables import flowers, ragged

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SMALL_PLAN = {"widths": "8, 16, 32", "num_seeds": "3", "num_steps": "40", "lrs": "0.05, 0.1, 0.2"}
RUN_MILLISECONDS = 120_000


def csv(content: str, name: str = "flowers.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": content.encode()}


def say(key: str, language: str, **params: str | int) -> str:
    return text(f"ui.{key}", language, **params)


def start_small_experiment(page: Page, language: str) -> None:
    """On a dataset's page, set a small plan and press the button."""
    page.get_by_text(say("settings.title", language)).click()
    for name, value in SMALL_PLAN.items():
        page.fill(f"#set-{name}", value)
        page.press(f"#set-{name}", "Tab")
    page.select_option("#set-protocol", "full")
    expect(page.locator(".plan-estimate")).to_contain_text("54")  # 2 arms, 3 widths, 3 LRs, 3 seeds
    page.get_by_role("button", name=say("plan.run", language), exact=True).click()
    page.wait_for_url("**/experiments/*")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_becomes_curves_and_a_verdict(visit, language):
    page = visit(language).open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("home.promise", language))

    page.set_input_files("#file", csv(flowers()))
    page.wait_for_url("**/datasets/*")
    expect(page.get_by_text(say("profile.rows", language), exact=True)).to_be_visible()
    expect(page.locator("#profile-label")).to_have_value("種類")
    expect(page.get_by_text(say("privacy", language))).to_be_visible()

    start_small_experiment(page, language)
    page.wait_for_function("() => document.querySelector('#figure-lr_loss')?.data?.length > 0")
    verdict = page.locator("#verdict")
    expect(verdict).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(verdict.locator("h2")).to_have_text(text("headline.base_at_edge.title", language))
    expect(verdict.locator(".number-card")).to_have_count(0)  # without a best rate they mean nothing
    page.locator("[data-tab=curves]").click()
    for name in ("lr_loss", "optimum_size", "sharpness", "sharpness_spread", "loss"):
        page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
        page.wait_for_function("n => document.getElementById('figure-' + n)?.data?.length > 0", arg=name)
    page.locator("[data-tab=answer]").click()
    page.get_by_text(say("why.title", language)).click()
    expect(page.locator("#why table").first).to_be_visible()

    page.reload()
    expect(page.locator("#verdict h2")).to_have_text(text("headline.base_at_edge.title", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_file_is_explained_in_its_place(visit, language):
    made = visit(language)
    made.allowed = ("status of 400", "status of 422")
    page = made.open("/")

    page.set_input_files("#file", csv(ragged(), "売上.csv"))

    said = text("error.dataset.ragged_row", language, row=4, given=2, expected=3, count=1)
    expect(page.locator(".drop [role=alert] p")).to_have_text(said)
    expect(page.locator(".drop label.button")).to_be_visible()
    page.get_by_role("button", name=say("upload.leave_out", language, count=1)).click()
    page.wait_for_url("**/datasets/*")
    expect(page.locator("#notes")).to_be_attached()


def test_the_language_changes_without_loading_the_data_again(visit):
    made = visit("en")
    page = made.open("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    before = [url for url in made.requests if "/api/" in url]

    page.get_by_role("button", name="日本語").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(say("home.promise", "ja"))
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert [url for url in made.requests if "/api/" in url] == before
    page.goto(f"{made.url}/?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("home.promise", "en"))


def test_what_is_not_there_is_said(visit):
    made = visit("ja")
    made.allowed = ("status of 404",)
    page = made.open("/experiments/3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11")

    expect(page.get_by_role("heading", level=1)).to_have_text(say("missing.title", "ja"))
    page.get_by_role("link", name=say("missing.home", "ja"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("home.promise", "ja"))


def test_a_setting_that_is_no_number_is_named(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    made = visit()
    made.allowed = ("status of 422",)
    page = made.open(f"/datasets/{dataset_id}")
    page.get_by_text(say("settings.title", "en")).click()

    page.fill("#set-num_steps", "many")
    page.press("#set-num_steps", "Tab")

    said = f"“{say('settings.num_steps', 'en')}” must be a whole number"
    expect(page.locator(".plan [role=alert]")).to_contain_text(said)
    expect(page.locator("#set-num_steps")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#set-num_steps-problem")).to_contain_text(said)
    expect(page.locator("#run")).to_be_disabled()
