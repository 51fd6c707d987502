"""Crowding of a node's cores: by what factor other processes lengthen training, from the load average.

A factor is needed before any cell has run among these neighbours; from then on what cells took tells more.
"""

from __future__ import annotations

import math
import os

# Time constant of the first of the three load averages.
LOAD_SECONDS = 60.0


def load_now() -> float:
    """Return the mean number of processes that wanted a core in the last minute; 0 where none tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


class Crowding:
    """Neighbours of a node: the load that its own training has not caused."""

    def __init__(self, *, slots: int, cores: int, every_seconds: float) -> None:
        self._slots, self._cores = slots, cores
        self._share = 1 - math.exp(-every_seconds / LOAD_SECONDS)
        self._own = 0.0

    def look(self, load: float, num_training: int) -> float:
        """Return the factor if all slots train, after one more interval with `num_training` cells running."""
        self._own += self._share * (num_training - self._own)  # as the load average averages
        others = max(0.0, load - self._own)
        return max(1.0, (self._slots + others) / max(self._cores, self._slots))
