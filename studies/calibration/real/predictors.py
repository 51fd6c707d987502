"""Rank correlations between numbers at the visible sizes and the regret at the hidden one, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from muscope.backend.analysis.sweep import Values

LEVEL = 0.90
DRAWS = 4000
_SEED = 5


class Correlation(NamedTuple):
    """Rank correlation with the percentile interval of a bootstrap over tasks."""

    value: float
    low: float
    high: float


def rank_correlation(x: Values, y: Values) -> float:
    """Return Spearman's correlation [..., N] → [...]; NaN where one side is constant."""
    ranks = [rankdata(each, axis=-1) for each in (x, y)]
    centred = [each - each.mean(axis=-1, keepdims=True) for each in ranks]
    norms = np.sqrt((centred[0] ** 2).sum(-1) * (centred[1] ** 2).sum(-1))
    with np.errstate(invalid="ignore"):
        return np.asarray((centred[0] * centred[1]).sum(-1) / norms)  # type: ignore[return-value]


def compare_predictors(
    predictors: Sequence[Sequence[float]], truth: Sequence[float]
) -> tuple[list[Correlation], list[Correlation]]:
    """Return every predictor's correlation with the truth, and how much more the others have than the first.

    The same tasks are drawn for all predictors, so that differences are paired.
    """
    x_PN, y_N = np.asarray(predictors, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    rng = np.random.Generator(np.random.PCG64(_SEED))
    drawn = rng.integers(0, len(y_N), (DRAWS, len(y_N)))
    of_draws = np.stack([rank_correlation(x_N[drawn], y_N[drawn]) for x_N in x_PN])
    values = [float(rank_correlation(x_N, y_N)) for x_N in x_PN]
    own = [_interval(value, of_draw) for value, of_draw in zip(values, of_draws, strict=True)]
    more = [
        _interval(value - values[0], of_draw - of_draws[0])
        for value, of_draw in zip(values, of_draws, strict=True)
    ]
    return own, more[1:]


def _interval(value: float, draws: Values) -> Correlation:
    finite = draws[np.isfinite(draws)]
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(finite, [tail, 1.0 - tail]) if len(finite) else (np.nan, np.nan)
    return Correlation(value, float(low), float(high))
