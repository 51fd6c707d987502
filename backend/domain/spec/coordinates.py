"""Parts of a network that the coordinate check compares, and after how many updates (docs/science.md §3).

A check trains a copy of a run from its initial weights on one fixed batch and records of every part its root
mean square at initialisation (a component a part), and after t updates the mean over entries of |h_t - h_0|
(part by part, t ascending).
"""

from __future__ import annotations

from enum import StrEnum

# As many as microsoft/mup's check makes. At t = 1 some parts may still shrink with width (docs/science.md
# §3).
CHECK_UPDATES = (1, 2, 3)


class Part(StrEnum):
    """A group of activations that every family has; attention logits only transformers, the rest NaN."""

    INPUT = "input"  # what the first layer makes of an example
    HIDDEN = "hidden"  # what enters the readout, before its nonlinearity or norm
    LOGITS = "logits"  # of the last block's attention, before softmax and mask
    OUTPUT = "output"


NUM_CHANGES = len(Part) * len(CHECK_UPDATES)


def component_of(part: Part, num_updates: int) -> int:
    """Return the index of a part's change after so many updates among the components."""
    return list(Part).index(part) * len(CHECK_UPDATES) + CHECK_UPDATES.index(num_updates)
