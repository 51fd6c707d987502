"""A hidden tab hears of its answer: in its title, and by a notification where one was wished."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.verdicts import SMALL, say

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

# A browser whose user allows notifications when asked, and a tab that can be hidden from a script.
BROWSER = """
window.shown = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { this.permission = "granted"; }
  constructor(title) { window.shown.push(title); }
};
window.isAway = false;
Object.defineProperty(document, "hidden", { get: () => window.isAway });
"""


def test_the_answer_is_notified_on_wish_and_stands_in_the_title_of_a_hidden_tab(visit, instance):
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    plan = SMALL | {"dataset_id": dataset_id, "num_steps": 1500, "name": "alert"}
    experiment = instance.post("/experiments", json=plan)
    pages = {language: visit(language) for language in ("en", "ja")}

    for language, opened in pages.items():
        opened.page.add_init_script(BROWSER)
        page = opened.open(f"/experiments/{experiment['id']}")
        page.get_by_role("button", name=say("alert.offer", language)).click()
        expect(page.locator(".alert-control")).to_contain_text(say("alert.on", language))
        page.evaluate("window.isAway = true; document.dispatchEvent(new Event('visibilitychange'))")
    instance.finished(experiment["id"], seconds=240)

    ended = instance.get(f"/experiments/{experiment['id']}")
    for language, opened in pages.items():
        answer = say(f"outcome.short.{ended['outcome']}", language)
        expect(opened.page).to_have_title(re.compile(f"^{re.escape(answer)} · "), timeout=30_000)
        assert opened.page.evaluate("window.shown") == [f"{answer} · alert"]
