"""Powers of the width: slopes of log2 values on log2 width with a standard error.

Legend: S seeds, W widths. The error is the larger of two: the seeds' own, and one that is known beforehand
(the sampling of a tensor's entries, or the pooled error of like quantities), since few seeds alone often
show too little. Decisions are on the normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from muscope.backend.analysis.statistics.lines import slopes
from muscope.backend.domain.brought.finding import PowerRow
from muscope.backend.domain.brought.measured import BySeed, ByWidth

BAND = float(ndtri(0.975))
_EXACT = 1e-9


class Power(NamedTuple):
    """A measured power and its standard error; NaN where there is nothing to measure."""

    value: float
    error: float

    @property
    def is_known(self) -> bool:
        """Tell whether anything could be measured."""
        return math.isfinite(self.value)

    def row(self, expected: float | None) -> PowerRow:
        """Return it with its 95% band."""
        if not self.is_known:
            return PowerRow(measured=None, low=None, high=None, expected=expected)
        half = BAND * self.error
        return PowerRow(measured=self.value, low=self.value - half, high=self.value + half, expected=expected)

    def p_beyond(self, expected: float, tolerance: float, *, only_above: bool = False) -> float:
        """Return the p value of "within `tolerance` of `expected`"; 1 where nothing was measured."""
        if not self.is_known:
            return 1.0
        off = self.value - expected
        beyond = (off if only_above else abs(off)) - tolerance
        return float(ndtr(-beyond / max(self.error, _EXACT)))


UNKNOWN = Power(math.nan, math.nan)


def power_of(widths: Sequence[int], values: BySeed, known_error: float = 0.0) -> Power:
    """Return the power over seeds; unknown where a value is missing or not positive."""
    array = np.array(values, dtype=np.float64)
    if array.size == 0 or not np.isfinite(array).all() or (array <= 0).any():
        return UNKNOWN
    by_seed = slopes(np.log2(np.array(widths, dtype=np.float64)), np.log2(array).T)
    spread = float(by_seed.std(ddof=1)) if len(by_seed) > 1 else 0.0
    return Power(float(by_seed.mean()), max(spread, known_error) / math.sqrt(len(by_seed)))


def exact_power(widths: Sequence[int], values: ByWidth) -> float:
    """Return the power of numbers without noise; NaN where a value is missing or zero."""
    sizes = [None if value is None else abs(value) for value in values]
    return power_of(widths, (tuple(sizes),)).value


def entries_error(widths: Sequence[int], num_entries: Sequence[int]) -> float:
    """Return a seed's error of the power of the rms of independent normal entries.

    The log2 of an rms of N entries has the variance 1 / (2 N ln² 2).
    """
    x = np.log2(np.array(widths, dtype=np.float64))
    centred = x - x.mean()
    variance = 1.0 / (2.0 * np.maximum(num_entries, 1) * math.log(2) ** 2)
    return float(np.sqrt((centred**2 * variance).sum()) / (centred @ centred))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which hypotheses are rejected at a family-wise `level` (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    rejected = [False] * len(p_values)
    for rank, index in enumerate(order):
        if p_values[index] > level / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected
