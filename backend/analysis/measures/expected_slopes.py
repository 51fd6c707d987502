"""Theoretical slopes on log2 width of each part of a network (docs/science.md §3, oracle 20)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.parametrization import Parametrization


class Range(NamedTuple):
    """Closed range of expected slopes."""

    low: float
    high: float

    def distance(self, value: float) -> float:
        """Return the distance of a value from the range; 0 inside."""
        return self.gap(value, value)

    def gap(self, low: float, high: float) -> float:
        """Return the distance from the range of the nearest value in [low, high]; 0 if they overlap."""
        return max(self.low - high, low - self.high, 0.0)


def _at(slope: float) -> Range:
    return Range(slope, slope)


# The change of an output through weights shared with other outputs falls as width^-½; the rest is constant.
_LEVEL_IN_THE_LIMIT = Range(-0.5, 0.0)
# The first updates move attention logits at random: slopes between -½ (less where parts shrink) and 0.
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
    # Under SP the outputs move more with width, its known failure; by how much depends on the data.
    Parametrization.SP: (_LEVEL_AT_INIT, {Part.OUTPUT: Range(0.25, math.inf)}),
}


def expected_slope(
    parametrization: Parametrization,
    part: Part,
    num_updates: int,
    *,
    has_constant_output: bool = False,
    has_tied_readout: bool = False,
) -> Range | None:
    """Return the expected slope of a part at init or after updates; None where theory gives none.

    Args:
        has_constant_output: initial outputs have a part that no width changes, such as an output bias. A sum
            of a falling and a constant part falls at most as fast as the first.
        has_tied_readout: the readout is the embedding matrix. The initial output of the token that was read
            holds the squared length of its own embedding, which grows by a power ½ more than the others.
    """
    at_init, changes = _EXPECTED[parametrization]
    expected = (changes if num_updates else at_init).get(part)
    if expected is None or num_updates or part is not Part.OUTPUT:
        return expected
    if has_tied_readout:
        return Range(expected.low, expected.high + 0.5)
    if not has_constant_output:
        return expected
    return Range(min(expected.low, 0.0), max(expected.high, 0.0))
