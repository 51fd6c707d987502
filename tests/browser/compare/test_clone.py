"""Clone with changes: the whole definition in the form, what differs, and the same hash unchanged."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import SMALL

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

RICH: dict[str, Any] = SMALL | {
    "arms": [{"parametrization": "mup"}, {"parametrization": "sp", "lrs": [0.05, 0.1, 0.30000000000000004]}],
    "scenarios": ["as_given", "label_noise:0.2"],
    "protocol": "staged",
    "budget": {"slot_seconds": 3600.5},
    "target_width": 4096,
    "thresholds": {"transfers_regret": 0.01},
    "settle": {"max_seeds": 24},
    "measures": ["hessian_trace"],
    "deciding_loss": "train_loss",
    "spec_seed": 7,
    "optimizer": {"kind": "sgd", "momentum": 0.9, "schedule": {"kind": "linear", "warmup_fraction": 0.1}},
}


@pytest.fixture(scope="module")
def rich(instance) -> dict[str, Any]:
    """Return a cancelled experiment of which nearly every part was set by hand."""
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    made = instance.post("/experiments", json={"dataset_id": dataset_id} | RICH)
    instance.post(f"/experiments/{made['id']}/cancellation")
    instance.finished(made["id"], seconds=60)
    ended: dict[str, Any] = instance.get(f"/experiments/{made['id']}")
    return ended


def open_clone(page: Page, language: str) -> None:
    page.get_by_role("link", name=text("ui.action.clone", language)).first.click()
    expect(page.locator("#clone")).to_be_visible()
    expect(page.locator("#run")).to_be_enabled()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unchanged_clone_is_defined_as_its_original(visit, instance, rich, language):
    page = visit(language).open(f"/experiments/{rich['id']}/settings")
    open_clone(page, language)

    expect(page.locator("#clone").get_by_role("link", name=rich["name"])).to_be_visible()
    expect(page.locator("#clone-changes")).to_have_text(text("ui.clone.unchanged", language))
    page.locator("#run").click()

    expect(page).to_have_url(re.compile(r"/experiments/[0-9a-f-]{36}$"))
    made = instance.get(f"/experiments/{page.url.rsplit('/', 1)[1]}")
    assert made["id"] != rich["id"]
    assert made["spec_sha256"] == rich["spec_sha256"]
    instance.post(f"/experiments/{made['id']}/cancellation")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clone_shows_what_differs_from_its_original_as_one_changes_it(visit, rich, language):
    page = visit(language).open(f"/experiments/{rich['id']}")
    open_clone(page, language)

    page.fill("#set-num_steps", "60")
    page.press("#set-num_steps", "Tab")

    row = page.locator("#clone-changes tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("th")).to_have_text(text("ui.settings.num_steps", language))
    expect(row.locator("td")).to_have_text(["40", "60"])
    assert Axe().run(page).response["violations"] == []


def test_a_scenario_taken_out_of_a_clone_is_a_difference(visit, rich):
    page = visit().open(f"/datasets/{rich['dataset_id']}?clone={rich['id']}")

    page.locator("#scenario-editor > summary").click()
    page.locator(".scenario-list button").click()

    expect(page.locator("#clone-changes tbody th")).to_have_text(text("ui.spec.scenarios", "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deleted_original_and_deleted_data_are_named(visit, rich, language):
    gone = "00000000-0000-4000-8000-000000000000"
    visited = visit(language)
    visited.allowed = ("404",)

    page = visited.open(f"/datasets/{rich['dataset_id']}?clone={gone}")
    expect(page.locator("#clone-missing")).to_contain_text(text("ui.clone.missing", language))
    expect(page.locator("#preset-standard")).to_be_checked()

    page = visited.open(f"/datasets/{gone}?clone={rich['id']}")
    expect(page.get_by_role("alert")).to_contain_text(text("ui.clone.no_data", language))
