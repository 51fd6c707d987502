"""Order of the operations of a pass, read off the autograd graph between recorded nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Node = Any


def reached_back(start: Iterable[Node], stops: set[Node]) -> set[Node]:
    """Return every node before `start`, up to and with the first of `stops` on each way; `start` included."""
    seen: set[Node] = set()
    waiting = [node for node in start if node is not None]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node not in stops:
            waiting += [before for before, _ in node.next_functions if before is not None]
    return seen
