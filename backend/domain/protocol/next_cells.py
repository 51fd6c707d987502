"""Next decision of a protocol: plan cells, skip some, wait, or end.

The full grid is planned at once; only probes of a longer horizon wait for the base's optimum. The staged
protocol goes from the base up (ADR 0021). Both are called whenever a cell has ended, so several arms advance
in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from muscope.backend.domain.lifecycle import StopReason
from muscope.backend.domain.protocol.arms import ArmEvidence, ArmState, tune
from muscope.backend.domain.protocol.climb import check_control, climb, probe
from muscope.backend.domain.protocol.decision import Add, Decision, Done, Skip, Wait
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.protocol.settle import settling_runs, with_batches
from muscope.backend.domain.protocol.step_up import climb_step_up, whole_step_up
from muscope.backend.domain.protocol.windows import PlannedRuns
from muscope.backend.domain.spec.experiment import ExperimentSpec, Protocol, chosen_arm, controls_of
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size

ArmKey = tuple[Scenario, Parametrization]


def next_cells(
    spec: ExperimentSpec, evidence: Evidence, *, max_runs_per_cell: Mapping[int, int] | None = None
) -> Decision:
    """Return the next decision; runs that the evidence already holds are never planned again.

    Args:
        max_runs_per_cell: by width, how many runs fit a device's memory; larger cells are split.
    """
    is_staged = spec.protocol is Protocol.STAGED
    states = _staged(spec, evidence) if is_staged else _full(spec, evidence)
    ended = {arm_key for arm_key, state in states.items() if state.is_ended}
    idle = tuple(cell for cell, group in evidence.queued.items() if (group[0], group[1]) in ended)
    if idle:
        return Skip(idle)
    cells = tuple(
        cell
        for state in states.values()
        for runs in state.runs_to_plan
        for cell in _cells(spec, evidence, runs, (max_runs_per_cell or {}).get(runs.group.size.width))
    )
    if cells:
        return Add(cells)
    if evidence.has_open:
        return Wait()
    return Done(StopReason.SETTLED if any(state.has_left_out for state in states.values()) else None)


def in_order(spec: ExperimentSpec) -> list[Scenario]:
    """Return the scenarios in the order they run: as given, then as the spec lists them, probes last."""
    return sorted(spec.scenarios, key=lambda each: (not each.is_judged, each != Scenario.AS_GIVEN))


def _staged(spec: ExperimentSpec, evidence: Evidence) -> dict[ArmKey, ArmState]:
    """Return every arm's state; a scenario starts when the one before has fewer arms to run."""
    states: dict[ArmKey, ArmState] = {}
    for scenario in in_order(spec):
        of_it = _states_of(spec, scenario, evidence)
        states |= of_it
        evidence = with_batches(spec, evidence, of_it.values())
        if not any(state.is_ended for state in of_it.values()):
            break
    return states


