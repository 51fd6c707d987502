"""Slopes on log2 width that theory gives each part of a network (docs/science.md §3, oracle 20)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from backend.domain.spec.coordinates import Part
from backend.domain.spec.parametrization import Parametrization


class Range(NamedTuple):
    """Where a slope may lie."""

    low: float
    high: float

    def distance(self, value: float) -> float:
        """Return how far outside the range a value lies."""
        return self.gap(value, value)

    def gap(self, low: float, high: float) -> float:
        """Return how far the nearest value between `low` and `high` lies outside the range."""
        return max(self.low - high, low - self.high, 0.0)


def _at(slope: float) -> Range:
    return Range(slope, slope)


# What outputs move because other outputs pull at weights they share falls as width^-½; the rest is level.
_LEVEL_IN_THE_LIMIT = Range(-0.5, 0.0)
# The first updates move attention logits at random: between 1/√width, and less where parts shrink, and level.
_LOGITS = Range(-1.0, 0.0)
_LEVEL_AT_INIT = dict.fromkeys(Part, _at(0.0))
_MUP = (
    _LEVEL_AT_INIT | {Part.LOGITS: _at(-0.5), Part.OUTPUT: _at(-0.5)},
    {
        Part.INPUT: _at(0.0),
        Part.HIDDEN: _at(0.0),
        Part.LOGITS: _LOGITS,
        Part.OUTPUT: _LEVEL_IN_THE_LIMIT,
    },
)
_EXPECTED: dict[Parametrization, tuple[Mapping[Part, Range], Mapping[Part, Range]]] = {
    Parametrization.MUP: _MUP,
    Parametrization.DEPTH_MUP: _MUP,
    Parametrization.COMPLETEP: _MUP,
    Parametrization.NTP: (
        _LEVEL_AT_INIT,
        {
            Part.INPUT: _at(-0.5),
            Part.HIDDEN: _at(-0.5),
            Part.LOGITS: _LOGITS,
            Part.OUTPUT: _LEVEL_IN_THE_LIMIT,
        },
    ),
    # That its outputs move ever more is what SP is known by; how much more depends on the data.
    Parametrization.SP: (_LEVEL_AT_INIT, {Part.OUTPUT: Range(0.25, math.inf)}),
}


def expected_slope(parametrization: Parametrization, part: Part, num_updates: int) -> Range | None:
    """Return where a part's slope may lie, at the start or after updates; None where theory is silent."""
    at_init, changes = _EXPECTED[parametrization]
    return (changes if num_updates else at_init).get(part)
