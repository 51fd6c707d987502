"""Name, notes and tags on the page of an experiment; two editors; the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES
from tests.browser.verdicts import SMALL, say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def experiment(instance):
    """A cancelled experiment of a built-in dataset, without a name of its own."""
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    created = instance.post("/experiments", json={"dataset_id": dataset_id, "preset": "quick"} | SMALL)
    instance.post(f"/experiments/{created['id']}/cancellation")
    return created["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_experiment_is_named_and_annotated_with_the_keyboard(visit, experiment, language):
    page = visit(language).open(f"/experiments/{experiment}")
    page.locator("[data-action=label]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#label-name")).to_be_focused()

    page.keyboard.press("Control+A")
    page.keyboard.type("ライン 2 <b>")
    page.keyboard.press("Tab")
    page.keyboard.type("本番、GPU")
    page.keyboard.press("Tab")
    page.keyboard.type("新しい装置。\n次は夜間に。")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("ライン 2 <b>")
    expect(page.locator("[data-action=label]")).to_be_focused()
    expect(page.locator(".tags li")).to_have_text(["GPU", "本番"])
    page.reload()
    expect(page.locator(".labels-notes")).to_have_text("新しい装置。\n次は夜間に。")


def test_of_two_editors_the_second_is_told(visit, instance, experiment):
    made = visit()
    made.allowed = ("status of 412",)
    page = made.open(f"/experiments/{experiment}")
    page.locator("[data-action=label]").click()
    instance.client.patch(f"/experiments/{experiment}", json={"name": "by someone else"})
    page.fill("#label-name", "mine")
    page.get_by_role("button", name=say("labels.save"), exact=True).click()

    page.get_by_role("button", name=say("labels.read_again")).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("by someone else")
    assert instance.get(f"/experiments/{experiment}")["name"] == "by someone else"


def test_escape_leaves_everything_as_it_was(visit, experiment):
    page = visit().open(f"/experiments/{experiment}")
    before = page.get_by_role("heading", level=1).inner_text()
    page.locator("[data-action=label]").click()
    page.fill("#label-name", "other")

    page.keyboard.press("Escape")

    expect(page.get_by_role("heading", level=1)).to_have_text(before)
