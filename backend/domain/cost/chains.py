"""Course of chains of work on equal slots: each batch of a chain starts after the one before it has ended.

Parts start in the order in which workers are told of cells: those in the queue first, in turn, and only when
the queue is empty all others that are ready, the largest first (`services.conduct.rounds.ring_again`). Where
chains of several owners wait, the owner comes first who has had least (`domain.fair_share`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from muscope.backend.domain.cost.waiting import WaitingParts


class Part(NamedTuple):
    """Seconds of work of a chain.

    `turn`: its place in the queue, where the smallest starts first; infinite for a part not told of yet.
    """

    seconds: float
    turn: float = math.inf


# Batches, one after another; the parts of a batch may run in parallel.
Chain = Sequence[Sequence[Part]]


class Span(NamedTuple):
    """Seconds from now to the first start and to the last end."""

    begins: float = 0.0
    ends: float = 0.0


def spans(
    chains: Sequence[Chain],
    *,
    slots: int,
    pause: float = 0.0,
    owners: Sequence[str] | None = None,
    used: Mapping[str, float] | None = None,
) -> list[Span]:
    """Predict when each chain begins and ends; one without parts does so at once.

    Args:
        pause: seconds from the end of a batch to the moment at which the next one is ready.
        owners: of each chain; one for all if left out.
        used: slot-seconds that owners have had so far; none if left out.
    """
    waiting = WaitingParts(owners or [""] * len(chains), used or {})
    return _Course(chains, max(1, slots), pause, waiting).run()


class _Course:
    """Slots at work; times are seconds from now."""

    def __init__(self, chains: Sequence[Chain], slots: int, pause: float, waiting: WaitingParts) -> None:
        self._batches = [[list(batch) for batch in reversed(chain) if batch] for chain in chains]
        self._slots, self._pause = slots, pause
        self._unended = [0] * len(chains)
        self._waiting = waiting
        self._running: list[tuple[float, int, float]] = []  # end, chain, seconds
        self._coming: list[tuple[float, int]] = []  # time at which a chain's next batch is ready
        self._begins, self._ends = [math.inf] * len(chains), [0.0] * len(chains)

    def run(self) -> list[Span]:
        """Let everything run to its end."""
        self._coming = [(0.0, index) for index, batches in enumerate(self._batches) if batches]
        while self._coming or self._running:
            if self._coming and (not self._running or self._coming[0][0] <= self._running[0][0]):
                now, index = heapq.heappop(self._coming)
                self._add_batch(index)
                if self._coming and self._coming[0][0] <= now:
                    continue  # what is ready at the same time is told together
            else:
                now, index, seconds = heapq.heappop(self._running)
                self._waiting.end(index, seconds, now)
                self._end_part(index, now)
            self._fill_slots(now)
        return [
            Span(begins if ends > 0 else 0.0, ends)
            for begins, ends in zip(self._begins, self._ends, strict=True)
        ]

    def _add_batch(self, index: int) -> None:
        batch = self._batches[index].pop()
        self._unended[index] = len(batch)
        for part in batch:
            self._waiting.add(index, part.seconds, part.turn)

    def _end_part(self, index: int, now: float) -> None:
        self._ends[index] = max(self._ends[index], now)
        self._unended[index] -= 1
        if not self._unended[index] and self._batches[index]:
            heapq.heappush(self._coming, (now + self._pause, index))

    def _fill_slots(self, now: float) -> None:
        while len(self._running) < self._slots and self._waiting:
            seconds, index = self._waiting.start(now)
            self._begins[index] = min(self._begins[index], now)
            heapq.heappush(self._running, (now + seconds, index, seconds))
