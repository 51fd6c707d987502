"""The curves of an ended experiment of 180 runs of 2,000 steps: from the reply to the drawing, and traces."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.sync_api import Page

from benchmarks.report import RowResult
from benchmarks.stack import POLL_SECONDS, Stack, open_page, running

GOAL_SECONDS, MOST_TRACES = 1.0, 18
# 2 arms, 3 widths, 10 LRs, 3 seeds; the loss at every step, sharpness and validation at every tenth.
PLAN = {
    "widths": [8, 16, 32],
    "arms": [{"parametrization": "mup"}, {"parametrization": "ntp"}],
    "lrs": [2.0**power for power in range(-9, 1)],
    "seeds": [0, 1, 2],
    "num_steps": 2000,
    "protocol": "full",
    "measure_every": 10,
    "measures": [],
}
RUNS = 180
WAIT_MILLISECONDS = 60_000
# A picture whose document has not changed for so long is drawn.
QUIET_MILLISECONDS = 400
_NOTE = """
window.drawn = {};
const note = (records) => {
  for (const {target} of records) {
    const figure = (target.nodeType === 1 ? target : target.parentElement)?.closest("[data-figure]");
    if (figure) window.drawn[figure.dataset.figure] = performance.now();
  }
};
document.addEventListener("DOMContentLoaded", () =>
  new MutationObserver(note).observe(document.body, {childList: true, subtree: true, attributes: true}));
"""
# A figure in a closed fold is never drawn.
_UNFOLD = "() => document.querySelectorAll('details.fold').forEach((fold) => { fold.open = true; })"
_FIGURES = """() => [...document.querySelectorAll("[data-figure]")]
  .filter((element) => element.checkVisibility()).map((element) => element.dataset.figure)"""
_IS_DRAWN = """([name, quiet]) => document.getElementById("figure-" + name)?.data?.length > 0
  && performance.now() - window.drawn[name] > quiet"""
_READ = """(name) => {
  const asked = performance.getEntriesByType("resource")
    .filter((entry) => new URL(entry.name).pathname.endsWith("/figures/" + name));
  const {responseEnd, encodedBodySize} = asked[asked.length - 1];
  const plot = document.getElementById("figure-" + name);
  return [(window.drawn[name] - responseEnd) / 1000, plot.data.length, encodedBodySize];
}"""


class Drawn(NamedTuple):
    """Seconds from the last byte of the reply to the last change of the picture, traces, bytes of reply."""

    seconds: float
    traces: int
    size: int


def figures() -> RowResult:
    """Open the page of the curves, bring each figure into view, and wait until it stands."""
    with TemporaryDirectory(prefix="muscope-figures-") as folder, running(Path(folder) / "data") as stack:
        experiment = _ended(stack)
        with open_page() as page:
            page.add_init_script(_NOTE)
            page.goto(f"{stack.url}/experiments/{experiment}/curves")
            page.wait_for_selector(".js-plotly-plot", timeout=WAIT_MILLISECONDS)
            page.evaluate(_UNFOLD)
            found = {name: _drawn(page, name) for name in page.evaluate(_FIGURES)}
    table = [["figure", "reply to drawn, s", "traces", "kB"]]
    table += [
        [name, f"{each.seconds:.2f}", str(each.traces), f"{each.size / 1000:.0f}"]
        for name, each in found.items()
    ]
    slowest, most = max(each.seconds for each in found.values()), max(each.traces for each in found.values())
    notes = [f"{RUNS} runs of 2,000 steps; the first figure also waits for the library of figures."]
    is_met = slowest <= GOAL_SECONDS and most <= MOST_TRACES
    return RowResult(f"{slowest:.2f}s,{most}", f"{GOAL_SECONDS:g}s,{MOST_TRACES}", is_met, table, notes)


def _drawn(page: Page, name: str) -> Drawn:
    page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    deadline = time.monotonic() + WAIT_MILLISECONDS / 1000
    while not page.evaluate(_IS_DRAWN, [name, QUIET_MILLISECONDS]):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name}: not drawn within {WAIT_MILLISECONDS / 1000:g} s")
        page.wait_for_timeout(50)
    return Drawn(*page.evaluate(_READ, name))


def _ended(stack: Stack) -> str:
    dataset = stack.post("/examples/friedman/dataset")["id"]
    experiment: dict[str, Any] = stack.post(
        "/experiments", json={"dataset_id": dataset, "name": "bench", **PLAN}
    )
    while experiment["state"] in ("queued", "running"):
        time.sleep(POLL_SECONDS)
        experiment = stack.get(f"/experiments/{experiment['id']}")
    counted = stack.get(f"/experiments/{experiment['id']}/runs?limit=1")["total"]
    if counted != RUNS:
        raise ValueError(f"runs of the experiment: expected {RUNS}, given {counted}")
    return str(experiment["id"])
