"""Breadcrumbs: the way to every page under an experiment or a dataset, also on a phone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def example(instance):
    return instance.post("/examples/experiment")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_to_a_run_leads_back_page_by_page(visit, instance, example, language):
    run = instance.get(f"/experiments/{example['id']}/runs?limit=1")["items"][0]
    page = visit(language, width=390, height=800).open(f"/experiments/{example['id']}/runs/{run['id']}")
    crumbs = page.get_by_role("navigation", name=text("ui.crumbs.label", language))
    keys = ("nav.start", "nav.experiments", "tabs.runs")
    start, experiments, runs = (text(f"ui.{key}", language) for key in keys)

    way = [start, experiments, example["name"], runs, text("ui.crumbs.run", language)]
    expect(crumbs.get_by_role("listitem")).to_have_text(way)
    expect(crumbs.locator("[aria-current=page]")).to_have_text(way[-1])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page, context=".crumbs").response["violations"] == []

    crumbs.get_by_role("link", name=runs).click()
    expect(crumbs.get_by_role("listitem")).to_have_text(way[:-1])
    crumbs.get_by_role("link", name=example["name"]).click()
    expect(crumbs.get_by_role("listitem")).to_have_text(way[:-2])
    crumbs.get_by_role("link", name=experiments).click()
    expect(page).to_have_url(re.compile("/experiments$"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_data_and_a_clone_say_where_they_are(visit, example, language):
    data = f"/datasets/{example['dataset_id']}"
    visited = visit(language)
    crumbs = visited.page.get_by_role("navigation", name=text("ui.crumbs.label", language))
    start, experiments = text("ui.nav.start", language), text("ui.nav.experiments", language)

    visited.open(data)
    expect(crumbs.get_by_role("listitem")).to_have_text(
        [start, text("ui.files.title", language), text("example.digits.title", language)]
    )
    visited.open(f"{data}?clone={example['id']}")
    clone = text("ui.action.clone", language)
    expect(crumbs.get_by_role("listitem")).to_have_text([start, experiments, example["name"], clone])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_link_to_the_data_says_that_it_leads_there(visit, example, language):
    page = visit(language).open(f"/experiments/{example['id']}")

    title = text("example.digits.title", language)
    expect(page.locator(".page-head .kicker")).to_contain_text(text("ui.experiment.data", language) + title)
