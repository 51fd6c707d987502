"""Roll-out in three steps (PoC, pilot, production), each with the number to check and a stop criterion.

The numbers come from the largest size tested at the reused LR: the verdict promises that a larger model is
not worse than it at the same step (docs/science.md §6.2, M6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.advice.horizon import TENFOLD
from muscope.backend.analysis.measures.costs import STANDARD_ERRORS
from muscope.backend.analysis.reasons import multiple, named, percent, reason, rounded
from muscope.backend.analysis.statistics.intervals import standard_error
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import (
    Horizon,
    Recommendation,
    RolloutStep,
    RolloutStepName,
    RolloutStepState,
)
from muscope.backend.domain.verdict.statement import Outcome, Reason

# A pilot is the shortest of these shares of the steps at which size already shows; else the whole training.
PILOT_SHARES = (0.1, 0.25, 0.5)


class Yardstick(NamedTuple):
    """Upper limit on a larger model's train loss at `step`: mean + 2 SE of the largest size tested."""

    size: Size
    step: int
    limit: float


def gates(
    outcome: Outcome,
    recommendation: Recommendation,
    horizon: Horizon,
    sweeps: Sequence[Sweep],
    lr_index: int | None,
    divergence_factor: float,
    *,
    is_interim: bool,
) -> tuple[RolloutStep, ...]:
    """Return the three roll-out steps; the first one not passed is next, and none follows a failure.

    Args:
        lr_index: index of the reused LR in the sweeps' grid.
        divergence_factor: a loss above this multiple of its initial value counts as diverged.
    """
    is_open = is_interim or outcome is Outcome.INCONCLUSIVE
    has_failed = not is_open and outcome is Outcome.DOES_NOT_TRANSFER
    poc = (
        RolloutStepState.NEXT
        if is_open
        else RolloutStepState.STOPPED
        if has_failed
        else RolloutStepState.PASSED
    )
    after = RolloutStepState.NEXT if poc is RolloutStepState.PASSED else RolloutStepState.LATER
    pilot_at, end_at = _yardsticks(sweeps, lr_index)
    diverged = reason("stop_diverged", factor=rounded(divergence_factor))
    return (
        RolloutStep(name=RolloutStepName.POC, state=poc, checks=(_poc_check(poc),)),
        RolloutStep(
            name=RolloutStepName.PILOT,
            state=after,
            checks=tuple(_pilot_checks(recommendation, pilot_at, sweeps[0].num_steps)),
            stop_when=(diverged, *_too_high(pilot_at)),
        ),
        RolloutStep(
            name=RolloutStepName.PRODUCTION,
            state=RolloutStepState.LATER,
            checks=tuple(_production_checks(outcome, horizon, end_at)),
            stop_when=(diverged, *_too_high(end_at)),
        ),
    )


def _poc_check(state: RolloutStepState) -> Reason:
    if state is RolloutStepState.PASSED:
        return reason("poc_passed")
    return reason("poc_stopped") if state is RolloutStepState.STOPPED else reason("poc_open")


def _pilot_checks(recommendation: Recommendation, at: Yardstick | None, num_steps: int) -> list[Reason]:
    sweep, target = recommendation.narrow_sweep, recommendation.target
    checks = [] if sweep is None else [reason("pilot_sweep", count=len(sweep.lrs))]
    steps = num_steps if at is None else at.step
    share = percent(steps / num_steps)
    if recommendation.lr is None:
        checks.append(reason("pilot_run_best", steps=steps, percent=share, **named(target)))
    else:
        checks.append(
            reason("pilot_run", lr=rounded(recommendation.lr), steps=steps, percent=share, **named(target))
        )
    return checks if at is None else [*checks, _below(at)]


def _production_checks(outcome: Outcome, horizon: Horizon, at: Yardstick | None) -> list[Reason]:
    checks = [reason("production_after_pilot")] if at is None else [_below(at)]
    trend = next(iter(horizon.trends), None)
    interval = None if trend is None else trend.per_doubling.interval
    value = None if trend is None else trend.per_doubling.value
    if value is None or interval is None:
        checks.append(reason("production_horizon_unknown"))
    elif not interval.low <= 0.0 <= interval.high:
        checks.append(reason("production_horizon", value=multiple(value), tenfold=multiple(value * TENFOLD)))
    if outcome is Outcome.SHARPNESS_DRIFTS:
        checks.append(reason("production_sharpness"))
    return checks


def _below(at: Yardstick) -> Reason:
    return reason("loss_below", step=at.step, limit=rounded(at.limit), **named(at.size))


def _too_high(at: Yardstick | None) -> tuple[Reason, ...]:
    return () if at is None else (reason("stop_loss", step=at.step, limit=rounded(at.limit)),)


def _yardsticks(sweeps: Sequence[Sweep], lr_index: int | None) -> tuple[Yardstick | None, Yardstick | None]:
    """Return the yardsticks of the pilot and of the whole training; None without train-loss curves."""
    indices = [(sweep, index) for sweep in sweeps for index in sweep.larger if sweep.is_measured[index].any()]
    if lr_index is None or not indices:
        return None, None
    sweep, index = max(indices, key=lambda each: math.prod(each[0].sizes[each[1]]))
    base_TS = sweep.train_curves(sweep.base_index, lr_index)
    largest_TS = sweep.train_curves(index, lr_index)
    size, end = sweep.sizes[index], sweep.num_steps
    tail_share = sweep.tail_steps / max(1, end)
    steps = [step for step in (round(share * end) for share in PILOT_SHARES) if step >= 1]
    shown = (step for step in steps if _is_better(largest_TS, base_TS, step, tail_share))
    return (
        _yardstick(size, largest_TS, next(shown, end), tail_share),
        _yardstick(size, largest_TS, end, tail_share),
    )


def _at(curves_TS: Values, step: int, tail_share: float) -> Values:
    """Return every seed's mean train loss over the tail that ends at `step`, [S]; empty if not reached."""
    if curves_TS.shape[0] <= step or curves_TS.shape[1] == 0:
        return np.empty(0)
    tail = max(1, math.ceil(tail_share * step))
    with np.errstate(invalid="ignore", over="ignore"):
        means: Values = curves_TS[step - tail + 1 : step + 1].mean(axis=0)
    return means[np.isfinite(means)]


def _is_better(larger_TS: Values, base_TS: Values, step: int, tail_share: float) -> bool:
    larger_S, base_S = _at(larger_TS, step, tail_share), _at(base_TS, step, tail_share)
    if len(larger_S) != len(base_S) or len(base_S) < 2:
        return False
    return bool((base_S - larger_S).mean() > STANDARD_ERRORS * standard_error(base_S - larger_S))


def _yardstick(size: Size, curves_TS: Values, step: int, tail_share: float) -> Yardstick | None:
    losses_S = _at(curves_TS, step, tail_share)
    if len(losses_S) < 2:
        return None
    limit = float(losses_S.mean()) + STANDARD_ERRORS * standard_error(losses_S)
    return Yardstick(size, step, limit) if math.isfinite(limit) else None
