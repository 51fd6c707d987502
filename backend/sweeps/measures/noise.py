"""Noise of a sweep's losses: the standard deviation of one run.

It comes from repeated runs, else from how far neighbouring LRs lie off a smooth curve: the residual of a
cubic through five LRs in a row. The cubic follows the shape of a curve around its optimum, so that what is
left is mostly noise, and never less than it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from muscope.backend.analysis.sweep import Values
from muscope.backend.sweeps.measures.curves import Curve

_WINDOW, _DEGREE = 5, 3
_LEAST_WINDOWS = 3
# Repeated cells from which on a median is taken: rows that differ in an unrecorded setting look like repeats.
_MANY_CELLS = 5
# Times the median's variance from which on the pooled one is that of a few odd cells.
_OUTLYING = 6.0
# Only losses this close to the best one, as a share of it: the flanks of a curve scatter more.
_NEAR = 0.15
# Share of the best loss below which residuals are rounding, not noise.
_LEAST = 1e-7
# A median of absolute normal deviations times this is their standard deviation.
_MEDIAN_SCALE = 1.0 / 0.6745


class NoiseSource(StrEnum):
    """Origin of the noise that costs are compared with."""

    REPEATS = "repeats"
    NEIGHBOURS = "neighbours"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Noise:
    """Standard deviation of one run's loss with its degrees of freedom; NaN where it is unknown."""

    source: NoiseSource = NoiseSource.UNKNOWN
    sigma: float = math.nan
    freedom: int = 0

    def half_width(self, factor: float, level: float) -> float:
        """Return half the two-sided interval of a difference whose variance is `factor` times one run's."""
        if self.freedom < 1:
            return math.nan
        return float(stdtrit(self.freedom, (1.0 + level) / 2.0)) * self.sigma * math.sqrt(factor)


def noise_of(curves: Iterable[Curve]) -> Noise:
    """Return the noise of an arm's runs, pooled over its curves."""
    known = list(curves)
    repeats = _of_repeats(known)
    return repeats if repeats is not None else _of_neighbours(known)


def _of_repeats(curves: Sequence[Curve]) -> Noise | None:
    """Return the pooled noise of repeated runs; from `_MANY_CELLS` on robust against hidden conditions."""
    cells = [
        np.asarray(losses)
        for curve in curves
        for losses, share in zip(curve.replicates, curve.diverged, strict=True)
        if len(losses) > 1 and not share > 0
    ]
    freedom = sum(len(cell) - 1 for cell in cells)
    if not freedom:
        return None
    variances = [float(cell.var(ddof=1)) for cell in cells]
    pooled = sum((len(cell) - 1) * each for cell, each in zip(cells, variances, strict=True)) / freedom
    if len(cells) >= _MANY_CELLS:
        # the median of a variance with ν degrees of freedom is about ν(1 − 2/(9ν))³ of it
        scales = [(1.0 - 2.0 / (9.0 * (len(cell) - 1))) ** 3 for cell in cells]
        robust = float(np.median([each / s for each, s in zip(variances, scales, strict=True)]))
        pooled = robust if pooled > _OUTLYING * robust else pooled
    return Noise(NoiseSource.REPEATS, math.sqrt(pooled), freedom) if pooled > 0 else None


def _of_neighbours(curves: Sequence[Curve]) -> Noise:
    found = [residual for curve in curves for residual in _residuals(curve)]
    if len(found) < _LEAST_WINDOWS:
        return Noise()
    sigma = _MEDIAN_SCALE * float(np.median(np.abs(found)))
    best = min(float(np.nanmin(curve.survivors)) for curve in curves if curve.has_losses)
    return Noise(NoiseSource.NEIGHBOURS, sigma, len(found)) if sigma > _LEAST * abs(best) else Noise()


def _residuals(curve: Curve) -> list[float]:
    losses = curve.survivors
    if not np.isfinite(losses).any():
        return []
    best = float(np.nanmin(losses))
    near = np.flatnonzero(np.isfinite(losses) & (losses - best <= _NEAR * abs(best)))
    windows = [near[first : first + _WINDOW] for first in range(len(near) - _WINDOW + 1)]
    return [
        float(
            _contrast(tuple(np.round(curve.log2_lrs[window] - curve.log2_lrs[window[0]], 2).tolist()))
            @ losses[window]
        )
        for window in windows
        if window[-1] - window[0] == _WINDOW - 1
    ]


@lru_cache(maxsize=4096)
def _contrast(x: tuple[float, ...]) -> Values:
    """Return the weights, of unit length, that vanish on every cubic in x."""
    powers = np.vander(np.array(x), _DEGREE + 1)
    q, _ = np.linalg.qr(powers, mode="complete")
    contrast: Values = q[:, -1]
    return contrast
