"""Recommendation for the target size: an LR, the border of divergence, a narrow sweep where no LR is sure.

An LR is recommended only where the verdict and the calibration study support it (docs/decisions/0020, 0030):
the reused one where its cost is shown, or expected one doubling beyond, to be within its limit, else the
target's own. An open answer gets the narrow sweep, which is safe whatever the answer would be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.advice.divergence_border import Border, border_at
from muscope.backend.analysis.reasons import multiple, reason, rounded
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import (
    Basis,
    Extrapolation,
    NarrowSweep,
    Recommendation,
    SafeRange,
)
from muscope.backend.domain.verdict.statement import REUSABLE, Estimate, Outcome, Reason
from muscope.backend.domain.verdict.verdict import Beyond

# A narrow sweep steps by half an octave and reaches as far as the interval, clipped to this many octaves.
SWEEP_STEP = 0.5
SWEEP_REACH = (1.0, 2.0)
MIN_SWEEP_LRS = 3
# LRs closer than this many octaves count as equal.
_SAME_LR = 1e-9


class Situation(NamedTuple):
    """Inputs of a recommendation."""

    outcome: Outcome
    base_lr: float | None
    sweeps: Sequence[Sweep]
    extrapolation: Extrapolation
    seconds_per_run: float | None
    thresholds: Thresholds
    beyond: Beyond | None = None

    @property
    def target(self) -> Size:
        """Return the size to be trained."""
        return self.extrapolation.target


def recommend(situation: Situation) -> Recommendation:
    """Return the LR to use, or the narrow sweep to run first; `rollout_steps.gates` adds the roll-out."""
    extrapolation = situation.extrapolation
    border = border_at(situation.sweeps, situation.target)
    lr, reasons = _lr(situation, border)
    needs_sweep = situation.base_lr is not None and (lr is None or lr != situation.base_lr)
    sweep = _narrow_sweep(situation, border) if needs_sweep else None
    return Recommendation(
        target=extrapolation.target,
        lr=lr,
        lr_interval=extrapolation.lr.interval,
        safe_range=_safe_range(border, lr),
        narrow_sweep=sweep,
        reasons=(*reasons, *_safety_reasons(border, lr), *_sweep_reasons(sweep)),
    )


def _lr(situation: Situation, border: Border | None) -> tuple[float | None, list[Reason]]:
    """Return the LR to recommend, or None, with the reasons for either."""
    outcome, extrapolation = situation.outcome, situation.extrapolation
    if outcome is Outcome.INCONCLUSIVE or situation.base_lr is None:
        return None, [reason("no_lr_yet")]
    if outcome is Outcome.DOES_NOT_TRANSFER:
        return None, [reason("tune_at_target")]
    if extrapolation.claim is Basis.NOT_CLAIMED:
        return None, [reason("no_lr_beyond_claims")]
    is_reused = outcome in REUSABLE and (extrapolation.claim is Basis.MEASURED or _holds_beyond(situation))
    best = situation.base_lr if is_reused else extrapolation.lr.value
    if best is None:
        return None, [reason("no_lr_beyond_claims")]
    if border is not None and _is_dangerous(best, border, is_measured=extrapolation.claim is Basis.MEASURED):
        safe = 2.0**border.log2_lr
        return safe, [reason("lr_cut_to_safe", lr=rounded(safe), best=rounded(best))]
    if is_reused:
        return best, [reason("reuse_lr", lr=rounded(best))]
    return best, [
        reason("lr_of_target", lr=rounded(best), shift=multiple(math.log2(best / situation.base_lr)))
    ]


def _is_dangerous(lr: float, border: Border, *, is_measured: bool) -> bool:
    """Return whether runs may diverge at an LR.

    Between the last stable LR and the first one with a divergence, the data do not tell. At measured sizes
    the losses of the runs speak for an LR in between; at larger sizes there is no such evidence.
    """
    if border.log2_diverged is None:
        return False
    limit = border.log2_diverged if is_measured else border.log2_lr
    return math.log2(lr) > limit + _SAME_LR


def _holds_beyond(situation: Situation) -> bool:
    """Return whether reuse may be expected beyond the sizes tested, by cost and divergence."""
    extrapolation, beyond = situation.extrapolation, situation.beyond
    if beyond is not None and extrapolation.doublings <= beyond.doublings:
        return beyond.holds
    return _stays(extrapolation.lr_shift, situation.thresholds)


def _stays(shift: Estimate, thresholds: Thresholds) -> bool:
    """Return whether the whole interval of the shift lies within an octave, farther than trends reach."""
    limit = thresholds.transfers_shift
    return shift.interval is not None and -limit <= shift.interval.low and shift.interval.high <= limit


def _safe_range(border: Border | None, lr: float | None) -> SafeRange | None:
    if border is None:
        return None
    high, diverged = 2.0**border.log2_lr, border.log2_diverged
    return SafeRange(
        lr_high=high,
        lr_diverged=None if diverged is None else 2.0**diverged,
        is_border_seen=border.is_seen,
        is_measured=border.is_measured,
        headroom=None if lr is None else high / lr,
    )


def _safety_reasons(border: Border | None, lr: float | None) -> list[Reason]:
    if border is None or lr is None:
        return []
    high = rounded(2.0**border.log2_lr)
    if border.log2_diverged is None:
        headroom = multiple(border.log2_lr - math.log2(lr))
        return [reason("safe_as_far_as_tried", high=high, headroom=headroom)]
    diverged, room = rounded(2.0**border.log2_diverged), multiple(border.log2_diverged - math.log2(lr))
    code = "safe_up_to" if border.is_measured else "safe_up_to_estimated"
    return [reason(code, high=high, diverged=diverged, room=room)]


def _narrow_sweep(situation: Situation, border: Border | None) -> NarrowSweep | None:
    """Return LRs at half octaves around the estimate, up to the last one below the border of divergence."""
    guess = situation.extrapolation.lr.value or situation.base_lr
    if guess is None:
        return None
    count = math.ceil(_reach(situation.extrapolation) / SWEEP_STEP)
    octaves = _up_to(border, math.log2(guess) + SWEEP_STEP * np.arange(-count, count + 1, dtype=np.float64))
    lrs = tuple(float(2.0**each) for each in octaves)
    num_runs = len(lrs) * situation.thresholds.min_seeds
    seconds = situation.seconds_per_run
    return NarrowSweep(
        lrs=lrs,
        num_seeds=situation.thresholds.min_seeds,
        num_runs=num_runs,
        num_steps=situation.sweeps[0].num_steps,
        seconds=None if seconds is None else num_runs * seconds,
    )


def _up_to(border: Border | None, octaves: Values) -> Values:
    """Return the octaves up to the border, and the border itself where it lies between two of them."""
    if border is None or not border.is_seen or octaves[-1] <= border.log2_lr:
        return octaves
    within = octaves[octaves <= border.log2_lr]
    if len(within) and border.log2_lr - within[-1] > SWEEP_STEP / 4:
        within = np.append(within, border.log2_lr)
    return within if len(within) >= MIN_SWEEP_LRS else octaves[:MIN_SWEEP_LRS]


def _reach(extrapolation: Extrapolation) -> float:
    interval = extrapolation.lr.interval
    if interval is None:
        return SWEEP_REACH[0]
    half = 0.5 * math.log2(interval.high / interval.low) if interval.low > 0 else SWEEP_REACH[1]
    return min(max(half, SWEEP_REACH[0]), SWEEP_REACH[1])


def _sweep_reasons(sweep: NarrowSweep | None) -> list[Reason]:
    if sweep is None:
        return []
    ends = {"low": rounded(sweep.lrs[0]), "high": rounded(sweep.lrs[-1])}
    return [
        reason("sweep_at_target", count=len(sweep.lrs), seeds=sweep.num_seeds, runs=sweep.num_runs, **ends)
    ]
