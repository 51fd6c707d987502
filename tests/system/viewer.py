"""Viewer of an experiment's stream who comes back whenever the connection ends, as a browser does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.system.instance import OPEN_STATES

_AGAIN_SECONDS, _ANSWER_SECONDS = 0.2, 30.0


class Viewer:
    """Reader of one experiment's stream.

    Attributes:
        steps: last step of each cell that was told.
        state: last state that was told.
        num_connections: streams that were opened.
    """

    def __init__(self, url: str, experiment_id: str) -> None:
        self.steps: dict[str, int] = {}
        self.state = "queued"
        self.num_connections = 0
        self.leaves = threading.Event()
        self._address = f"{url}/api/v1/experiments/{experiment_id}/events"

    def watch(self) -> None:
        """Read until the experiment has ended, or until `leaves` is set."""
        while self.state in OPEN_STATES and not self.leaves.is_set():
            try:
                self._follow()
            except httpx.HTTPError:
                self.leaves.wait(_AGAIN_SECONDS)

    def _follow(self) -> None:
        with httpx.stream("GET", self._address, timeout=_ANSWER_SECONDS) as events:
            self.num_connections += 1
            for line in events.iter_lines():
                if line.startswith("data:"):
                    marks = json.loads(line.removeprefix("data:"))
                    self.steps |= {cell["cell_id"]: cell["step"] for cell in marks["cells"]}
                    self.state = marks["state"]
                if self.state not in OPEN_STATES or self.leaves.is_set():
                    return


@contextmanager
def watching(url: str, experiment_id: str) -> Iterator[Viewer]:
    """Watch an experiment in a thread until it has ended; after an error in the block, leave at once."""
    viewer = Viewer(url, experiment_id)
    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(viewer.watch)
        try:
            yield viewer
        except BaseException:
            viewer.leaves.set()
            raise
        watched.result()
