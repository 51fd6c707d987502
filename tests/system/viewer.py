"""Viewer of an experiment's stream who comes back whenever the connection ends, as a browser does."""

from __future__ import annotations

import json
import threading
from types import TracebackType

import httpx

from tests.system.instance import OPEN_STATES

_AGAIN_SECONDS, _ANSWER_SECONDS = 0.2, 30.0


class Viewer:
    """Thread that watches one experiment for the duration of the block, or until it has ended.

    Attributes:
        steps: last step of each cell that was told.
        state: last state that was told.
        num_connections: streams that were opened.
    """

    def __init__(self, url: str, experiment_id: str) -> None:
        self.steps: dict[str, int] = {}
        self.state = "queued"
        self.num_connections = 0
        self._address = f"{url}/api/v1/experiments/{experiment_id}/events"
        self._leaves = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Viewer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._leaves.set()
        self._thread.join()

    def _watch(self) -> None:
        while self.state in OPEN_STATES and not self._leaves.is_set():
            try:
                self._follow()
            except httpx.HTTPError:
                self._leaves.wait(_AGAIN_SECONDS)

    def _follow(self) -> None:
        with httpx.stream("GET", self._address, timeout=_ANSWER_SECONDS) as events:
            self.num_connections += 1
            for line in events.iter_lines():
                if line.startswith("data:"):
                    marks = json.loads(line.removeprefix("data:"))
                    self.steps |= {cell["cell_id"]: cell["step"] for cell in marks["cells"]}
                    self.state = marks["state"]
                if self.state not in OPEN_STATES or self._leaves.is_set():
                    return
