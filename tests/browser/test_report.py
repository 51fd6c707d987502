"""The report from the page: its button, its language, the file that opens and the one that is saved."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import text
from tests.browser.verdicts import say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SLOW = 60_000


def opened_fold(page):
    page.locator("[data-action=report]").click()
    fold = page.locator("#report")
    expect(fold).to_be_visible()
    return fold


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_says_what_the_card_says(visit, plain, language):
    page = visit(language).open(f"/experiments/{plain}")
    headline = page.locator("#verdict-sentence").inner_text()
    fold = opened_fold(page)

    with page.context.expect_page() as waiting:
        fold.get_by_role("link", name=say("report.open", language), exact=True).click()
    report = waiting.value
    report.wait_for_load_state()

    expect(report.locator(".sheet .title")).to_contain_text(headline, timeout=SLOW)
    assert report.locator("html").get_attribute("lang") == language
    assert report.locator("svg").count() == 4
    # Its own fonts and style are allowed by its own policy.
    assert report.evaluate("document.fonts.check('12px Report')")
    assert report.evaluate("getComputedStyle(document.querySelector('.sheet .title')).fontWeight") == "700"


def test_the_other_language_and_the_pdf_can_be_saved(visit, plain, tmp_path: Path):
    page = visit("en").open(f"/experiments/{plain}")
    fold = opened_fold(page)
    fold.get_by_label(say("report.language")).select_option("ja")

    with page.expect_download(timeout=SLOW) as saving:
        fold.get_by_role("link", name=say("report.download", format="PDF")).click()
    saving.value.save_as(tmp_path / "report.pdf")

    assert saving.value.suggested_filename.endswith("-report-ja.pdf")
    sheet = pypdf.PdfReader(tmp_path / "report.pdf").pages[0].extract_text().replace("\n", "")
    assert text("report.first.approvals", "ja") in sheet


def test_the_saved_file_opens_offline_and_its_sheet_prints_on_one_page(visit, plain, tmp_path: Path):
    visited = visit("en")
    page = visited.open(f"/experiments/{plain}")
    fold = opened_fold(page)
    with page.expect_download(timeout=SLOW) as saving:
        fold.get_by_role("link", name=say("report.download", format="HTML")).click()
    path = tmp_path / "report.html"
    saving.value.save_as(path)

    context = page.context.browser.new_context(offline=True)
    file = context.new_page()
    requests, complaints = [], []
    file.on("request", lambda request: requests.append(request.url))
    file.on("console", lambda message: complaints.append(message.text))
    file.goto(path.as_uri())
    file.pdf(path=tmp_path / "printed.pdf", prefer_css_page_size=True)
    context.close()

    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert complaints == []
    pages = [each.extract_text() for each in pypdf.PdfReader(tmp_path / "printed.pdf").pages]
    assert text("report.first.approvals", "en") in pages[0]
    assert text("report.section.phrases", "en") in pages[1]


def test_the_report_is_made_with_the_rates_of_the_savings(visit, plain):
    page = visit("en").open(f"/experiments/{plain}")
    page.locator("#savings summary").click()
    page.locator("#savings-staff_rate").fill("61")
    page.locator("#savings-staff_rate").blur()
    fold = opened_fold(page)

    with page.context.expect_page() as waiting:
        fold.get_by_role("link", name=say("report.open"), exact=True).click()

    expect(waiting.value.locator(".sheet")).to_contain_text("US$61 per hour", timeout=SLOW)
