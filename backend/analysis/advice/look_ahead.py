"""Outlook of one scenario's verdict: horizon, extrapolation, recommendation and reliability together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from muscope.backend.analysis.advice.extrapolation import extrapolate
from muscope.backend.analysis.advice.horizon import read_horizon
from muscope.backend.analysis.advice.recommendation import Situation, recommend
from muscope.backend.analysis.advice.reliability import reliability
from muscope.backend.analysis.advice.rollout_steps import gates
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Extrapolation, Outlook, TrackRecord
from muscope.backend.domain.verdict.verdict import Verdict


def look_ahead(
    spec: ExperimentSpec,
    verdict: Verdict,
    sweeps: Sequence[Sweep],
    *,
    target: Size | None = None,
    probes: Mapping[int, Sweep] | None = None,
    record: TrackRecord | None = None,
    seconds_per_run: float | None = None,
) -> Outlook:
    """Return the outlook of a verdict.

    Args:
        spec: the one the cells of the verdict's scenario were trained with.
        sweeps: of the verdict's arm, one per axis.
        target: the size to be trained in the end; None means the largest one planned.
        probes: sweeps of longer trainings by their factor on the steps.
        record: of the calibration study.
        seconds_per_run: of one run at the target on one worker slot; None where that is not known.
    """
    arm, target = verdict.arm, target or largest(sweeps)
    horizon = read_horizon(sweeps, spec.optimizer.schedule, probes or {}, verdict.thresholds.level)
    extrapolation = extrapolate(sweeps, target, arm.base_lr, record, verdict.thresholds)
    found = recommend(_situation(verdict, sweeps, extrapolation, seconds_per_run))
    lr_index = None if arm.base_lr_index is None else sweeps[0].lr_indices.index(arm.base_lr_index)
    steps = gates(
        verdict.outcome,
        found,
        horizon,
        sweeps,
        lr_index,
        spec.divergence_factor,
        is_interim=verdict.is_interim,
    )
    return Outlook(
        horizon=horizon,
        extrapolation=extrapolation,
        reliability=reliability(record, verdict.outcome, verdict.rule_version, extrapolation.doublings),
        recommendation=found.model_copy(update={"gates": steps}),
    )


def _situation(
    verdict: Verdict, sweeps: Sequence[Sweep], extrapolation: Extrapolation, seconds_per_run: float | None
) -> Situation:
    return Situation(
        verdict.outcome,
        verdict.arm.base_lr,
        sweeps,
        extrapolation,
        seconds_per_run,
        verdict.thresholds,
        verdict.beyond,
    )


def largest(sweeps: Sequence[Sweep]) -> Size:
    """Return the largest size of all axes, by width times depth."""
    return max((size for sweep in sweeps for size in sweep.sizes), key=lambda size: (math.prod(size), size))
