"""Open answers: the number that decides, and *Settle it* with its price first."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import say, with_verdict

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
OFFER = {
    "can_settle": True,
    "reason": None,
    "max_seeds": 48,
    "next_batch": {
        "num_runs": 15, "wall_seconds": 840, "slot_seconds": 1600, "num_bytes": 1,
        "money": 150, "currency": "JPY",
    },
}  # fmt: skip


def unresolved(instance, experiment_id: str) -> dict[str, Any]:
    """Return what makes a verdict an open one that seeds can settle, at the size that was judged last."""
    size = instance.get(f"/experiments/{experiment_id}/verdict")["arm"]["sizes"][-1]
    interval = {"low": 0.004, "high": 0.03, "level": 0.9, "method": "student_t"}
    deciding = {
        "width": size["width"], "depth": size["depth"], "loss": size["losses"][0]["loss"], "unit": "share",
        "cost": {"value": 0.012, "interval": interval},
        "limit": 0.02, "within": "unsure",
    }  # fmt: skip
    answer = {"likely": "transfers", "more_seeds": 5, "can_settle": True}
    return {"outcome": "inconclusive", "rule": "unresolved", "deciding": deciding, "open": answer}


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_number_that_decides_has_a_mark(visit, instance, plain, language):
    made = visit(language)
    with_verdict(made.page, plain, **unresolved(instance, plain))
    page = made.open(f"/experiments/{plain}")

    expect(page.locator("#verdict h2")).to_have_text(text("headline.unresolved.title", language))
    expect(page.locator("[data-number]")).to_have_count(3)
    expect(page.locator("[data-within]")).to_have_count(1)
    mark = page.locator("[data-number=cost] [data-within=unsure]")
    expect(mark).to_have_text(say("number.within.unsure", language))
    expect(page.locator("[data-number=cost]")).to_contain_text(say("number.decides", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_open_answer_is_settled_after_its_price_was_shown(visit, instance, plain, language):
    made = visit(language)
    with_verdict(made.page, plain, **unresolved(instance, plain))
    running = instance.get(f"/experiments/{plain}") | {"state": "running"}

    def answer(route: Route) -> None:
        is_asked = route.request.method == "GET"
        route.fulfill(status=200 if is_asked else 202, json=OFFER if is_asked else running)

    made.page.route("**/settle", answer)
    page = made.open(f"/experiments/{plain}")
    expect(page.locator("#open")).to_contain_text(say("outcome.short.transfers", language))

    page.get_by_role("button", name=say("settle.button", language)).click()
    expect(page.locator("#open")).to_contain_text("15")
    expect(page.locator("#open")).to_contain_text("150")
    with page.expect_request(lambda asked: asked.method == "POST") as posted:
        page.get_by_role("button", name=say("settle.confirm", language)).click()

    assert posted.value.url.endswith(f"/experiments/{plain}/settle")
    assert posted.value.headers["idempotency-key"]
    # It is followed again: the server says at once that it has ended, and so does the page.
    expect(page.get_by_role("button", name=say("settle.button", language))).to_be_visible()
    expect(page.locator("[data-action=settle-confirm]")).to_have_count(0)
