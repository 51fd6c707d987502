"""Parts of work that wait for a slot, and the choice of the next one, fair between owners as workers are."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from muscope.backend.domain.fair_share import neediest

_Waiting = tuple[float, float, int]  # turn, -seconds, chain


class WaitingParts:
    """Parts in the queue, in turn, and parts that are ready but not told of, the largest first.

    Those of an owner who are ready follow when the owner's queue is empty. Parts that train already, of turn
    minus infinity, come before all.

    Args:
        owners: of each chain.
        used: slot-seconds that each owner has had so far.
    """

    def __init__(self, owners: Sequence[str], used: Mapping[str, float]) -> None:
        self._owners = owners
        self._used = {owner: used.get(owner, 0.0) for owner in owners}
        self._running: Counter[str] = Counter()
        self._starts = dict.fromkeys(owners, 0.0)  # sum over what runs
        self._queued: dict[str, list[_Waiting]] = {owner: [] for owner in owners}
        self._ready: dict[str, list[_Waiting]] = {owner: [] for owner in owners}
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def add(self, chain: int, seconds: float, turn: float) -> None:
        """Let a part of a chain wait."""
        waiting = self._queued if turn < math.inf else self._ready
        self._count += 1
        heapq.heappush(waiting[self._owners[chain]], (turn, -seconds, chain))

    def start(self, now: float) -> tuple[float, int]:
        """Take the next part; return its seconds and its chain."""
        owner = self._next_owner(now)
        if not self._queued[owner]:
            self._queued[owner], self._ready[owner] = self._ready[owner], []
        _, negative, chain = heapq.heappop(self._queued[owner])
        self._count -= 1
        self._running[owner] += 1
        self._starts[owner] += now
        return -negative, chain

    def end(self, chain: int, seconds: float, now: float) -> None:
        """Note that a part of a chain, which has taken `seconds`, has ended."""
        owner = self._owners[chain]
        self._running[owner] -= 1
        self._starts[owner] -= now - seconds
        self._used[owner] += seconds

    def _next_owner(self, now: float) -> str:
        waiting = [owner for owner, parts in self._queued.items() if parts or self._ready[owner]]
        if len(waiting) == 1:
            return waiting[0]
        # Those that have been told of come first; of a queue that is empty, those that are ready.
        tops = [(parts[0], owner) for owner, parts in self._queued.items() if parts]
        tops = tops or [(parts[0], owner) for owner, parts in self._ready.items() if parts]
        (turn, *_), first = min(tops)
        if turn == -math.inf:
            return first
        used = {
            owner: self._used[owner] + self._running[owner] * now - self._starts[owner] for owner in waiting
        }
        return neediest(waiting, used, self._running, first)
