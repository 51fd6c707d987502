"""Wall time of chains of work, in which each batch starts after the one before it has ended."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

# Batches of seconds, one after another; the parts of a batch may run in parallel.
Chain = Sequence[Sequence[float]]


def wall_of_chains(chains: Sequence[Chain], *, slots: int) -> float:
    """Predict the wall time of parallel chains on equal slots; the largest part ready starts first."""
    batches = [[list(batch) for batch in chain if batch] for chain in chains]
    ready = [(-seconds, index) for index, chain in enumerate(batches) if chain for seconds in chain[0]]
    unended = [len(chain[0]) if chain else 0 for chain in batches]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < max(1, slots):
            seconds, index = heapq.heappop(ready)
            heapq.heappush(running, (now - seconds, index))
        now, index = heapq.heappop(running)
        unended[index] -= 1
        if not unended[index]:
            del batches[index][0]
            if batches[index]:
                unended[index] = len(batches[index][0])
                for seconds in batches[index][0]:
                    heapq.heappush(ready, (-seconds, index))
    return now
