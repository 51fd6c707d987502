"""The page of an experiment while all workers train: commit to drawing, main thread, heap, and training."""

from __future__ import annotations

import bisect
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.report import RowResult
from benchmarks.stack import open_page, running
from benchmarks.training_load import CommitWatch, begin_training, training_share

WATCH_SECONDS, ALONE_SECONDS, SETTLE_SECONDS = 60.0, 25.0, 10.0
# An hour at the page's fastest pace of two updates a second.
# The browser compiles what is drawn again and again, for some 240 updates; that ends, so it is not scaled.
HOUR_UPDATES, FIRST_UPDATES, SCALED_UPDATES, HEAP_SECONDS = 7200, 240, 240, 300.0
GOAL_DRAWN, GOAL_SHARE, GOAL_THREAD, GOAL_HEAP = 1.0, 0.95, 100.0, 20.0
_NOTE = """
window.drawn = []; window.tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.tasks.push(entry.duration);
}).observe({type: "longtask"});
document.addEventListener("DOMContentLoaded", () => setInterval(() => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) if (!plot.isNoted && plot.on) {
    plot.isNoted = true;
    plot.on("plotly_afterplot", () => window.drawn.push(performance.timeOrigin + performance.now()));
  }
}, 50));
"""
_ASKED = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/figures/"))
  .map((entry) => [entry.requestStart, entry.responseEnd].map((moment) => performance.timeOrigin + moment))"""


def live() -> RowResult:
    """Watch the curves of a running experiment: the page is the reader's, training the machine's."""
    with TemporaryDirectory(prefix="muscope-live-") as folder, running(Path(folder) / "data") as stack:
        experiment = begin_training(stack)
        alone = training_share(stack, ALONE_SECONDS)
        with open_page() as page, CommitWatch(stack.data / "muscope.db", experiment) as watch:
            page.add_init_script(_NOTE)
            page.goto(f"{stack.url}/experiments/{experiment}/curves")
            page.wait_for_selector(".js-plotly-plot")
            page.wait_for_timeout(1000 * SETTLE_SECONDS)  # the first pictures load the library
            page.evaluate("() => { window.tasks.length = 0; performance.clearResourceTimings(); }")
            page.evaluate("() => performance.setResourceTimingBufferSize(10000)")
            began = time.time()
            beside = training_share(stack, WATCH_SECONDS, lambda: page.wait_for_timeout(1000 * WATCH_SECONDS))
            ages = _ages(watch.commits, page, began, time.time() - 5)
            tasks = sorted(page.evaluate("window.tasks"))
            heap, num_updates = _heap_growth(page)
        alone = (alone + training_share(stack, ALONE_SECONDS)) / 2
    drawn = float(np.percentile(ages, 95)) if ages else float("inf")
    thread, share = (tasks[-1] if tasks else 50.0), beside / alone
    table = [["what", "value", "goal"]]
    table += [["commit to drawn, p95", f"{drawn:.2f} s ({len(ages)} commits)", f"{GOAL_DRAWN:g} s"]]
    table += [["training beside it", f"{share:.1%} ({beside:.2f} of {alone:.2f} cores)", f"{GOAL_SHARE:.0%}"]]
    table += [["longest task of the main thread", f"{thread:.0f} ms ({len(tasks)} above 50 ms)", "100 ms"]]
    table += [["heap after an hour's updates", f"{heap:+.1f} MB", f"{GOAL_HEAP:g} MB"]]
    is_met = drawn <= GOAL_DRAWN and share >= GOAL_SHARE and thread <= GOAL_THREAD and heap <= GOAL_HEAP
    value = f"{drawn:.2f}s,{share:.0%},{thread:.0f}ms,{heap:.0f}MB"
    notes = [
        "Drawn: the first drawing after a figure was asked for that was asked for after the commit.",
        "Training is measured by the processor time of its processes, whatever the cells' sizes.",
        f"Heap: {num_updates} updates after the first {FIRST_UPDATES}, scaled to {HOUR_UPDATES};"
        " the browser's record of requests, which ends at 250, is left out.",
    ]
    return RowResult(value, "1s,95%,100ms,20MB", is_met, table, notes)


def _ages(commits: list[tuple[float, str, int]], page: Page, began: float, ended: float) -> list[float]:
    """Return, per commit, the seconds until a picture with it was drawn."""
    asked: list[list[float]] = sorted(page.evaluate(_ASKED))
    drawn: list[float] = sorted(page.evaluate("window.drawn"))
    ages = []
    for moment, _, _ in commits:
        if not began <= moment <= ended:
            continue
        index = bisect.bisect_left(asked, [1000 * moment])
        reply = asked[index][1] if index < len(asked) else float("inf")
        at = bisect.bisect_left(drawn, reply)
        ages.append(drawn[at] / 1000 - moment if at < len(drawn) else float("inf"))
    return ages


def _heap_growth(page: Page) -> tuple[float, int]:
    """Return the megabytes that an hour's updates add to the collected heap, and the updates seen."""
    session = page.context.new_cdp_session(page)
    # The record, made long above, would be what grows: some 15 kB a request.
    page.evaluate("() => { performance.clearResourceTimings(); performance.setResourceTimingBufferSize(1); }")

    def used() -> float:
        session.send("HeapProfiler.collectGarbage")
        found: dict[str, Any] = session.send("Runtime.getHeapUsage")
        return float(found["usedSize"]) / 1e6

    _watch(page, FIRST_UPDATES)
    before = used()
    done = _watch(page, SCALED_UPDATES)
    return (used() - before) * (HOUR_UPDATES / done if done else float("inf")), done


def _watch(page: Page, wanted: int) -> int:
    """Wait for updates, or for as long as they may take, and return how many were drawn."""
    began, before = time.monotonic(), int(page.evaluate("window.drawn.length"))
    while (done := int(page.evaluate("window.drawn.length")) - before) < wanted:
        if time.monotonic() > began + HEAP_SECONDS:
            break
        page.wait_for_timeout(500)
    return done
