"""Every page, opened with an empty cache: first paint, ready, and how far its layout shifts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import Browser

from benchmarks.report import RowResult
from benchmarks.stack import Stack, open_browser, running

ROUNDS = 3
# Examples of the kinds of data that the finished experiment does not have: a table and a text.
OTHER_KINDS = ("friedman", "python_source")
GOAL_PAINT, GOAL_READY, GOAL_SHIFT = 1.0, 2.0, 0.1
# Time in which late parts of a page still move it, in milliseconds.
SETTLE_MILLISECONDS = 2500
# Nothing that a reader waits for has happened on the page for so long: it is ready.
QUIET_MILLISECONDS = 250
_WATCH = """
window.seen = {shift: 0, changed: 0, session: 0, first: 0, last: 0};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) {
    const {first, last} = window.seen;
    const goesOn = entry.startTime - last < 1000 && entry.startTime - first < 5000;
    window.seen.session = goesOn ? window.seen.session + entry.value : entry.value;
    if (!goesOn) window.seen.first = entry.startTime;
    window.seen.last = entry.startTime;
    window.seen.shift = Math.max(window.seen.shift, window.seen.session);
  }
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("DOMContentLoaded", () => {
  const note = () => { window.seen.changed = performance.now(); };
  note();
  new MutationObserver(note).observe(document.body, {childList: true, subtree: true});
});
"""
_READ = """(quiet) => new Promise((resolve) => {
  const until = performance.now() + 15000;
  const look = () => {
    const isWaiting = [...document.querySelectorAll('[aria-busy="true"]')].some((element) => {
      const {top, height} = element.getBoundingClientRect();
      return height > 0 && top < innerHeight;
    });
    const isQuiet = performance.now() - window.seen.changed >= quiet;
    if ((isQuiet && !isWaiting) || performance.now() > until) {
      const paint = performance.getEntriesByName("first-contentful-paint")[0];
      resolve([paint ? paint.startTime : until, window.seen.changed]);
    } else setTimeout(look, 20);
  };
  look();
})"""


class Visit(NamedTuple):
    """Seconds until the first paint and until the page no longer changes, and the sum of its shifts (CLS)."""

    paint: float
    ready: float
    shift: float


def paint() -> RowResult:
    """Measure the slowest page, by the fastest of its visits: a neighbour's burst is no page's fault."""
    with _pages() as (stack, browser, paths):
        table = [["page", "first paint, s", "ready, s"]]
        slowest_paint = slowest_ready = 0.0
        for path in paths:
            visits = [_visit(browser, stack.url + path) for _ in range(ROUNDS)]
            first, ready = min(each.paint for each in visits), min(each.ready for each in visits)
            slowest_paint, slowest_ready = max(slowest_paint, first), max(slowest_ready, ready)
            table.append([_shown(path), f"{first:.2f}", f"{ready:.2f}"])
    notes = [
        f"Each page is opened {ROUNDS} times by a browser with an empty cache; the fastest visit counts.",
        f"Ready: the last change of the document before {QUIET_MILLISECONDS} ms without one, nothing busy.",
    ]
    is_met = slowest_paint <= GOAL_PAINT and slowest_ready <= GOAL_READY
    goal = f"{GOAL_PAINT:g}s,{GOAL_READY:g}s"
    return RowResult(f"{slowest_paint:.2f}s,{slowest_ready:.2f}s", goal, is_met, table, notes)


def layout_shift() -> RowResult:
    """Measure the page that shifts most, at the width of a desk and of a phone."""
    with _pages() as (stack, browser, paths):
        table = [["page", "1280 px", "390 px"]]
        worst = 0.0
        for path in paths:
            address = stack.url + path
            visits = [_visit(browser, address, width=w, settle=SETTLE_MILLISECONDS) for w in (1280, 390)]
            shifts = [visit.shift for visit in visits]
            worst = max(worst, *shifts)
            table.append([_shown(path), *(f"{shift:.3f}" for shift in shifts)])
    notes = ["Cumulative layout shift as browsers report it: the largest window of at most 5 s."]
    return RowResult(f"{worst:.2f}", f"{GOAL_SHIFT:g}", worst <= GOAL_SHIFT, table, notes)


@contextmanager
def _pages() -> Iterator[tuple[Stack, Browser, list[str]]]:
    """Lend a stack with a finished experiment, a browser, and the address of every page."""
    with TemporaryDirectory(prefix="muscope-visits-") as folder, running(Path(folder) / "data") as stack:
        done = stack.post("/examples/experiment")
        run = stack.get(f"/experiments/{done['id']}/runs?limit=1")["items"][0]["id"]
        one = f"/experiments/{done['id']}"
        paths = ["/", "/experiments", "/data", f"/datasets/{done['dataset_id']}", "/workers", "/settings"]
        paths += [one, *(f"{one}/{tab}" for tab in ("curves", "runs", "settings", "report"))]
        paths += [f"{one}/runs/{run}", f"/compare?ids={done['id']}", "/sweeps", "/docs/"]
        paths += [f"/datasets/{stack.post(f'/examples/{name}/dataset')['id']}" for name in OTHER_KINDS]
        with open_browser() as browser:
            _visit(browser, stack.url)  # the very first one starts what the server loads once
            yield stack, browser, paths


def _visit(browser: Browser, url: str, *, width: int = 1280, settle: int = 0) -> Visit:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    try:
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(url, wait_until="commit")
        page.wait_for_load_state("domcontentloaded")
        paint_ms, ready_ms = page.evaluate(_READ, QUIET_MILLISECONDS)
        page.wait_for_timeout(settle)
        shift = float(page.evaluate("window.seen.shift"))
    finally:
        context.close()
    return Visit(float(paint_ms) / 1000, float(ready_ms) / 1000, shift)


def _shown(path: str) -> str:
    """Return a path without the numbers of this run."""
    return "/".join(part if len(part) < 30 else "…" for part in path.split("/"))
