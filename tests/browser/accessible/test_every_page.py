"""Every page and its states: nothing moves as it opens, and axe finds no fault (WCAG 2.2 AA, good practice).

Looked at in both themes, on desktop and phone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.backend.sweeps.made import sweep, table
from tests.browser.verdicts import SMALL

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

WIDTHS = (1280, 390)
HANDBOOK = (
    "ja/tutorial.html",
    "ja/answers.html",
    "en/scripts.html",
    "ja/settings.html",
    "en/api.html",
    "ja/glossary.html",
    "ja/missing",
)
GONE = "00000000-0000-4000-8000-000000000000"
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# Between themes nothing but colours differs.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Long enough to take ten seconds a look: lists of what is all drawn alike.
MANY_ELEMENTS = 3_000
# Of brothers that hold elements of the same names and classes one is enough for colours and sizes.
LEAVE_ONE_OF_ALIKE = """
() => {
  const look = (element) => `${element.tagName} ${element.className} ${element.getAttribute("style")}`;
  const kind = (element) => {
    const isEven = element.tagName === "TR" && element.sectionRowIndex % 2;
    return [isEven, ...new Set([element, ...element.querySelectorAll("*")].map(look))].join("|");
  };
  const alike = [];
  for (const parent of document.querySelectorAll("main, main *")) {
    const seen = new Set();
    for (const child of parent.children) {
      const its = kind(child);
      if (seen.has(its) && getComputedStyle(child).display !== "inline") alike.push(child);
      seen.add(its);
    }
  }
  alike.forEach((child) => child.remove());
}
"""
# Layout shift (CLS) while a page opens: half of what is called good, since later parts are not waited for.
MOST_SHIFT = 0.05
WATCH_SHIFT = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
FIND = """
async options => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" "))}`);
}
"""


@dataclass(frozen=True)
class State:
    """One page in one state: its address, an element that is there once it is drawn, and what leads to it."""

    path: str
    drawn: str
    arrange: Callable[[Page], None] = lambda _page: None
    rules: dict[str, Any] | None = None


@dataclass(frozen=True)
class Ids:
    """What the pages show."""

    example: str
    example_data: str
    run: str
    cancelled: str
    data: str
    sweep: str


@pytest.fixture(scope="module")
def ids(instance) -> Ids:
    example = instance.post("/examples/experiment")
    run = instance.get(f"/experiments/{example['id']}/runs?limit=1")["items"][0]
    data = instance.post("/examples/friedman/dataset")["id"]
    other = instance.post("/experiments", json={"dataset_id": data, "name": "stopped"} | SMALL)
    instance.post(f"/experiments/{other['id']}/cancellation")
    columns, file = table(sweep(drift=-1.0)), io.StringIO()
    csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    kind = {"Content-Type": "text/csv"}
    made = instance.post(
        "/sweeps", params={"name": "walk.csv"}, content=file.getvalue().encode(), headers=kind
    )
    return Ids(example["id"], example["dataset_id"], run["id"], other["id"], data, made["id"])


def click(selector: str, shows: str) -> Callable[[Page], None]:
    """Return the way to a state that a click leads to."""

    def arrange(page: Page) -> None:
        page.locator(selector).first.click()
        expect(page.locator(shows).first).to_be_visible()

    return arrange


def choose_all(page: Page) -> None:
    page.locator("[data-select]").first.check()
    expect(page.locator("[data-bulk=delete]")).to_be_visible()
    page.locator("[data-bulk=delete]").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def of_experiments(ids: Ids) -> list[State]:
    one = f"/experiments/{ids.example}"
    return [
        State(f"{one}?folds=why", "#why"),
        State(f"{one}/curves?folds=tensors", "#figure-lr_loss .scatterlayer .trace"),
        State(f"{one}/runs?state=diverged", ".runs table tbody tr, table tbody tr"),
        State(f"{one}/settings?folds=definition", "#definition pre"),
        State(f"{one}/report", "main h2"),
        State(f"{one}/runs/{ids.run}", ".scatterlayer .trace"),
        State(f"/experiments/{ids.cancelled}", "main h1"),
        State(f"/experiments/{GONE}", "main h1"),
        State(f"/compare?ids={ids.example},{ids.cancelled}", "#compare-answers thead"),
        State(f"/compare?ids={ids.example}", "[role=alert]"),
    ]


def of_lists(ids: Ids) -> list[State]:
    return [
        State("/", ".hero"),
        State("/experiments", ".list-table tbody tr"),
        State("/experiments", ".list-table tbody tr", choose_all),
        State("/experiments?q=nothing", ".empty"),
        State("/data", ".files-table tbody tr"),
        State("/data", ".files-table tbody tr", click("[data-delete]", "[role=dialog], dialog[open]")),
        State(f"/datasets/{ids.data}", "#run"),
        State(f"/datasets/{ids.example_data}?clone={ids.example}", "#clone-changes"),
        State("/sweeps", "#sweep-file"),
        State(f"/sweeps/{ids.sweep}", "#sweep-answer h2"),
        State("/workers", "#checks li"),
        State("/nowhere", "main h1"),
    ]


def of_readers() -> list[State]:
    return [
        State("/settings", "[data-preference=limits]"),
        State("/sign-in", "main h1"),
        State("/account", "main h1"),
        State("/users", "main h1"),
        State("/audit", "main h1"),
        State("/docs/ja/index.html", "main h1"),
        *(State(f"/docs/{path}", "main h1") for path in HANDBOOK),
        State("/api/v1/docs#/health", ".opblock", rules=WCAG),
    ]


def too_wide(page: Page, state: State, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{state.path} {width} is wider than the screen"] if is_wide else []


def found(page: Page, state: State) -> list[str]:
    """Look at one state in both widths and themes, and return what is wrong with it.

    The first look takes all of a page; on a very long one the others leave out what is drawn alike.
    """
    page.evaluate(AXE_SCRIPT)
    is_long = page.locator("*").count() > MANY_ELEMENTS
    wrong = [each for width in reversed(WIDTHS) for each in too_wide(page, state, width)] if is_long else []
    looks = [(width, is_dark) for width in WIDTHS for is_dark in (False, True)]
    for number, (width, is_dark) in enumerate(looks):
        if is_long and number == 1:
            page.evaluate(LEAVE_ONE_OF_ALIKE)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if is_dark else "light")
        page.evaluate(TWO_FRAMES)
        rules, theme = (COLOURS, "dark") if is_dark else (state.rules or {}, "light")
        wrong += [f"{state.path} {width} {theme} {each}" for each in page.evaluate(FIND, rules)]
        if is_dark:
            wrong += too_wide(page, state, width)
    return wrong


def moved(page: Page, state: State) -> list[str]:
    """Return how far a page moved while it opened, if that is too far."""
    page.evaluate(TWO_FRAMES)
    shift = page.evaluate("window.shifted")
    return [] if shift <= MOST_SHIFT else [f"{state.path} moved by {shift:.3f} while it opened"]


@pytest.mark.parametrize("kind", ["experiments", "lists", "readers"])
def test_every_page_stands_still_and_is_accessible_in_both_themes_and_widths(visit, ids, kind):
    states = {"experiments": of_experiments(ids), "lists": of_lists(ids), "readers": of_readers()}[kind]
    made = visit("ja")
    made.allowed = ("401", "404", "422")
    made.page.add_init_script(WATCH_SHIFT)
    wrong = []
    for state in states:
        made.page.set_viewport_size({"width": WIDTHS[1], "height": 900})
        page = made.open(state.path)
        expect(page.locator(f"main h1, {state.drawn}").first).to_be_attached(timeout=30_000)
        wrong += moved(page, state)
        made.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        # On a phone a figure may lie so far down that it is not asked for.
        expect(page.locator(state.drawn).first).to_be_attached(timeout=30_000)
        state.arrange(page)
        wrong += found(page, state)

    assert wrong == []
