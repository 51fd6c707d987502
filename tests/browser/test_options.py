"""The form lists what the server answers, and progress shows what the server predicts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from muscope.backend.catalogue import text
from tests.browser.test_engineer import open_settings

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def offered(page: Page, name: str) -> list[str]:
    """Return the values of a choice, without the server's proposal."""
    options = page.locator(f"#set-{name} option").all()
    return [option.get_attribute("value") or "" for option in options][1:]


def answer_with(page: Page, path: str, change: dict[str, Any]) -> None:
    def fulfil(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | change)

    page.route(path, fulfil)


def test_the_form_offers_what_the_server_says_of_the_data(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    made = visit()
    told = {"families": ["residual_mlp", "vit"], "losses": ["cross_entropy"]}
    answer_with(made.page, f"**/api/v1/datasets/{dataset_id}", {"options": told})
    answer_with(made.page, "**/api/v1/options", {"arms": ["ntp", "mup"], "measures": ["ntk"]})

    page = made.open(f"/datasets/{dataset_id}")
    open_settings(page, "model", "arms", "measurement")

    assert (offered(page, "model-family"), offered(page, "loss")) == (told["families"], told["losses"])
    for kind, names in {"arm": ["ntp", "mup"], "measure": ["ntk"]}.items():
        boxes = page.locator(f"input[type=checkbox][id^=set-{kind}-]").all()
        assert [box.get_attribute("value") for box in boxes] == names


def test_options_belong_to_a_family_and_an_optimizer(visit, instance):
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    page = visit().open(f"/datasets/{dataset_id}?start=paper")
    open_settings(page, "model", "training")
    expect(page.locator("#set-optimizer-momentum")).to_be_visible()
    expect(page.locator("#set-optimizer-beta1")).to_be_hidden()
    expect(page.locator("#set-model-has_skip")).to_be_visible()

    page.select_option("#set-optimizer-kind", "adam")
    page.select_option("#set-model-family", "vit")

    expect(page.locator("#set-optimizer-beta1")).to_be_visible()
    expect(page.locator("#set-optimizer-momentum")).to_be_hidden()
    expect(page.locator("#set-model-patch_size")).to_be_visible()
    expect(page.locator("#set-model-has_skip")).to_be_hidden()


def test_share_and_time_left_are_the_servers(visit, instance, request):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 200_000}
    path = f"/experiments/{instance.post('/experiments', json=plan | {'protocol': 'full'})['id']}"
    request.addfinalizer(lambda: instance.client.post(f"{path}/cancellation"))
    made = visit()
    told = instance.get(path)["progress"] | {"share_done": 0.37, "eta_seconds": 7200.0}
    answer_with(made.page, f"**/api/v1{path}", {"progress": told})

    page = made.open(path)

    expect(page.locator(".progress-share")).to_have_text("37%")
    expect(page.locator(".progress .facts")).to_contain_text(text("ui.progress.left", "en"))
    expect(page.locator(".progress .facts")).to_contain_text("2 h")
