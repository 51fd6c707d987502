"""Starting points of a plan: usual practice, as in the paper, one's own settings."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def path(instance):
    return f"/datasets/{instance.post('/examples/friedman/dataset')['id']}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_starts_from_usual_practice_and_from_the_paper_at_a_click(visit, path, language):
    page = visit(language).open(path)
    summary = page.locator(".plan-summary")
    cosine, constant = (text(f"ui.plan.schedule.{name}", language) for name in ("cosine", "constant"))

    expect(page.locator("#start-usual")).to_be_checked()
    expect(page.locator(".start-card[for=start-usual]")).to_contain_text(text("ui.start.usual", language))
    expect(summary).to_contain_text(text("ui.plan.optimizer_warm_up", language, name="Adam", course=cosine))

    page.check("#start-paper")
    expect(summary).to_contain_text(text("ui.plan.optimizer_is", language, name="SGD", course=constant))

    page.reload()
    expect(page.locator("#start-paper")).to_be_checked()


def _names_the_optimizer(request):
    """Say whether a request for a price has the optimizer; one of the click before may come late."""
    return request.url.endswith("/experiments/preview") and "optimizer" in request.post_data_json


def test_ones_own_settings_open_the_fields_and_keep_the_rest_of_usual_practice(visit, path):
    page = visit().open(path)
    page.check("#start-own")
    expect(page.locator("#set-num_steps")).to_be_visible()
    page.locator("#settings-training > summary").click()
    with page.expect_request(_names_the_optimizer) as asked:
        page.fill("#set-optimizer-weight_decay", "0.1")
        page.press("#set-optimizer-weight_decay", "Tab")

    body = asked.value.post_data_json
    assert body["recipe"] == "usual"
    assert (body["optimizer"]["kind"], body["optimizer"]["weight_decay"]) == ("adam", 0.1)
    assert body["optimizer"]["schedule"]["kind"] == "cosine"
