"""LR grid of an arm: neighbours, windows in octaves, edges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import pairwise

# Octaves of a window to either side of the reused LR, and of a widening where an optimum is at its edge.
WINDOW_OCTAVES = 1.0
# Tolerance in octaves, since LRs are given as rounded decimals: 0.1, 0.2, 0.5, 1.
TOLERANCE = 0.1


@dataclass(frozen=True)
class LRGrid:
    """LRs of one arm, identified by `lr_index`, the index in the arm's own, unsorted grid."""

    lrs: tuple[float, ...]

    @property
    def ascending(self) -> list[int]:
        """Return the indices by growing LR."""
        return sorted(range(len(self.lrs)), key=lambda index: self.lrs[index])

    def beside(self, index: int) -> list[int]:
        """Return the next lower and the next higher LR, as far as the grid has them."""
        order = self.ascending
        i = order.index(index)
        return [order[near] for near in (i - 1, i + 1) if 0 <= near < len(order)]

    def around(self, index: int) -> frozenset[int]:
        """Return the LRs within an octave of one, and its two neighbours at any distance."""
        near = {
            other
            for other, lr in enumerate(self.lrs)
            if abs(math.log2(lr / self.lrs[index])) <= WINDOW_OCTAVES + TOLERANCE
        }
        return frozenset(near.union(self.beside(index)))

    def around_all(self, indices: Iterable[int]) -> frozenset[int]:
        """Return the union of the windows around several LRs."""
        return frozenset().union(*(self.around(index) for index in indices))

    def is_inside(self, index: int, complete: Set[int]) -> bool:
        """Return whether an LR has two neighbours, both among the complete ones."""
        near = self.beside(index)
        return len(near) == 2 and set(near) <= complete

    def coarse(self) -> frozenset[int]:
        """Return the whole grid, or every other LR and both ends where it is finer than an octave."""
        order = self.ascending
        steps = [math.log2(self.lrs[b] / self.lrs[a]) for a, b in pairwise(order)]
        is_fine = bool(steps) and sorted(steps)[len(steps) // 2] < WINDOW_OCTAVES - TOLERANCE
        return frozenset((*order[::2], order[-1])) if is_fine else frozenset(order)
