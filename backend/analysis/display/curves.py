"""Bands over seeds, and the sampling of their points for drawing.

Shapes: R runs, T steps, K sampled points. A band is the smallest and the largest seed, not ±1 SD: with three
to five seeds it assumes no distribution, it contains every run, and its edges survive sampling exactly.

Sampling is deterministic and anchored at step 0: appending points changes the last bucket only, so that a
live curve does not flicker. Statistics are computed from all values before sampling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]

# First, smallest, largest and last point of a bucket.
KEPT_PER_BUCKET = 4


class RunCurves(NamedTuple):
    """Raw values [T, R] of runs that share their steps [T]; NaN after a run diverged."""

    steps: Steps
    values: Values


class Band(NamedTuple):
    """Mean, smallest and largest seed per step [T]; NaN where none of the `num_seeds` [T] is left."""

    steps: Steps
    mean: Values
    low: Values
    high: Values
    num_seeds: Steps


class Positive(NamedTuple):
    """Values with NaN where a logarithmic axis cannot show them, and the number of those."""

    values: Values
    num_hidden: int


def side_by_side(parts: Sequence[RunCurves]) -> RunCurves:
    """Return the runs of several cells on the union of their steps; NaN where a cell has no value yet."""
    parts = [part for part in parts if part.values.size]
    if not parts:
        return RunCurves(np.empty(0, np.int64), np.empty((0, 0)))
    steps = np.unique(np.concatenate([part.steps for part in parts]))
    values = np.full((len(steps), sum(part.values.shape[1] for part in parts)), np.nan)
    column = 0
    for part in parts:
        width = part.values.shape[1]
        values[np.searchsorted(steps, part.steps), column : column + width] = part.values
        column += width
    return RunCurves(steps, values)


def over_seeds(runs: RunCurves) -> Band:
    """Return mean, smallest and largest finite value over the runs, per step.

    Where seeds have diverged, the mean is that of the others; `num_seeds` is their number.
    """
    is_finite = np.isfinite(runs.values)
    num_seeds = is_finite.sum(1)
    total = np.where(is_finite, runs.values, 0.0).sum(1)
    return Band(
        runs.steps,
        np.where(num_seeds > 0, total / np.maximum(num_seeds, 1), np.nan),
        _nan_where(num_seeds == 0, np.where(is_finite, runs.values, np.inf).min(1, initial=np.inf)),
        _nan_where(num_seeds == 0, np.where(is_finite, runs.values, -np.inf).max(1, initial=-np.inf)),
        num_seeds.astype(np.int64),
    )


def over_probes(runs: RunCurves, errors: Values) -> Band:
    """Return the mean over seeds ± its standard error, from the standard error [T, R] of every value.

    The seeds' estimates are independent, so the variance of their mean is Σ error² / num_seeds².
    """
    band = over_seeds(runs)
    squares = np.where(np.isfinite(runs.values), errors**2, 0.0).sum(1)
    error = np.sqrt(squares) / np.maximum(band.num_seeds, 1)
    return band._replace(low=band.mean - error, high=band.mean + error)


def means_only(band: Band) -> Band:
    """Return the band reduced to its mean, for figures that show the mean alone."""
    return band._replace(low=band.mean, high=band.mean)


def positive(values: Values) -> Positive:
    """Replace values that are not above zero by NaN, so that no figure draws a zero at 10⁰."""
    is_hidden = np.isfinite(values) & (values <= 0)
    return Positive(np.where(is_hidden, np.nan, values), int(is_hidden.sum()))


def bucket_width(first: int, last: int, num_points: int, limit: int) -> int:
    """Return the bucket width in steps, a power of two, that keeps a series within `limit` points.

    Args:
        first, last: range of steps shown; of a running cell the planned range, so that the width does not
            change while the cell runs.
        num_points: number of values the series has in that range.
    """
    width = 1
    if num_points <= limit:
        return width
    while KEPT_PER_BUCKET * (last // width - first // width + 1) > limit:
        width *= 2
    return width


def sampled(steps: Steps, values: Values, width: int, *, always: Iterable[int] = ()) -> NDArray[np.int64]:
    """Return the indices [K] of the points to draw, in order of their steps.

    Of every bucket [k·width, (k+1)·width) the first, smallest, largest and last point are kept (the earliest
    of equal ones), so both ends of the series are kept, and so are the steps in `always`, at which runs
    diverged.
    """
    if len(steps) == 0 or width == 1:
        return np.arange(len(steps))
    buckets = steps // width
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
    ends = np.append(starts[1:], len(steps)) - 1
    is_finite = np.isfinite(values)
    kept = [
        starts,
        ends,
        _extremes(np.where(is_finite, values, np.inf), starts, ends),
        _extremes(np.where(is_finite, -values, np.inf), starts, ends),
        np.flatnonzero(np.isin(steps, list(always))),
    ]
    return np.unique(np.concatenate(kept))


def _extremes(values: Values, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the smallest value of every bucket."""
    smallest = np.repeat(np.minimum.reduceat(values, starts), ends - starts + 1)
    hits = np.flatnonzero(values == smallest)
    first_of_bucket = np.searchsorted(hits, starts)
    return hits[first_of_bucket]


def _nan_where(condition: NDArray[np.bool_], values: Values) -> Values:
    return np.where(condition, np.nan, values)
