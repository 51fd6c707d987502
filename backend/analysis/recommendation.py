"""What to do at the target size: which LR, up to where it is safe, and which few LRs to try where it is not.

An LR is recommended only as far as the verdict and the calibration study carry it (docs/decisions/0020):
the reused one while the target's best LR stays within the limits of "transfers", else the target's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backend.analysis.reasons import multiple, reason, rounded
from backend.analysis.sweep import Sweep
from backend.domain.outlook import Claim, Extrapolation, ModelSize, NarrowSweep, Recommendation, SafeRange
from backend.domain.size import Axis, Size
from backend.domain.statement import Estimate, Outcome, Reason
from backend.domain.thresholds import Thresholds

REUSED = frozenset({Outcome.TRANSFERS, Outcome.SHARPNESS_DRIFTS})
# A narrow sweep steps by half an octave and reaches as far as the interval, within these octaves.
SWEEP_STEP = 0.5
SWEEP_REACH = (1.0, 2.0)
MIN_SWEEP_LRS = 3


class Situation(NamedTuple):
    """What a recommendation starts from."""

    outcome: Outcome
    base_lr: float | None
    sweeps: Sequence[Sweep]
    extrapolation: Extrapolation
    seconds_per_run: float | None
    thresholds: Thresholds

    @property
    def target(self) -> Size:
        """Return the size to be trained."""
        return Size(self.extrapolation.target.width, self.extrapolation.target.depth)


def recommend(situation: Situation) -> Recommendation:
    """Return the LR to use, or what to find out first; the roll-out is added by `rollout.gates`."""
    extrapolation, outcome = situation.extrapolation, situation.outcome
    border = _border(situation)
    lr, reasons = _lr(situation, border)
    needs_sweep = outcome is not Outcome.INCONCLUSIVE and (lr is None or lr != situation.base_lr)
    sweep = _narrow_sweep(situation, border) if needs_sweep else None
    return Recommendation(
        target=ModelSize(width=extrapolation.target.width, depth=extrapolation.target.depth),
        lr=lr,
        lr_interval=extrapolation.lr.interval,
        safe_range=_safe_range(border, lr),
        narrow_sweep=sweep,
        reasons=(*reasons, *_safety_reasons(border, lr), *_sweep_reasons(sweep)),
    )


class _Border(NamedTuple):
    """Up to which log2 lr nothing diverged; `is_seen`: right above it something did."""

    log2_lr: float
    is_seen: bool


def _lr(situation: Situation, border: _Border | None) -> tuple[float | None, list[Reason]]:
    """Return the LR to recommend, and why it is that one or none."""
    outcome, extrapolation = situation.outcome, situation.extrapolation
    if outcome is Outcome.INCONCLUSIVE or situation.base_lr is None:
        return None, [reason("no_lr_yet")]
    if outcome is Outcome.DOES_NOT_TRANSFER:
        return None, [reason("tune_at_target")]
    if extrapolation.claim is Claim.NOT_CLAIMED:
        return None, [reason("no_lr_beyond_claims")]
    stays = extrapolation.claim is Claim.MEASURED or _stays(extrapolation.lr_shift, situation.thresholds)
    if outcome in REUSED and stays:
        return situation.base_lr, [reason("reuse_lr", lr=rounded(situation.base_lr))]
    best = extrapolation.lr.value
    if best is None:
        return None, [reason("no_lr_beyond_claims")]
    if border is not None and border.is_seen and math.log2(best) > border.log2_lr:
        safe = 2.0**border.log2_lr
        return safe, [reason("lr_cut_to_safe", lr=rounded(safe), best=rounded(best))]
    return best, [
        reason("lr_of_target", lr=rounded(best), shift=multiple(math.log2(best / situation.base_lr)))
    ]


def _stays(shift: Estimate, thresholds: Thresholds) -> bool:
    """Tell whether the whole interval of the shift lies where an LR may be reused."""
    limit = thresholds.transfers_shift
    return shift.interval is not None and -limit <= shift.interval.low and shift.interval.high <= limit


def _border(situation: Situation) -> _Border | None:
    """Return the lowest border over all sizes with results, lowered as it falls towards the target.

    None where nothing was run, or where the smallest LR tried diverged already.
    """
    found = [each for sweep in situation.sweeps for each in _borders(sweep).values()]
    if not found or any(each is None for each in found):
        return None
    lowest = min(
        (each for each in found if each is not None), key=lambda each: (each.log2_lr, not each.is_seen)
    )
    return lowest._replace(log2_lr=lowest.log2_lr + _fall(situation))


def _borders(sweep: Sweep) -> dict[int, _Border | None]:
    """Return the border of the base and of every larger size with results."""
    found: dict[int, _Border | None] = {}
    for place in (sweep.base_index, *sweep.larger):
        tried = np.flatnonzero(sweep.is_measured[place].any(axis=1))
        diverges = np.flatnonzero((sweep.diverged_at[place][tried] >= 0).any(axis=1))
        if len(tried) == 0:
            continue
        last = int(diverges[0]) - 1 if len(diverges) else len(tried) - 1
        found[place] = None if last < 0 else _Border(float(sweep.log2_lrs[tried[last]]), len(diverges) > 0)
    return found


def _fall(situation: Situation) -> float:
    """Return by how many octaves the border falls from the largest size tested to the target; never rises."""
    total = 0.0
    for sweep in situation.sweeps:
        seen = {place: each for place, each in _borders(sweep).items() if each is not None and each.is_seen}
        if sweep.axis is Axis.BOTH or len(seen) < 2:
            continue
        x = sweep.log2_extents[list(seen)]
        y = np.array([each.log2_lr for each in seen.values()])
        extent = situation.target.width if sweep.axis is Axis.WIDTH else situation.target.depth
        beyond = max(0.0, math.log2(extent) - float(x.max()))
        slope = float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())
        total += beyond * min(0.0, slope)
    return total


def _safe_range(border: _Border | None, lr: float | None) -> SafeRange | None:
    if border is None:
        return None
    high = 2.0**border.log2_lr
    return SafeRange(lr_high=high, is_border_seen=border.is_seen, headroom=None if lr is None else high / lr)


def _safety_reasons(border: _Border | None, lr: float | None) -> list[Reason]:
    if border is None or lr is None:
        return []
    high = rounded(2.0**border.log2_lr)
    headroom = multiple(border.log2_lr - math.log2(lr))
    if border.is_seen:
        return [reason("safe_up_to", high=high, headroom=headroom)]
    return [reason("safe_as_far_as_tried", high=high, headroom=headroom)]


def _narrow_sweep(situation: Situation, border: _Border | None) -> NarrowSweep | None:
    """Return the LRs at half octaves around the best guess, without those that diverge."""
    guess = situation.extrapolation.lr.value or situation.base_lr
    if guess is None:
        return None
    count = math.ceil(_reach(situation.extrapolation) / SWEEP_STEP)
    octaves = math.log2(guess) + SWEEP_STEP * np.arange(-count, count + 1)
    if border is not None and border.is_seen:
        is_safe = octaves <= border.log2_lr
        octaves = octaves[is_safe] if is_safe.sum() >= MIN_SWEEP_LRS else octaves[:MIN_SWEEP_LRS]
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
