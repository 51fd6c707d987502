"""Extra training: how much longer the reused LR must train to reach what the best LR reaches (ADR 0030).

Read from the size's own train-loss curves, seed by seed. The best LR's curve reaches the final loss of the
reused LR at step t < T; the reused LR therefore needs T/t times the training for the same loss. Where the
reused LR ends lower, the roles are exchanged and the share is negative. With an LR that decays, a curve that
is cut at t has not decayed, so t is overestimated and the extra training underestimated: the page says so.

Shapes: T steps, S seeds.
"""

from __future__ import annotations

import math

import numpy as np

from muscope.backend.analysis.statistics.intervals import finite_or_none, student_interval
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.verdict.verdict import Estimate, Interval

METHOD = "student_t_of_logs"


def extra_training(
    sweep: Sweep, size_index: int, reused: int, best: int, level: float, rivals: tuple[int, ...] = ()
) -> Estimate:
    """Return the extra training of the LR at `reused` against the one at `best`, as a share of the training.

    Args:
        rivals: LRs that may be the true best; the upper end is the largest over them.
    """
    logs_S = _logs(sweep, size_index, reused, best)
    interval = student_interval(logs_S, level)
    if interval is None or not np.isfinite(logs_S).all():
        return Estimate()
    ends = [student_interval(_logs(sweep, size_index, reused, rival), level) for rival in rivals]
    high = max([interval.high, *(each.high for each in ends if each is not None)])
    shares = [math.expm1(each) for each in (interval.low, high)]
    return Estimate(
        value=finite_or_none(math.expm1(float(logs_S.mean()))),
        interval=Interval(low=shares[0], high=shares[1], level=level, method=METHOD),
    )


def _logs(sweep: Sweep, size_index: int, reused: int, best: int) -> Values:
    """Return ln(T/t) of every seed, [S]; NaN for a planned seed whose curve is not whole.

    Seeds that the settle stage added count where both LRs have them.
    """
    if reused == best:
        return np.zeros(len(sweep.shared_seeds(size_index)))
    logs_S = _logs_of(sweep, *(sweep.curves(size_index, index) for index in (reused, best)))
    if sweep.further is None or len(logs_S) == 0:
        return logs_S
    added = (sweep.further.train_curves(size_index, index) for index in (reused, best))
    added_X = _logs_of(sweep, *added)
    return np.concatenate([logs_S, added_X[np.isfinite(added_X)]])


def _logs_of(sweep: Sweep, of_reused_TS: Values, of_best_TS: Values) -> Values:
    reused_TS, best_TS = (_trailing(sweep, curves_TS) for curves_TS in (of_reused_TS, of_best_TS))
    if reused_TS.shape != best_TS.shape or reused_TS.size == 0:
        return np.empty(0)
    pairs = zip(reused_TS.T, best_TS.T, strict=True)
    return np.array([_log_of(of_reused, of_best, sweep.tail_steps) for of_reused, of_best in pairs])


def _log_of(reused_T: Values, best_T: Values, tail_steps: int) -> float:
    if not (np.isfinite(reused_T).all() and np.isfinite(best_T).all()):
        return math.nan
    if best_T[-1] <= reused_T[-1]:
        return math.log(_ratio(best_T, reused_T[-1], tail_steps))
    return -math.log(_ratio(reused_T, best_T[-1], tail_steps))


def _ratio(curve_T: Values, loss: float, tail_steps: int) -> float:
    """Return T/t, where t is the first step at which the trailing mean of the curve is at or below a loss.

    Curves begin at step 0, before the first update; t counts updates, of which there is at least one.
    """
    before = tail_steps - 1  # steps before the end of the first mean
    first = int(np.argmax(curve_T <= loss))
    return (len(curve_T) - 1 + before) / max(first + before, 1)


def _trailing(sweep: Sweep, curves_TS: Values) -> Values:
    """Return means over as many steps as the final loss averages, [T', S]; empty where the curve is short."""
    if curves_TS.shape[0] <= sweep.num_steps or curves_TS.shape[1] == 0:
        return np.empty((0, 0))
    total = np.cumsum(np.vstack([np.zeros(curves_TS.shape[1]), curves_TS]), axis=0)
    means: Values = (total[sweep.tail_steps :] - total[: -sweep.tail_steps]) / sweep.tail_steps
    return means
