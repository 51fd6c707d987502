"""The page of sweeps: a table dropped, a question answered, the answer read, the sweep deleted."""

from __future__ import annotations

import csv
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from muscope.backend.catalogue import LANGUAGES, text
from tests.backend.sweeps.made import sweep, table

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def unclear_table(seed: float) -> bytes:
    """Return a drifting sweep whose learning rates stand in a column called rate."""
    file, columns = io.StringIO(), table(sweep(drift=-1.0, noise=seed))
    names = ["rate" if name == "lr" else name for name in columns]
    csv.writer(file).writerows([names, *zip(*columns.values(), strict=True)])
    return file.getvalue().encode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_drops_a_table_answers_a_question_and_reads_the_answer(visit, language):
    page = visit(language).open("/sweeps")
    content = unclear_table(0.001 if language == "en" else 0.002)
    page.locator("#sweep-file").set_input_files(
        {"name": "drift.csv", "mimeType": "text/csv", "buffer": content}
    )

    expect(page).to_have_url(re.compile("/sweeps/[0-9a-f-]{36}"), timeout=60_000)
    expect(page.locator(".note-warn")).to_contain_text(text("ui.sweep.question.no_lr", language))
    page.get_by_label(text("ui.sweep.meaning_of", language, column="rate")).select_option("lr")

    answer = page.locator("#sweep-answer")
    expect(answer.get_by_role("heading", level=2)).to_have_text(
        text("sweep.headline.does_not_transfer", language), timeout=60_000
    )
    expect(answer.locator("[data-axis=width] tbody tr")).to_have_count(3)
    page.locator("#figure-sweep-lr_loss").scroll_into_view_if_needed()
    expect(page.locator("#figure-sweep-lr_loss .scatterlayer .trace")).to_have_count(4, timeout=60_000)
    for name in ("best_lr", "cost"):
        page.locator(f"#figure-sweep-{name}").scroll_into_view_if_needed()
        expect(page.locator(f"#figure-sweep-{name} .scatterlayer .trace")).to_have_count(1, timeout=60_000)
    assert page.locator("#sweep-runs tbody tr").count() > 0
    page.locator("#sweep-show-to").select_option("512")
    expect(answer.locator("[data-axis=width] tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("along=width&to=512"))
    page.reload()
    expect(answer.locator("[data-axis=width] tbody tr")).to_have_count(1)
    page.get_by_label(text("ui.sweep.law.exponent", language)).fill("0.25")
    page.get_by_role("button", name=text("ui.sweep.law.judge", language)).click()
    expect(answer).to_contain_text("C^-0.25", timeout=60_000)
    assert Axe().run(page).response["violations"] == []

    page.get_by_role("link", name=text("ui.nav.sweeps", language)).first.click()
    row = page.get_by_role("row").filter(has_text=text("sweep.outcome.does_not_transfer", language)).first
    row.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name=text("ui.action.delete", language)).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert Axe().run(page).response["violations"] == []
