"""Lists of 10,000 experiments: from the click to the first rows, and what the server takes of it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from benchmarks.report import RowResult
from benchmarks.stack import Stack, open_page, running

NUM_EXPERIMENTS, ROUNDS, GOAL_MILLISECONDS = 10_000, 9, 300.0
# A copy differs from the row it is made of as real experiments differ: name, notes, state, answer, times.
_COPY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO experiment ({columns}) SELECT {values} FROM experiment, n WHERE experiment.id = '{source}'
"""
_CHANGED = {
    "id": "lower(hex(randomblob(16)))",
    "name": "'Line ' || (i % 40) || ', batch ' || i",
    "notes": "CASE i % 5 WHEN 0 THEN 'with the new scanner' ELSE '' END",
    "state": "CASE i % 9 WHEN 0 THEN 'failed' WHEN 1 THEN 'cancelled' ELSE 'completed' END",
    "outcome": "CASE i % 4 WHEN 0 THEN 'transfers' WHEN 1 THEN 'fine_tune' WHEN 2 THEN 'inconclusive' END",
    "created_at": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || (i * 17) || ' minutes')",
    "started_at": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || (i * 17) || ' minutes')",
    "finished_at": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || (i * 17 + i % 90) || ' minutes')",
}
_TAGS = """
INSERT INTO experiment_tag (experiment_id, tag)
SELECT id, CASE WHEN rowid % 2 THEN 'night' ELSE 'day' END FROM experiment
"""
QUESTIONS: dict[str, dict[str, str]] = {
    "first page": {},
    "by name": {"sort": "name"},
    "by duration": {"sort": "duration"},
    "worst answer first": {"sort": "outcome", "order": "desc"},
    "two words": {"q": "scanner 39"},
    "a tag and a state": {"tag": "night", "state": "failed"},
}
_CLICK_TO_ROWS = """() => new Promise((resolve) => {
  const began = performance.now();
  const look = () => {
    const isDrawn = document.querySelector(".list-table tbody tr");
    if (isDrawn) requestAnimationFrame(() => resolve(performance.now() - began));
    else requestAnimationFrame(look);
  };
  document.querySelector('a[data-page][href^="/experiments"]:not([href*="/experiments/"])').click();
  look();
})"""


def list_10000() -> RowResult:
    """Measure the list with 10,000 experiments in it."""
    with TemporaryDirectory(prefix="muscope-lists-") as folder:
        data = Path(folder) / "data"
        with running(data) as stack:
            source = _one_experiment(stack)
        _multiply(data / "muscope.db", source)
        with running(data) as stack:
            assert stack.get("/experiments?limit=1")["total"] == NUM_EXPERIMENTS
            table = [["question", "reply, ms", "bytes, uncompressed"]]
            table += [[name, *_reply(stack, asked)] for name, asked in QUESTIONS.items()]
            table += [["page 191 of 200", *_reply(stack, _last_page(stack))]]
            value = _milliseconds_to_rows(stack)
    notes = ["The value is from the click on a link of another page to the first rows drawn, in Chromium."]
    return RowResult(f"{value:.0f}ms", f"{GOAL_MILLISECONDS:.0f}ms", value <= GOAL_MILLISECONDS, table, notes)


def _one_experiment(stack: Stack) -> str:
    dataset = stack.post("/examples/digits/dataset")
    created = stack.post("/experiments", json={"dataset_id": dataset["id"], "preset": "quick"})
    stack.post(f"/experiments/{created['id']}/cancellation")
    while stack.get(f"/experiments/{created['id']}")["state"] in ("queued", "running"):
        time.sleep(0.2)
    return str(created["id"])


def _multiply(database: Path, source: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(experiment)")]
        values = [_CHANGED.get(name, f"experiment.{name}") for name in columns]
        statement = _COPY.format(
            count=NUM_EXPERIMENTS - 1,
            columns=", ".join(columns),
            values=", ".join(values),
            source=source.replace("-", ""),
        )
        connection.execute(statement)
        connection.execute(_TAGS)


def _reply(stack: Stack, asked: dict[str, str]) -> tuple[str, str]:
    times, size = [], 0
    path = f"/experiments?{urlencode({'limit': '50'} | asked)}"
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = stack.get(path)
        times.append(1000 * (time.perf_counter() - began))
        size = len(json.dumps(found, separators=(",", ":")))
    return f"{statistics.median(times):.0f}", f"{size:,}"


def _last_page(stack: Stack) -> dict[str, str]:
    """Return the place before the last 500; by pages of that size it is reached in twenty requests."""
    asked = {"limit": "500"}
    cursor = None
    while more := stack.get(f"/experiments?{urlencode(asked)}")["next"]:
        cursor = more
        asked = {"limit": "500", "cursor": cursor}
    return {"cursor": cursor} if cursor else {}


def _milliseconds_to_rows(stack: Stack) -> float:
    times = []
    with open_page() as page:
        for _ in range(ROUNDS):
            page.goto(f"{stack.url}/")
            page.wait_for_load_state("networkidle")
            times.append(float(page.evaluate(_CLICK_TO_ROWS)))
    return statistics.median(times)
