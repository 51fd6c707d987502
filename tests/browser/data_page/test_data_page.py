"""The list of files: found, sorted, turned over, deleted after a question; its recipes forgotten."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.db import datasets
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.settings import Settings
from tests.backend.db.stores import add_dataset
from tests.browser.verdicts import SMALL, say
from tests.system.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def upload(instance: Instance, name: str, seed: int, **options: str) -> dict[str, Any]:
    """Upload a table of 60 rows with columns of its own."""
    rows = "".join(f"{i},{i * 7 % 11},{(i * 13 + seed) % 29}\n" for i in range(60))
    made: dict[str, Any] = instance.post(
        "/datasets",
        params={"name": name} | options,
        content=f"size,weight,price{seed}\n{rows}".encode(),
        headers={"Content-Type": "text/csv"},
    )
    return made


def name_of(number: int) -> str:
    return f"第七工程 {number:02}.csv"


@pytest.fixture(scope="module")
def files(instance):
    """The built-in digits, then fifty-two tables named by number, the last read by an answer.

    All but two are rows of the database alone: a list does not open them, and each upload is a process.
    """
    instance.post("/examples/digits/dataset")
    opened = upload(instance, name_of(3), 3)
    database = Database(database_address(Settings(data=instance.data)))
    with database.read() as session:
        like = datasets.get(session, LOCAL_OWNER, UUID(opened["id"]))
    assert like is not None
    for number in set(range(51)) - {3}:
        fields = {"profile": like.profile, "created_at": datetime.now(UTC)}
        add_dataset(database, like.shape, name=name_of(number), **fields)
    database.close()
    upload(instance, name_of(51), 51, label="weight")
    return instance.get("/datasets", params={"q": "第七工程", "limit": 60})["items"], opened


def rows(page: Page) -> Locator:
    return page.locator(".files-table tbody tr")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("language", LANGUAGES)
def test_files_are_searched_filtered_and_sent_as_an_address(visit, language):
    page = visit(language).open("/")
    page.locator("#nav").get_by_role("link", name=say("nav.data", language), exact=True).click()
    expect(rows(page).first).to_contain_text("第七工程 51.csv")
    page.select_option("#list-kind", "images")
    expect(rows(page).filter(has_text=text("example.digits.title", language))).to_have_count(1)
    expect(rows(page).filter(has_text="第七工程")).to_have_count(0)
    page.select_option("#list-kind", "table")
    page.fill("#list-search", "第七工程 1")
    expect(rows(page)).to_have_count(15)  # 01, 10 to 19, 21, 31, 41, 51
    page.select_option("#list-order", "name/asc")
    expect(rows(page).first).to_contain_text("第七工程 01")

    page.reload()

    expect(rows(page)).to_have_count(15)
    expect(page.locator("#list-kind")).to_have_value("table")
    expect(page.locator("#list-order")).to_have_value("name/asc")
    page.fill("#list-search", "nothing of this name")
    expect(page.locator(".empty").first).to_have_text(say("list.nothing_found", language))


def test_pages_of_files_are_turned_over_and_back_with_the_browser(visit, files):
    listed, _ = files
    page = visit().open("/data?q=第七工程&sort=name")
    page.locator("[data-step=next]").click()
    expect(rows(page)).to_have_count(len(listed) - 50)
    page.go_back()
    expect(rows(page).first).to_contain_text("第七工程 00")


def test_the_keyboard_deletes_a_file_with_its_experiments_once_they_have_ended(visit, instance):
    made = upload(instance, "片付け.csv", 99)
    plan = {"dataset_id": made["id"], "num_steps": 100_000} | {
        name: value for name, value in SMALL.items() if name != "num_steps"
    }
    experiment = instance.post("/experiments", json=plan | {"name": "片付ける実験"})
    page = visit("ja").open("/data?q=片付け")
    expect(rows(page)).to_contain_text(say("files.uses_open", "ja", count=1))
    page.locator("[data-delete]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("片付ける実験")
    expect(page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[data-delete]")).to_be_focused()

    instance.post(f"/experiments/{experiment['id']}/cancellation")
    instance.finished(experiment["id"], 60)
    page.locator("[data-delete]").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("片付ける実験")
    dialog.get_by_role("button", name=say("files.delete_all_do", "ja", count=1)).press("Enter")

    expect(rows(page)).to_have_count(0)
    assert instance.client.get(f"/experiments/{experiment['id']}").status_code == 404


def test_the_experiments_on_a_file_are_one_link_away(visit, instance, files):
    _, third = files
    plan = {"dataset_id": third["id"]} | SMALL
    created = instance.post("/experiments", json=plan | {"name": "on the third"})
    instance.post(f"/experiments/{created['id']}/cancellation")
    page = visit().open("/data?q=第七工程+03")

    rows(page).get_by_role("link", name=say("files.uses", count=1)).click()

    expect(page).to_have_url(re.compile(f"/experiments\\?dataset={third['id']}"))
    expect(page.locator(".list-table tbody tr")).to_have_count(1)
    page.go_back()
    expect(rows(page)).to_have_count(1)


def test_the_filter_by_data_offers_the_file_of_the_address_and_says_how_many_it_leaves_out(visit, instance):
    made = upload(instance, "古い測定.csv", 77)
    opened = visit("ja")

    def newer(route: Route) -> None:
        kept = [each for each in route.fetch().json()["items"] if each["id"] != made["id"]]
        route.fulfill(json={"items": kept, "total": len(kept) + 3, "next": None})

    opened.page.route("**/api/v1/datasets?limit=500", newer)
    page = opened.open(f"/experiments?dataset={made['id']}")

    expect(page.locator("#list-dataset option:checked")).to_have_text("古い測定.csv")
    left_out = page.locator("#list-dataset option:disabled")
    expect(left_out).to_have_text(say("list.filter.more_files", "ja", count=2))
    opened.open("/experiments")
    expect(left_out).to_have_text(say("list.filter.more_files", "ja", count=3))


@pytest.mark.usefixtures("files")
def test_a_list_that_is_left_before_its_filters_are_known_complains_of_nothing(visit):
    page = visit().open("/data?q=第七工程+03")
    waiting: list[Route] = []
    page.route("**/api/v1/options", lambda route: waiting.append(route))
    page.locator("#nav").get_by_role("link", name=say("nav.experiments"), exact=True).click()
    expect(page.locator("#list-dataset")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(1)
    for each in waiting:
        each.abort()


@pytest.mark.usefixtures("files")
def test_answers_about_reading_are_told_and_forgotten(visit, instance):
    page = visit("ja", level="manager").open("/data")
    recipe = page.locator("#recipes li", has_text="price51").first
    expect(recipe).to_contain_text("weight")
    recipe.locator("[data-forget]").click()
    page.get_by_role("dialog").locator(".button-danger").click()

    expect(page.locator("#recipes")).not_to_contain_text("price51")
    assert all("price51" not in each["columns"] for each in instance.get("/recipes"))
