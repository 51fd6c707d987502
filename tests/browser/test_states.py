"""What a page says when things stand still: connection lost, cancelled, no worker, deleted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def long_experiment(instance):
    """Lend an experiment that will not end by itself while a test runs, and stop it afterwards."""
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 200_000}
    experiment = instance.post("/experiments", json=plan)
    yield f"/experiments/{experiment['id']}"
    instance.client.post(f"/experiments/{experiment['id']}/cancellation")


def test_a_lost_connection_is_said_and_the_page_recovers_by_itself(visit, long_experiment):
    made = visit("ja")
    made.allowed = ("Failed to load resource: net::ERR_FAILED",)
    made.page.route("**/events", lambda route: route.abort())
    page = made.open(long_experiment)
    # The page reads the experiment and its cells before it says so; beside other work that takes seconds.
    expect(page.get_by_text(text("ui.connection.polling", "ja"))).to_be_visible(timeout=20_000)

    page.route("**/api/**", lambda route: route.abort())
    expect(page.get_by_text(text("ui.connection.lost", "ja"))).to_be_visible(timeout=20_000)

    page.unroute_all()
    # The page looks every 5 s, as long as an expectation waits by itself.
    expect(page.get_by_text(text("ui.connection.lost", "ja"))).to_be_hidden(timeout=30_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_a_foreign_one_and_a_broken_one_say_what_is_safe_and_what_to_do(visit, language):
    made = visit(language)
    made.allowed = ("status of 50", "net::ERR_FAILED")
    page = made.page
    page.route("**/api/v1/sweeps?*", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    page.route("**/js/pages/workers/workers.js", lambda route: route.abort())
    failed = {"error": {"code": "internal", "message": text("error.internal", language), "params": {}}}
    page.route("**/api/v1/usage", lambda route: route.fulfill(status=500, json=failed))

    for path, said in (
        ("/sweeps", text("ui.error.unreadable", language, status=502)),
        ("/workers", text("ui.error.no_connection", language)),
        ("/settings", text("error.internal", language)),
    ):
        made.open(path)
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.get_by_role("button", name=text("ui.error.retry", language))).to_be_visible()


def test_an_experiment_is_cancelled_continued_then_deleted(visit, long_experiment):
    made = visit()
    made.allowed = ("status of 404",)
    page = made.open(long_experiment)
    page.locator("[data-action=cancel]").click()
    page.get_by_role("dialog").get_by_role("button", name=text("ui.action.cancel_do", "en")).click()
    expect(page.get_by_text(text("ui.ended.cancelled", "en"))).to_be_visible()

    with page.expect_request("**/events"):  # it is followed again
        page.locator("[data-action=continue]").click()
    expect(page.get_by_text(text("ui.ended.cancelled", "en"))).to_have_count(0)
    page.locator("[data-action=cancel]").click()
    page.get_by_role("dialog").get_by_role("button", name=text("ui.action.cancel_do", "en")).click()
    expect(page.get_by_text(text("ui.ended.cancelled", "en"))).to_be_visible()

    page.locator("[data-action=delete]").click()
    page.get_by_role("dialog").get_by_role("button", name=text("ui.action.delete_do", "en")).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(text("ui.home.promise", "en"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(text("ui.missing.title", "en"))


def test_without_a_worker_the_page_says_what_to_do(visit, long_experiment):
    made = visit("ja")
    made.allowed = ("Failed to load resource: net::ERR_FAILED",)
    made.page.route("**/workers", lambda route: route.fulfill(json=[]))
    made.page.route("**/events", lambda route: route.abort())
    made.page.route("**/cells", nobody_has_begun)
    page = made.open(long_experiment)

    # A figure is on the first screen; its library takes seconds to evaluate beside other work.
    expect(page.get_by_text(text("ui.no_worker.title", "ja"))).to_be_visible(timeout=20_000)


def nobody_has_begun(route: Route) -> None:
    cells = route.fetch().json()
    route.fulfill(json=[cell | {"state": "queued", "committed_step": -1, "version": 0} for cell in cells])


def test_a_worker_that_trains_is_there_whatever_the_list_of_workers_said(visit, instance, long_experiment):
    wait_until(lambda: instance.steps(long_experiment.removeprefix("/experiments/")), 60)
    made = visit()
    made.page.route("**/workers", lambda route: route.fulfill(json=[]))
    with made.page.expect_response("**/workers"):
        page = made.open(long_experiment)

    expect(page.locator(".progress-words")).to_have_text(text("ui.progress.running", "en"))
    expect(page.get_by_text(text("ui.no_worker.title", "en"))).to_have_count(0)