def _states_of(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> dict[ArmKey, ArmState]:
    if scenario.is_step_up:
        return {(scenario, chosen_arm(spec)): climb_step_up(spec, scenario, evidence)}
    return (_judged if scenario.is_judged else _probe)(spec, scenario, evidence)


def _judged(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> dict[ArmKey, ArmState]:
    chosen, controls = chosen_arm(spec), controls_of(spec)
    others = (arm.parametrization for arm in spec.arms if arm.parametrization not in (chosen, *controls))
    states: dict[ArmKey, ArmState] = {}
    has_curvature = spec.optimizer.traits.has_sharpness
    for name in (chosen, *others, *controls):
        is_control = name in controls
        arm = ArmEvidence(spec, scenario, name, evidence, has_curvature=not is_control and has_curvature)
        state = check_control(arm) if is_control else climb(arm)
        if is_control and not _is_needed(states, scenario, chosen, controls[: controls.index(name)]):
            state = ArmState(is_ended=True, has_left_out=not state.is_ended)
        elif is_control and _is_waiting(states, scenario, controls[: controls.index(name)]):
            state = ArmState()
        states[scenario, name] = state
        evidence = with_batches(spec, evidence, [state])
    return states


def _is_needed(
    states: Mapping[ArmKey, ArmState],
    scenario: Scenario,
    chosen: Parametrization,
    before: Sequence[Parametrization],
) -> bool:
    """Return whether a control's outcome can change the verdict: neither the arm nor one before fails."""
    of_chosen = states[scenario, chosen]
    is_decided = of_chosen.is_failing or of_chosen.is_hopeless
    return not is_decided and not any(states[scenario, name].is_failing for name in before)


def _is_waiting(
    states: Mapping[ArmKey, ArmState], scenario: Scenario, before: Sequence[Parametrization]
) -> bool:
    """Return whether a control waits for those before it: it runs only if they show nothing (ADR 0032)."""
    return not all(states[scenario, name].is_ended for name in before)


def _probe(spec: ExperimentSpec, scenario: Scenario, evidence: Evidence) -> dict[ArmKey, ArmState]:
    chosen = chosen_arm(spec)
    arm = ArmEvidence(spec, scenario, chosen, evidence, has_curvature=False)
    if Scenario.AS_GIVEN not in spec.scenarios:
        return {(scenario, chosen): probe(arm, None)}
    has_curvature = spec.optimizer.traits.has_sharpness
    as_given = ArmEvidence(spec, Scenario.AS_GIVEN, chosen, evidence, has_curvature)
    state = tune(as_given)
    if state is not None:  # not tuned yet, or no LR to reuse
        return {(scenario, chosen): ArmState(is_ended=state.is_ended)}
    return {(scenario, chosen): probe(arm, as_given.reused())}


def _full(spec: ExperimentSpec, evidence: Evidence) -> dict[ArmKey, ArmState]:
    states: dict[ArmKey, ArmState] = {}
    for scenario in in_order(spec):
        if not scenario.is_judged:
            states |= _probe(spec, scenario, evidence)
            continue
        if scenario.is_step_up:
            states[scenario, chosen_arm(spec)] = whole_step_up(spec, scenario, evidence)
            evidence = with_batches(spec, evidence, states.values())
            continue
        for arm in spec.arms:
            runs_to_plan = tuple(_whole(spec, scenario, arm.parametrization))
            states[scenario, arm.parametrization] = ArmState(runs_to_plan)
        chosen = chosen_arm(spec)
        has_curvature = spec.optimizer.traits.has_sharpness
        of_chosen = ArmEvidence(spec, scenario, chosen, evidence, has_curvature)
        states[scenario, chosen] = replace(
            states[scenario, chosen],
            runs_to_plan=(*states[scenario, chosen].runs_to_plan, *settling_runs(of_chosen, stage=1)),
        )
        evidence = with_batches(spec, evidence, [states[scenario, chosen]])
    return states


def _whole(spec: ExperimentSpec, scenario: Scenario, name: Parametrization) -> Iterator[PlannedRuns]:
    every = frozenset(range(len(spec.arm(name).lrs)))
    curved = frozenset(product(every, spec.seeds)) if spec.optimizer.traits.has_sharpness else frozenset()
    for depth in spec.depths:
        for width in spec.widths:
            yield PlannedRuns(
                CellGroup(scenario, name, Size(width, depth)), every, spec.seeds, curved, stage=0
            )


def _cells(
    spec: ExperimentSpec, evidence: Evidence, wanted: PlannedRuns, most: int | None
) -> Iterator[PlannedCell]:
    """Return cells of the runs not planned yet, with and without curvature, split as the memory requires."""
    known, part = evidence.at(wanted.group).planned, evidence.at(wanted.group).num_cells
    scenario, name, (width, depth) = wanted.group
    lrs = spec.under(scenario).arm(name).lrs
    keys = [key for key in product(sorted(wanted.lr_indices), wanted.seeds) if key not in known]
    for has_curvature in (True, False):
        chosen_keys = [key for key in keys if (key in wanted.curved) is has_curvature]
        runs = [PlannedRun(lr_index, lrs[lr_index], seed) for lr_index, seed in chosen_keys]
        size = most or max(1, len(runs))
        for first in range(0, len(runs), size):
            chosen = tuple(runs[first : first + size])
            yield PlannedCell(scenario, name, width, depth, chosen, wanted.stage, part, has_curvature)
            part += 1
