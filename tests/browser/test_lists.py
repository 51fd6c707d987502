"""The list of experiments: found, sorted, turned over, sent as an address, tagged and deleted together."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import SMALL, say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
PAGE = 50


@pytest.fixture(scope="module")
def many(instance):
    """Fifty-five cancelled experiments named by number, the last one running for long."""
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    plan = {"dataset_id": dataset_id} | SMALL
    ids = []
    for number in range(55):
        created = instance.post("/experiments", json=plan | {"name": f"第九工程 {number:02}"})
        instance.post(f"/experiments/{created['id']}/cancellation")
        ids.append(created["id"])
    instance.post("/experiments/taggings", json={"ids": ids[:3], "add": ["量産"]})
    return ids


def rows(page: Page) -> Locator:
    return page.locator(".list-table tbody tr")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_searched_filtered_and_sent_as_an_address(visit, language):
    page = visit(language).open("/")
    page.get_by_role("link", name=say("nav.experiments", language), exact=True).click()
    expect(rows(page)).to_have_count(PAGE)
    expect(rows(page).first).to_contain_text(text("example.digits.title", language))
    expect(rows(page).first).to_contain_text(say("state.cancelled", language))

    page.fill("#list-search", "第九工程 量産")
    expect(rows(page)).to_have_count(3)
    page.select_option("#list-order", "name/asc")
    expect(rows(page).first).to_contain_text("第九工程 00")

    page.goto(page.url)
    expect(rows(page)).to_have_count(3)
    expect(page.locator("#list-search")).to_have_value("第九工程 量産")
    expect(page.locator("#list-order")).to_have_value("name/asc")
    page.fill("#list-search", "nothing of this name")
    expect(page.locator(".empty")).to_have_text(say("list.nothing_found", language))


def test_pages_are_turned_over_and_back_with_the_browser(visit, many):
    page = visit().open("/experiments?q=第九工程&sort=name")
    page.locator("[data-step=next]").click()
    expect(rows(page)).to_have_count(len(many) - PAGE)
    expect(rows(page).first).to_contain_text("第九工程 50")
    assert "cursor=" in page.url

    page.go_back()
    expect(rows(page).first).to_contain_text("第九工程 00")
    page.go_forward()
    page.locator("[data-step=first]").click()
    expect(rows(page).first).to_contain_text("第九工程 00")


@pytest.mark.usefixtures("many")
def test_back_brings_the_former_choice_and_the_place_in_the_list(visit):
    page = visit().open("/experiments?q=第九工程&sort=name")
    page.select_option("#list-order", "name/asc")
    page.select_option("#list-tag", "量産")
    expect(rows(page)).to_have_count(3)
    page.go_back()
    expect(rows(page)).to_have_count(PAGE)
    expect(page.locator("#list-tag")).to_have_value("")

    rows(page).nth(40).get_by_role("link").first.click()
    page.wait_for_url("**/experiments/*")
    page.go_back()
    expect(rows(page).nth(40)).to_be_in_viewport(timeout=20_000)


@pytest.mark.usefixtures("many")
def test_several_are_tagged_then_deleted_after_a_question_that_says_what_is_lost(visit, instance):
    page = visit("ja").open("/experiments?q=第九工程+4&sort=name")
    names = [f"第九工程 {number}" for number in (40, 41)]
    for name in names:
        page.get_by_label(say("list.select", "ja", name=name), exact=True).check()
    page.locator("[data-bulk=tag]").click()
    page.fill("#bulk-add", "片付け")
    page.get_by_role("button", name=say("bulk.tag_do", "ja")).click()
    expect(page.get_by_role("list", name=say("labels.tags", "ja")).first).to_have_text("片付け")

    page.locator("[data-bulk=delete]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(say("bulk.delete_title", "ja", count=2))
    for name in names:
        expect(dialog).to_contain_text(name)
    page.keyboard.press("Escape")
    assert instance.get("/experiments", params={"tag": "片付け"})["total"] == 2
    page.locator("[data-bulk=delete]").click()
    dialog.get_by_role("button", name=say("bulk.delete_do", "ja", count=2)).click()

    expect(dialog).to_have_count(0)
    expect(page.get_by_text(names[0], exact=True)).to_have_count(0)
    assert instance.get("/experiments", params={"tag": "片付け"})["total"] == 0


def test_what_runs_is_followed_and_cancelled_before_it_can_be_deleted(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 200_000}
    page = visit().open("/experiments?q=lasting")
    expect(rows(page)).to_have_count(0)

    instance.post("/experiments", json=plan | {"name": "lasting"})

    expect(rows(page)).to_have_count(1, timeout=60_000)
    expect(rows(page)).to_contain_text(re.compile(f"{say('state.queued')}|{say('state.running')}"))
    page.get_by_label(say("list.select_all")).check()
    page.locator("[data-bulk=delete]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("lasting")
    dialog.get_by_role("button", name=say("bulk.cancel_do"), exact=True).click()
    expect(rows(page)).to_contain_text(say("state.cancelled"), timeout=60_000)


def focused(page: Page) -> Locator:
    return page.locator(":focus")


@pytest.mark.usefixtures("many")
def test_the_keyboard_goes_from_a_chosen_row_to_the_actions_back_and_on_to_the_comparison(visit):
    page = visit().open("/experiments?q=第九工程&sort=name")
    first, second = (rows(page).nth(at).locator("[data-select]") for at in (20, 21))
    first.focus()
    before = first.bounding_box()
    page.keyboard.press("Space")
    assert first.bounding_box() == before, "the rows moved as one was chosen"
    expect(page.locator("#chosen-status")).to_have_text(say("bulk.announced", count=1))

    expect(page.locator("[data-bulk=compare]")).to_be_visible()  # the options of the server are there
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text(say("bulk.to_actions", count=1))
    expect(focused(page)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("[data-bulk=tag]")).to_be_focused()
    expect(focused(page)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(first).to_be_focused()

    for _ in range(3):
        page.keyboard.press("Tab")
    expect(second).to_be_focused()
    page.keyboard.press("Space")
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("[data-bulk=compare]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?ids=*")


def test_several_are_deleted_by_keyboard_which_stays_in_the_list(visit, instance):
    dataset_id = instance.post("/examples/digits/dataset")["id"]
    for number in range(3):
        made = instance.post(
            "/experiments", json={"dataset_id": dataset_id, "name": f"tidied {number}"} | SMALL
        )
        instance.post(f"/experiments/{made['id']}/cancellation")
    page = visit().open("/experiments?q=tidied&sort=name&order=asc")
    expect(rows(page)).to_have_count(3)
    rows(page).nth(0).locator("[data-select]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-bulk=compare]")).to_be_visible()  # the options of the server are there
    for key in ("Tab", "Tab", "Tab", "Space", "Tab", "Enter", "Tab", "Tab"):
        page.keyboard.press(key)
    expect(page.locator("[data-bulk=delete]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("tidied 1")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text(say("bulk.delete_do", count=2))
    page.keyboard.press("Enter")

    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("tidied 2")
    expect(rows(page).locator("[data-select]")).to_be_focused()
