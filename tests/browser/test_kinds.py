"""Images and texts on the page: examples instead of columns, and a way back for a table named .txt."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.tables import flowers

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.mark.parametrize("language", LANGUAGES)
def test_images_are_shown_as_pictures(visit, instance, language):
    dataset_id = instance.post("/examples/shapes/dataset")["id"]

    page = visit(language).open(f"/datasets/{dataset_id}")

    pictures = page.locator(".pictures img")
    expect(pictures).to_have_count(20)
    assert pictures.evaluate_all("all => all.map(one => one.naturalWidth)") == [16] * 20
    expect(pictures.first).to_have_attribute("alt", text("ui.profile.samples.alt", language, label="disc"))
    expect(page.locator("#profile-label, #profile-task, .profile table")).to_have_count(0)


def test_a_text_file_that_is_a_table_may_be_read_as_a_text_and_back(visit):
    page = visit("ja").open("/")
    content = flowers().replace(",", "\t").encode("utf-16")
    file: FilePayload = {"name": "花.txt", "mimeType": "text/plain", "buffer": content}

    page.set_input_files("#file", file)
    page.wait_for_url("**/datasets/*")
    expect(page.locator("#profile-label")).to_have_value("種類")
    page.locator("#decisions > summary").click()
    page.locator("#profile-kind").select_option("text")

    expect(page.locator(".windows code")).to_have_count(6)
    named = text("warning.dataset.text_looks_like_table", "ja", delimiter=r"\t")
    expect(page.get_by_text(named)).to_be_visible()
    page.get_by_role("button", name=text("ui.profile.read_as_table", "ja")).click()
    page.locator("#profile-label").wait_for()
    expect(page.locator("#profile-label")).to_have_value("種類")
