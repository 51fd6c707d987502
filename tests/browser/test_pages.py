"""The pages of an experiment: addresses, keyboard, one stream, and what stays while one goes between them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
PARTS = ("", "/curves", "/runs", "/settings", "/report")


@pytest.fixture
def running_experiment(instance):
    """Lend an experiment that goes on while a test runs, and stop it afterwards."""
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 200_000}
    experiment = instance.post("/experiments", json=plan)
    yield f"/experiments/{experiment['id']}"
    instance.client.post(f"/experiments/{experiment['id']}/cancellation")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_an_address_and_is_marked_as_the_present_one(visit, plain, language):
    made = visit(language)
    for part, name in zip(PARTS, ("answer", "curves", "runs", "settings", "report"), strict=True):
        page = made.open(f"/experiments/{plain}{part}")

        expect(page.locator(".tabs [aria-current=page]")).to_have_text(say(f"tabs.{name}", language))
        expect(page.locator(".tabs a")).to_have_count(len(PARTS))
        assert "ui." not in page.locator("main").inner_text()


def test_one_goes_between_pages_by_keyboard_and_back_by_the_browser(visit, plain):
    page = visit().open(f"/experiments/{plain}")
    page.locator("[data-tab=answer]").focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/curves$"))
    expect(page.locator("[data-tab=curves]")).to_be_focused()
    expect(page.locator("#show-loss")).to_be_visible()
    page.go_back()
    expect(page.locator("#verdict")).to_be_visible()
    expect(page.locator("[data-tab=answer]")).to_have_attribute("aria-current", "page")


def test_a_page_keeps_what_was_chosen_on_it_and_so_does_its_address(visit, plain):
    page = visit().open(f"/experiments/{plain}/curves")
    page.locator(".more-choices > summary").click()
    page.select_option("#show-scale", "linear")
    page.locator("#tensors > summary").click()
    expect(page).to_have_url(re.compile("scale=linear.*folds=tensors"))

    page.locator("[data-tab=settings]").click()
    expect(page).to_have_url(re.compile("/settings$"))
    page.locator("[data-tab=curves]").click()

    expect(page).to_have_url(re.compile("scale=linear.*folds=tensors"))
    expect(page.locator("#show-scale")).to_have_value("linear")
    page.reload()
    expect(page.locator("#tensors")).to_have_attribute("open", "")


def test_another_language_keeps_the_page_its_folds_and_the_place(visit, plain):
    page = visit().open(f"/experiments/{plain}")
    page.get_by_text(say("why.title")).click()
    expect(page).to_have_url(re.compile("folds=why"))
    page.evaluate("scrollTo(0, 500)")

    page.evaluate("document.querySelector('#languages [lang=ja]').click()")

    expect(page.locator("[data-tab=curves]")).to_have_text(say("tabs.curves", "ja"))
    expect(page.locator("#why")).to_have_attribute("open", "")
    assert page.evaluate("scrollY") == pytest.approx(500, abs=100)  # lines break elsewhere


def test_what_was_assumed_for_savings_outlives_another_language_and_another_tab(visit, plain):
    page = visit().open(f"/experiments/{plain}?folds=savings")
    page.locator("#savings-hours_per_run").fill("0.75")
    page.locator("#savings-hours_per_run").blur()

    page.locator("#languages [lang=ja]").click()
    expect(page.locator("[data-tab=curves]")).to_have_text(say("tabs.curves", "ja"))
    expect(page.locator("#savings-hours_per_run")).to_have_value("0.75")
    page.locator("[data-tab=runs]").click()
    page.locator("[data-tab=answer]").click()

    expect(page.locator("#savings-hours_per_run")).to_have_value("0.75")


def test_there_is_one_stream_whatever_page_is_shown(visit, running_experiment):
    made = visit()
    page = made.open(running_experiment)
    expect(page.locator(".progress-words")).to_be_visible()
    for name in ("curves", "runs", "settings", "answer"):
        page.locator(f"[data-tab={name}]").click()
        expect(page.locator(f"[data-tab={name}]")).to_have_attribute("aria-current", "page")

    assert len([url for url in made.requests if url.endswith("/events")]) == 1


def test_the_first_figure_is_on_the_first_screen_of_the_curves(visit, plain):
    page = visit().open(f"/experiments/{plain}/curves")

    page.wait_for_function("() => document.querySelector('#figure-lr_loss')?.data?.length > 0")

    box = page.locator("#figure-lr_loss .cartesianlayer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_say_in_words_what_was_asked_and_what_was_changed(visit, instance, plain, language):
    spec = instance.get(f"/experiments/{plain}")["spec"]
    page = visit(language).open(f"/experiments/{plain}/settings")

    differs = page.locator("#differs")
    expect(differs).to_contain_text(text("ui.settings.widths", language))
    expect(differs).to_contain_text("32, 64, 128, 256" if language == "en" else "32、64、128、256")
    expect(page.locator("main")).to_contain_text(spec["dataset_sha256"])
    for name in instance.get(f"/experiments/{plain}/cells")[0]["environment"]:
        expect(page.locator("main dt", has_text=text(f"ui.environment.{name}", language))).not_to_have_count(
            0
        )
    page.locator("#definition > summary").click()
    expect(page.locator("#definition pre")).to_contain_text('"num_steps": 40')
