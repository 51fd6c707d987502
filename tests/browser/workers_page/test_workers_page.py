"""Workers and what they depend on: what works, what is wrong and what to do, kept current."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import SMALL, say
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def long(instance):
    """An experiment that trains for long, so that others wait behind it."""
    wait_until(lambda: instance.get("/workers"), seconds=60)
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    plan = {"dataset_id": dataset_id} | SMALL | {"num_steps": 100_000, "name": "長い実験"}
    created = instance.post("/experiments", json=plan)
    wait_until(lambda: instance.get("/workers")[0]["trains"], seconds=60)
    yield created["id"]
    instance.post(f"/experiments/{created['id']}/cancellation")
    instance.finished(created["id"], 60)


def answering(page: Page, path: str, change: Any) -> None:
    """Let an answer come changed; it stays one that the API could give."""

    def answer(route: Route) -> None:
        route.fulfill(json=change(route.fetch().json()))

    page.route(f"**/api/v1/{path}", answer)


def lost(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each | {"is_lost": True, "trains": []} for each in workers]


def older(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each | {"version": "0.0.1", "is_other_version": True} for each in workers]


def without_broker(language: str) -> Any:
    message = text("error.system.broker_away", language)
    fault = {"name": "broker", "is_ok": False, "code": "system.broker_away", "message": message}
    return lambda status: status | {"is_ready": False, "checks": [*status["checks"][:2], fault]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worker_leads_to_what_it_trains(visit, long, language):
    page = visit(language, level="manager").open("/")
    page.locator("#footer").get_by_role("link", name=say("workers.title", language)).click()
    row = page.locator(".workers-table tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(say("workers.cpu", language))
    expect(page.locator("#queue li").first).to_contain_text(say("state.running", language))
    expect(page.locator("#checks [data-ok=true]")).to_have_count(3)

    row.get_by_role("link", name="長い実験").click()

    page.wait_for_url(f"**/experiments/{long}*")


def test_a_new_experiment_appears_by_itself_and_the_keyboard_stays_in_place(visit, instance, long):
    page = visit().open("/workers")
    link = page.locator(f"#queue [data-id='{long}'] a")
    link.focus()
    dataset_id = instance.get(f"/experiments/{long}")["dataset"]["id"]
    created = instance.post("/experiments", json={"dataset_id": dataset_id} | SMALL | {"name": "behind it"})

    expect(page.locator("#queue li", has_text="behind it")).to_be_visible(timeout=30_000)
    expect(link).to_be_focused()
    instance.post(f"/experiments/{created['id']}/cancellation")
    expect(page.locator("#queue li", has_text="behind it")).to_have_count(0, timeout=30_000)


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_worker_it_says_what_happened_and_how_to_start_one(visit, language, scheme):
    opened = visit(language, width=390)
    opened.page.emulate_media(color_scheme=scheme)
    answering(opened.page, "workers?lost=true", lost)
    answering(opened.page, "status", without_broker(language))
    page = opened.open("/workers")
    note = page.locator("#workers .note")
    expect(note).to_contain_text(say("no_worker.title", language))
    expect(note).to_contain_text(say("workers.none_safe", language))
    expect(note.locator("code").first).to_have_text(re.compile("^MUSCOPE_DATA=/.* muscope worker$"))
    expect(page.locator("[data-mark=lost]")).to_have_text(say("workers.lost", language))
    expect(page.locator("[data-check=broker]")).to_contain_text(text("error.system.broker_away", language))

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).response["violations"] == []


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_worker_that_was_not_updated_is_told_with_what_to_do(visit, scheme):
    opened = visit("ja")
    opened.page.emulate_media(color_scheme=scheme)
    answering(opened.page, "workers?lost=true", older)
    page = opened.open("/workers")
    expect(page.locator("#workers .note")).to_contain_text(
        page.locator("#footer .number").inner_text().split()[1]
    )
    expect(page.locator(".workers-table")).to_contain_text("0.0.1")
    assert Axe().run(page).response["violations"] == []


def test_what_is_wrong_is_said_in_the_language_that_is_chosen(visit):
    opened = visit("en")
    opened.page.route(
        "**/api/v1/status",
        lambda route: route.fulfill(
            json=without_broker(route.request.headers["accept-language"])(route.fetch().json())
        ),
    )
    page = opened.open("/workers")
    expect(page.locator("[data-check=broker]")).to_contain_text(text("error.system.broker_away", "en"))

    page.locator("#languages [lang=ja]").click()

    expect(page.locator("[data-check=broker]")).to_contain_text(text("error.system.broker_away", "ja"))


def test_when_the_workers_cannot_be_read_the_rest_is_shown_and_it_heals(visit):
    opened = visit("en")
    opened.allowed = ("503",)
    error = {"code": "database.unavailable", "message": "The database is away.", "params": {}}
    opened.page.route(
        "**/api/v1/workers?lost=true", lambda route: route.fulfill(status=503, json={"error": error})
    )
    page = opened.open("/workers")
    expect(page.get_by_role("alert")).to_contain_text("The database is away.")
    expect(page.locator("#checks li")).to_have_count(3)

    page.unroute_all()

    expect(page.locator(".workers-table tbody tr")).to_have_count(1, timeout=30_000)
    expect(page.get_by_role("alert")).to_have_count(0)
