"""Parts of a network in the coordinate check, and the numbers of updates (docs/science.md §3).

A check trains a copy of a run from its initial weights on one fixed batch. It records the root mean square of
every part at initialisation (one component per part), and after t updates the mean over entries of |h_t -
h_0| (part by part, t ascending).
"""

from __future__ import annotations

from enum import StrEnum

# As in microsoft/mup's check. At t = 1 some parts may still shrink with width (docs/science.md
# §3).
CHECK_UPDATES = (1, 2, 3)


class Part(StrEnum):
    """Group of activations that every family has; only transformers have attention logits, others NaN."""

    INPUT = "input"  # output of the first layer
    HIDDEN = "hidden"  # input of the readout, before its nonlinearity or norm
    LOGITS = "logits"  # of the last block's attention, before softmax and mask
    OUTPUT = "output"


NUM_CHANGES = len(Part) * len(CHECK_UPDATES)


def component_of(part: Part, num_updates: int) -> int:
    """Return the component index of a part's change after `num_updates` updates."""
    return list(Part).index(part) * len(CHECK_UPDATES) + CHECK_UPDATES.index(num_updates)
