"""Experiments side by side: from the list to answers and differences that agree with the REST route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.browser.verdicts import SMALL

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


TAG = "side-by-side"


@pytest.fixture(scope="module")
def pair(instance) -> Iterator[list[dict[str, Any]]]:
    """Yield the finished example, and a cancelled experiment on other data, both tagged meanwhile.

    Other tests add experiments to the same stack, so without the tag they may be on no first page of a list.
    """
    example = instance.post("/examples/experiment")
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    other = instance.post("/experiments", json={"dataset_id": dataset_id, "name": "other"} | SMALL)
    instance.post(f"/experiments/{other['id']}/cancellation")
    instance.finished(other["id"], seconds=60)
    ids = [example["id"], other["id"]]
    instance.post("/experiments/taggings", json={"ids": ids, "add": [TAG]})
    yield [example, other]
    instance.post("/experiments/taggings", json={"ids": ids, "remove": [TAG]})


@pytest.mark.parametrize("language", LANGUAGES)
def test_selected_experiments_are_compared(visit, pair, language):
    page = visit(language).open(f"/experiments?tag={TAG}")
    compare = page.get_by_role("button", name=text("ui.bulk.compare", language))
    for count, experiment in enumerate(pair, start=1):
        page.check(f"[data-select='{experiment['id']}']")
        expect(compare).to_be_enabled(enabled=count > 1)

    compare.click()

    expect(page).to_have_url(re.compile(r"/compare\?ids="))
    expect(page.get_by_role("heading", level=1)).to_have_text(text("ui.compare.title", language))
    for experiment in pair:
        expect(page.locator("#compare-answers thead")).to_contain_text(experiment["name"])
    crumbs = page.get_by_role("navigation", name=text("ui.crumbs.label", language))
    expect(crumbs.locator("[aria-current=page]")).to_have_text(text("ui.compare.title", language))
    for name in ("lr_loss", "loss", "sharpness"):
        drawn = page.locator(f"[data-figure='compare-{name}']")
        drawn.scroll_into_view_if_needed()
        expect(drawn.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2)
        expect(drawn).to_contain_text(text("figure.compare.note.data", language))
    expect(page.locator("#cautions")).to_contain_text(text("compare.caution.data", language))
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_are_those_of_the_card(visit, pair, language):
    ids = ",".join(each["id"] for each in pair)
    first = visit(language)
    page = first.open(f"/experiments/{pair[0]['id']}")
    on_card = page.locator("[data-number='cost'] .number-value")
    expect(on_card).to_be_visible()
    value = on_card.inner_text().split("\n")[0]
    sentence = page.locator("#verdict-sentence").inner_text()

    page = first.open(f"/compare?ids={ids}")

    cell = page.locator("#compare-answers tr[data-row='cost'] td").first
    expect(cell.locator("strong")).to_have_text(value.split(" ")[0])
    expect(page.locator("#compare-answers tr[data-row='answer'] td").first).to_contain_text(sentence)


def test_the_page_and_the_rest_route_find_the_same_differences(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    base = {"dataset_id": dataset_id, "protocol": "full"} | SMALL
    changes = {"num_steps": 50, "target_width": 512, "tail_fraction": 0.2000001, "widths": [8, 32]}
    made = [instance.post("/experiments", json=base | more) for more in ({"tail_fraction": 0.2}, changes)]
    for each in made:
        instance.post(f"/experiments/{each['id']}/cancellation")
    ids = ",".join(each["id"] for each in made)
    named = {each["name"] for each in instance.get(f"/compare?ids={ids}")["differences"]}

    page = visit().open(f"/compare?ids={ids}")

    rows = page.locator("#compare-differences > .scroll tbody tr")
    expect(rows).to_have_count(len(named))
    found = dict(zip(rows.locator("th").all_inner_texts(), rows.all_inner_texts(), strict=True))
    assert set(found) == {text(f"ui.settings.{name}", "en") for name in named}
    assert "0.2000001" in found[text("ui.settings.tail_fraction", "en")]
    page.locator("#compare-all > summary").click()
    expect(page.locator("#compare-all")).to_contain_text(text("ui.settings.optimizer.kind", "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_compared_is_said(visit, pair, language):
    visited = visit(language)
    visited.allowed = ("404", "422")

    page = visited.open(f"/compare?ids={pair[0]['id']}")
    expected = text("error.compare.number", language, fewest=2, most=4, count=1)
    expect(page.get_by_role("alert")).to_contain_text(expected)
    page = visited.open(f"/compare?ids={pair[0]['id']},00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_be_visible()
