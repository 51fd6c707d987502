"""What other draws of the same seeds would have led to, many at once: for confidences, never for a verdict.

Shapes: B resamples, E learning rates, S seeds. The limits are the rules' (science.md §6.3-6.4); the intervals
keep the half width of the seeds themselves and move with the resample, since a resample that draws one seed
twice would look too sure of itself. Where this simplification and the rules part, the answer of the rules
gets a lower confidence, never a higher one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from backend.analysis.intervals import standard_error
from backend.analysis.one_size import TUNED_ON
from backend.analysis.optimal_lr import seed_optima
from backend.analysis.rules import MAJORITY, SEVERITY
from backend.analysis.sweep import Sweep, Values
from backend.analysis.transfer import grid_error
from backend.domain.metrics import Metric
from backend.domain.statement import Outcome
from backend.domain.thresholds import Thresholds

Draws = NDArray[np.int64]
Flags = NDArray[np.bool_]
TRANSFERS, FINE_TUNE, INCONCLUSIVE, DOES_NOT_TRANSFER = (
    SEVERITY[outcome]
    for outcome in (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.INCONCLUSIVE, Outcome.DOES_NOT_TRANSFER)
)


class _Moved(NamedTuple):
    """A statistic of every resample [B], and the half width that all of them share."""

    value: Values
    half: float

    @property
    def low(self) -> Values:
        return self.value - self.half

    @property
    def high(self) -> Values:
        return self.value + self.half


def resampled_outcomes(sweep: Sweep, index: int, uniform_BS: Values, thresholds: Thresholds) -> Draws:
    """Return the severity of the outcome of every resample of one size, [B] (`rules.SEVERITY`).

    Args:
        uniform_BS: random numbers in [0, 1) that draw from the seeds which base and size share.
    """
    shared = sweep.shared_seeds(index)
    if len(shared) == 0:
        return np.full(len(uniform_BS), INCONCLUSIVE)
    drawn_BS = shared[np.floor(uniform_BS[:, : len(shared)] * len(shared)).astype(np.int64)]
    found = [
        severities
        for loss in TUNED_ON
        if loss in sweep.losses
        and (severities := _of_loss(sweep, loss, index, drawn_BS, thresholds)) is not None
    ]
    if not found:
        return np.full(len(drawn_BS), INCONCLUSIVE)
    together = np.stack(found)
    worst: Draws = together.max(axis=0)
    disagree = (worst == DOES_NOT_TRANSFER) & (together == TRANSFERS).any(axis=0)
    return np.where(disagree, INCONCLUSIVE, worst)


def _of_loss(sweep: Sweep, loss: Metric, index: int, drawn_BS: Draws, thresholds: Thresholds) -> Draws | None:
    """Judge every resample on one loss; None where the training loss abstains."""
    judged_WES, initial_WS = sweep.judged(loss), sweep.initial(loss)
    base_EBS, size_EBS = judged_WES[sweep.base_index][:, drawn_BS], judged_WES[index][:, drawn_BS]
    base_EB, size_EB = _complete(base_EBS), _complete(size_EBS)
    known_B = np.isfinite(base_EB).any(axis=0) & np.isfinite(size_EB).any(axis=0)
    base_B, size_B = _filled(base_EB).argmin(axis=0), _filled(size_EB).argmin(axis=0)
    rows = np.arange(len(drawn_BS))
    best_base_B, best_B, reused_B = base_EB[base_B, rows], size_EB[size_B, rows], size_EB[base_B, rows]
    start_B = initial_WS[index][drawn_BS].mean(axis=1)
    interpolates = best_base_B <= thresholds.interpolation * initial_WS[sweep.base_index][drawn_BS].mean(
        axis=1
    )
    if loss is Metric.TRAIN_LOSS and interpolates.mean() > MAJORITY:
        return None
    excess_BS = size_EBS[base_B, rows] - size_EBS[size_B, rows]
    gain_BS = base_EBS[base_B, rows] - size_EBS[size_B, rows]
    rate_B = (sweep.diverged_at[index][base_B[:, None], drawn_BS] >= 0).mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        regret = _share(reused_B - best_B, excess_BS, start_B - best_B, thresholds)
        lost = _share(reused_B - best_B, excess_BS, best_base_B - best_B, thresholds)
    shift = _shift(sweep, judged_WES, index, drawn_BS, thresholds)
    has_gain = gain_BS.mean(axis=1) > 2.0 * _error(gain_BS)
    at_edge = (
        _at_edge(base_EB, base_B) | ~known_B | ~(best_base_B < initial_WS[sweep.base_index][drawn_BS].mean(1))
    )
    size_edge = _at_edge(size_EB, size_B) | ~(best_B < start_B)
    if index != max(sweep.larger, default=index):
        # The share of the benefit that is lost is judged at the largest size only, as in the rules.
        lost, has_gain = _Moved(np.zeros_like(rate_B), 0.0), np.full_like(has_gain, True)
    return _classified(regret, lost, shift, rate_B, has_gain, at_edge, size_edge, thresholds)


def _classified(
    regret: _Moved,
    lost: _Moved,
    shift: _Moved,
    rate_B: Values,
    has_gain: Flags,
    is_base_open: Flags,
    is_size_open: Flags,
    limits: Thresholds,
) -> Draws:
    """Apply the rules in their order; what is NaN meets no limit."""
    is_cheap = (regret.high <= limits.transfers_regret) & (
        ~has_gain | (lost.high <= limits.transfers_gain_loss)
    )
    is_far = (shift.low > limits.fine_tune_shift) | (shift.high < -limits.fine_tune_shift)
    is_dear = (regret.low > limits.fine_tune_regret) | (lost.low > limits.fine_tune_gain_loss)
    fails = (rate_B > MAJORITY) | is_dear | (is_far & ~is_cheap)
    is_near = (shift.low >= -limits.transfers_shift) & (shift.high <= limits.transfers_shift)
    is_flat = (np.abs(shift.value) > limits.fine_tune_shift) & is_cheap
    is_open = is_size_open | ~has_gain | is_flat
    transfers = is_near & is_cheap & (rate_B == 0)
    tunes = (
        (np.abs(shift.value) <= limits.fine_tune_shift)
        & (regret.high <= limits.fine_tune_regret)
        & (lost.high <= limits.fine_tune_gain_loss)
        & (rate_B == 0)
    )
    return np.select(
        [is_base_open, fails, is_open, transfers, tunes],
        [INCONCLUSIVE, DOES_NOT_TRANSFER, INCONCLUSIVE, TRANSFERS, FINE_TUNE],
        INCONCLUSIVE,
    )


def _complete(values_EBS: Values) -> Values:
    with np.errstate(over="ignore", invalid="ignore"):
        mean: Values = values_EBS.mean(axis=2)
    return mean


def _filled(values_EB: Values) -> Values:
    return np.where(np.isfinite(values_EB), values_EB, np.inf)


def _at_edge(values_EB: Values, best_B: NDArray[np.intp]) -> Flags:
    """Tell of which resamples the best LR lacks a neighbour with a value."""
    padded = np.pad(values_EB, ((1, 1), (0, 0)), constant_values=np.nan)
    rows = np.arange(values_EB.shape[1])
    is_edge: Flags = ~(np.isfinite(padded[best_B, rows]) & np.isfinite(padded[best_B + 2, rows]))
    return is_edge


def _error(values_BS: Values) -> Values:
    count = values_BS.shape[1]
    if count < 2:
        return np.full(len(values_BS), np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        error: Values = values_BS.std(axis=1, ddof=1) / math.sqrt(count)
    return error


def _share(value_B: Values, excess_BS: Values, whole_B: Values, thresholds: Thresholds) -> _Moved:
    """Return an excess as a share of a whole, with the median half width of the resamples' own seeds."""
    whole_B = np.where(whole_B > 0, whole_B, np.nan)
    errors_B = _error(excess_BS) / whole_B
    finite = errors_B[np.isfinite(errors_B)]
    half = _t(excess_BS.shape[1], thresholds) * float(np.median(finite)) if len(finite) else math.nan
    return _Moved(value_B / whole_B, half)


def _shift(sweep: Sweep, judged_WES: Values, index: int, drawn_BS: Draws, thresholds: Thresholds) -> _Moved:
    of_size = seed_optima(sweep.log2_lrs, judged_WES[index])
    of_base = seed_optima(sweep.log2_lrs, judged_WES[sweep.base_index])
    moved_S = (of_size - of_base)[sweep.shared_seeds(index)]
    half = _t(len(moved_S), thresholds) * standard_error(moved_S) if np.isfinite(moved_S).all() else math.nan
    return _Moved((of_size - of_base)[drawn_BS].mean(axis=1), half + grid_error(sweep.log2_lrs))


def _t(num_seeds: int, thresholds: Thresholds) -> float:
    return float(stdtrit(num_seeds - 1, (1.0 + thresholds.level) / 2.0)) if num_seeds > 1 else math.nan
