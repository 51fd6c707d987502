"""Early answer: probable outcome while cells are open, judged at a step that enough runs share (ADR 0020).

The rules are those of the verdict, applied as if training had ended at that step; early sharpness is judged
as there, only away from the edge of stability. Confidence = share · sqrt(steps so far) · sizes so far, where
`share` is the share of resamples of the seeds with the same outcome, and steps and sizes are shares of the
plan. A proven failure needs no further sizes, since the worst size decides. A test on simulated curves
requires that the stated confidence does not exceed the share of such answers that came true
(`test_early.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from muscope.backend.analysis.reasons import percent, reason
from muscope.backend.analysis.sweep import Sweep, deciding_loss_of
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.analysis.verdict.resampled_rules import resampled_outcomes
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import EarlyAnswer
from muscope.backend.domain.verdict.statement import Outcome, Reason

# No early answer before an eighth of the training.
EARLIEST = 0.125
MIN_STEPS = 8
NUM_RESAMPLES = 400
# Below this share of agreeing resamples, more seeds are named as what could change the answer.
AGREEMENT = 0.95


class _Cut(NamedTuple):
    """Step to judge at, and of every sweep the indices of the larger sizes that have reached it."""

    step: int
    seen: tuple[tuple[int, ...], ...]

    @property
    def num_seen(self) -> int:
        return sum(map(len, self.seen))


def answer_early(
    parametrization: Parametrization, sweeps: Sequence[Sweep], thresholds: Thresholds, random_seed: int
) -> EarlyAnswer | None:
    """Return the outcome the verdict will probably have; None before any larger size can be judged.

    Args:
        sweeps: of the arm the verdict is about, one per axis, with `until` and `reached`.
        random_seed: of the resamples, so that the same data give the same answer.
    """
    cut = _best_cut(sweeps)
    if cut is None or deciding_loss_of(sweeps) is None:
        return None
    parts = [_as_of(sweep, cut.step, seen) for sweep, seen in zip(sweeps, cut.seen, strict=True)]
    outcome = _judged(parametrization, parts, thresholds)
    agreeing = _agreement(outcome, parts, cut, thresholds, random_seed)
    num_steps, planned = sweeps[0].num_steps, sum(len(sweep.larger) for sweep in sweeps)
    shown = 1.0 if outcome is Outcome.DOES_NOT_TRANSFER else cut.num_seen / planned
    sizes = [sweeps[0].base]
    sizes += [sweep.sizes[i] for sweep, seen in zip(sweeps, cut.seen, strict=True) for i in seen]
    return EarlyAnswer(
        outcome=outcome,
        confidence=agreeing * math.sqrt(cut.step / num_steps) * shown,
        at_step=cut.step,
        num_steps=num_steps,
        sizes=tuple(sizes),
        num_sizes=1 + planned,
        would_change=tuple(_would_change(cut, num_steps, planned, agreeing)),
    )


def _best_cut(sweeps: Sequence[Sweep]) -> _Cut | None:
    """Return the step with the largest product of steps so far and sizes so far; None without one."""
    reached = [_reached(sweep) for sweep in sweeps]
    base, num_steps = reached[0].get(sweeps[0].base, -1), sweeps[0].num_steps
    earliest = max(MIN_STEPS, math.ceil(EARLIEST * num_steps))
    steps = {min(step, base) for of_sweep in reached for step in of_sweep.values()}
    cuts = [_cut_at(step, sweeps, reached) for step in sorted(steps) if step >= earliest]
    best = max(cuts, key=lambda cut: (cut.step * cut.num_seen, cut.step), default=None)
    return best if best is not None and best.num_seen > 0 else None


def _cut_at(step: int, sweeps: Sequence[Sweep], reached: Sequence[dict[Size, int]]) -> _Cut:
    seen = tuple(
        tuple(i for i in sweep.larger if of_sweep.get(sweep.sizes[i], -1) >= step)
        for sweep, of_sweep in zip(sweeps, reached, strict=True)
    )
    return _Cut(step, seen)


def _reached(sweep: Sweep) -> dict[Size, int]:
    """Return the last step that all planned runs of a size share; a diverged run counts as complete.

    Of a step up nothing can be cut: the two trainings have other steps, and perhaps one size.
    """
    if sweep.reached is None or sweep.until is None or sweep.is_step_up:
        return {}
    planned = np.ones_like(sweep.is_measured) if sweep.is_planned is None else sweep.is_planned
    return {
        size: min(int(sweep.reached[i][planned[i]].min()), sweep.num_steps)
        for i, size in enumerate(sweep.sizes)
        if planned[i].any()
    }


def _as_of(sweep: Sweep, step: int, seen: Sequence[int]) -> Sweep:
    """Return the sweep at `step`, without sizes that have not reached it; all divergences known now count."""
    part = sweep if step >= sweep.num_steps or sweep.until is None else sweep.until(step)
    is_there = np.zeros(sweep.is_measured.shape, dtype=np.bool_)
    is_there[[sweep.base_index, *seen]] = True
    planned = is_there if sweep.is_planned is None else is_there & sweep.is_planned
    measured = part.is_measured | (sweep.diverged_at >= 0)
    return replace(part, diverged_at=sweep.diverged_at, is_planned=planned, is_measured=measured)


def _judged(parametrization: Parametrization, parts: Sequence[Sweep], thresholds: Thresholds) -> Outcome:
    """Return the outcome of the rules at the step, of the sizes that have reached it."""
    terms = Terms(thresholds=thresholds, needs_all_sizes=False)
    seen = [part for part in parts if part.planned]
    return judge_arm(parametrization, seen, terms).outcome


def _agreement(
    outcome: Outcome, parts: Sequence[Sweep], cut: _Cut, thresholds: Thresholds, random_seed: int
) -> float:
    """Return the share of resamples with the same outcome; on the loss a drift of sharpness is a transfer."""
    wanted = Outcome.TRANSFERS if outcome is Outcome.SHARPNESS_DRIFTS else outcome
    generator = np.random.default_rng(random_seed)
    uniform_BS = generator.random((NUM_RESAMPLES, parts[0].num_seeds))
    severities_B = np.full(NUM_RESAMPLES, SEVERITY[Outcome.TRANSFERS])
    for part, seen in zip(parts, cut.seen, strict=True):
        for index in seen:
            severities_B = np.maximum(severities_B, resampled_outcomes(part, index, uniform_BS, thresholds))
    return float((severities_B == SEVERITY[wanted]).mean())


def _would_change(cut: _Cut, num_steps: int, planned: int, agreeing: float) -> list[Reason]:
    found = []
    if cut.step < num_steps:
        found.append(reason("early_steps", step=cut.step, steps=num_steps))
    if cut.num_seen < planned:
        found.append(reason("early_sizes", missing=planned - cut.num_seen, planned=planned))
    if agreeing < AGREEMENT:
        found.append(reason("early_seeds", percent=percent(1.0 - agreeing)))
    return found
