"""Five hundred viewers of one experiment that trains."""

from __future__ import annotations

import asyncio
import bisect
import json
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.report import RowResult
from benchmarks.stack import running
from benchmarks.training_load import CommitWatch, begin_training, training_share

NUM_VIEWERS, VIEW_SECONDS, ALONE_SECONDS, CONNECT_SECONDS = 500, 40.0, 25.0, 60.0
GOAL_AGE, GOAL_SHARE = 1.5, 0.9


def viewers() -> RowResult:
    """Let five hundred watch one experiment; compare with training that nobody watches."""
    with TemporaryDirectory(prefix="muscope-viewers-") as folder, running(Path(folder) / "data") as stack:
        experiment = begin_training(stack)
        alone = training_share(stack, ALONE_SECONDS)
        with CommitWatch(stack.data / "muscope.db", experiment) as watch:
            crowd = _Crowd(stack.url, experiment)
            thread = threading.Thread(target=lambda: asyncio.run(crowd.watch()))
            thread.start()
            crowd.all_connected.wait(CONNECT_SECONDS)
            beside = training_share(stack, VIEW_SECONDS)
            crowd.stop.set()
            thread.join()
        alone = (alone + training_share(stack, ALONE_SECONDS)) / 2
    ages = _event_ages(watch.commits, crowd.events)
    age, share = (float(np.percentile(ages, 95)) if ages else float("inf")), beside / alone
    table = [["events", "p50", "p95", "errors", "training beside"]]
    median = float(np.median(ages)) if ages else float("inf")
    shown = (f"{len(ages)}", f"{median:.2f} s", f"{age:.2f} s", f"{crowd.errors}")
    table.append([*shown, f"{beside:.2f} of {alone:.2f} cores"])
    is_met = age <= GOAL_AGE and crowd.errors == 0 and share >= GOAL_SHARE
    notes = [
        "Age: from the stored chunk to the viewer, of what was stored while the viewer watched.",
        "The viewers run on the same cores as the stack.",
    ]
    return RowResult(f"{age:.2f}s,{crowd.errors},{share:.0%}", "1.5s,0,90%", is_met, table, notes)


class _Crowd:
    """Viewers of one experiment's stream; `events` has moment, cell and step of what each was told."""

    def __init__(self, url: str, experiment: str) -> None:
        self.events: list[tuple[float, str, int]] = []
        self.errors = 0
        self.all_connected, self.stop = threading.Event(), threading.Event()
        self._host, self._port = urlsplit(url).hostname or "", urlsplit(url).port or 0
        self._path = f"/api/v1/experiments/{experiment}/events"
        self._num_connected = 0

    async def watch(self) -> None:
        """Watch until `stop` is set."""
        viewers = [asyncio.create_task(self._view()) for _ in range(NUM_VIEWERS)]
        while not self.stop.is_set():
            await asyncio.sleep(0.2)
        for each in viewers:
            each.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)

    async def _view(self) -> None:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
            head = f"GET {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n"
            writer.write(head.encode())
            if b" 200 " not in await reader.readline():
                raise ConnectionError("the stream was refused")
            self._num_connected += 1
            if self._num_connected == NUM_VIEWERS:
                self.all_connected.set()
            is_opening = True  # the first tells what was stored before the viewer came, however long ago
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    if not is_opening:
                        self._note(json.loads(line[5:]), time.time())
                    is_opening = False
        except OSError:
            pass
        if not self.stop.is_set():  # a stream of a running experiment does not end by itself
            self.errors += 1

    def _note(self, marks: dict[str, Any], now: float) -> None:
        for cell in marks.get("cells", ()):
            self.events.append((now, cell["cell_id"].replace("-", ""), cell["step"]))


def _event_ages(commits: list[tuple[float, str, int]], events: list[tuple[float, str, int]]) -> list[float]:
    """Return the seconds from each stored step to every viewer who was told of exactly that step."""
    stored: dict[str, list[tuple[int, float]]] = {}
    for moment, cell, step in commits:
        stored.setdefault(cell, []).append((step, moment))
    ages = []
    for moment, cell, step in events:
        of_cell = stored.get(cell, [])
        at = bisect.bisect_left(of_cell, (step, 0.0))
        if at < len(of_cell) and of_cell[at][0] == step:
            ages.append(max(0.0, moment - of_cell[at][1]))
    return ages
