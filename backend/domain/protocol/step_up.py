"""Stages of a step up in training: the LR tuned as given, reused in a larger one (ADR 0055).

A scenario of the step up has one size and one arm. Its LRs are those of the base times the factor of the
rule, so that a run of index i trains with what the rule makes of LR i.
"""

from __future__ import annotations

from muscope.backend.domain.protocol.arms import ArmEvidence, ArmState, tune
from muscope.backend.domain.protocol.evidence import Evidence
from muscope.backend.domain.protocol.settle import settling_runs
from muscope.backend.domain.protocol.windows import SizeWindow, wider
from muscope.backend.domain.spec.experiment import ExperimentSpec, chosen_arm, size_stepped_up
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scenario import Scenario


def climb_step_up(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> ArmState:
    """Judge the step up once the base is tuned, first around the reused LRs, then wider, then settle it."""
    has_curvature = spec.optimizer.traits.has_sharpness
    as_given = ArmEvidence(spec, Scenario.AS_GIVEN, chosen_arm(spec), evidence, has_curvature)
    if (state := tune(as_given)) is not None:  # not tuned yet, or no LR to reuse
        return ArmState(is_ended=state.is_ended, has_left_out=state.is_ended)
    arm, window = _larger(spec, scenario, evidence)
    if window.evidence.open:
        return ArmState()
    return _next(arm, window, as_given.reused(), spec.seeds)


def _next(
    arm: ArmEvidence, window: SizeWindow, reused: dict[Metric, int], seeds: tuple[int, ...]
) -> ArmState:
    lacking = arm.grid.around_all(reused.values()) - window.tried(seeds)
    if lacking:
        return ArmState((window.plan(lacking, seeds),))
    statistics = window.evidence.statistics
    best = [index for loss, index in statistics.best.items() if loss in reused]
    more = frozenset() if statistics.fails_early else wider(window, best, seeds)
    if statistics.fails_early or (statistics.fails and not more):
        return ArmState(is_ended=True, is_failing=True)
    if more:
        return ArmState((window.plan(more, seeds),))
    runs = settling_runs(arm, window.stage, (window.group.size,))
    return ArmState(runs, is_ended=not runs)


def whole_step_up(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> ArmState:
    """Plan every LR of the judged arm at the one size, as the full grid does, and then settle it."""
    arm, window = _larger(spec, scenario, evidence)
    every = window.plan(range(len(arm.grid.lrs)), spec.seeds)
    return ArmState((every, *settling_runs(arm, window.stage, (window.group.size,))))


def _larger(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> tuple[ArmEvidence, SizeWindow]:
    arm = ArmEvidence(spec, scenario, chosen_arm(spec), evidence, has_curvature=False)
    return arm, arm.window(size_stepped_up(spec, scenario))
