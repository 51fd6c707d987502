"""Stages after the base is tuned: of a judged arm, of the control, and of a probe of a longer horizon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from muscope.backend.domain.protocol.arms import ArmEvidence, ArmState, cost_order, tune
from muscope.backend.domain.protocol.settle import settling_runs
from muscope.backend.domain.protocol.windows import PlannedRuns, SizeWindow, wider
from muscope.backend.domain.spec.experiment import base_size, sizes_on
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Axis, Size, axis_of

# Seeds with curvature and of the control's first look; as many as the rules require, if that is more.
FEW_SEEDS = 3


def climb(arm: ArmEvidence) -> ArmState:
    """Judge sizes from the cheapest up, one axis before both together, then settle what is open.

    A proven failure ends the arm.
    """
    if (state := tune(arm)) is not None:
        return state
    runs_to_plan: list[PlannedRuns] = []
    left: list[Size] = []
    for chain in _chains(arm):
        if left:
            break  # sizes that grow both ways wait for those that grow one way
        for sizes in chain:
            found, remaining, is_failing = _climb_chain(arm, sizes)
            if is_failing:
                return ArmState(is_ended=True, is_failing=True, has_left_out=_has_left_out(arm))
            runs_to_plan += found
            left += remaining
    if not left:
        runs_to_plan += settling_runs(arm, stage=1 + len(arm.larger))
    return ArmState(tuple(runs_to_plan), is_ended=not (left or runs_to_plan))


def _chains(arm: ArmEvidence) -> tuple[list[list[Size]], list[list[Size]]]:
    base = base_size(arm.spec)
    by_axis = {axis: [size for size in arm.larger if axis_of(size, base) is axis] for axis in Axis}
    return [by_axis[Axis.WIDTH], by_axis[Axis.DEPTH]], [by_axis[Axis.BOTH]]


def _climb_chain(arm: ArmEvidence, sizes: list[Size]) -> tuple[list[PlannedRuns], list[Size], bool]:
    """Return the runs to plan, the sizes not judged yet, and whether one is proven to fail."""
    for index, size in enumerate(sizes):
        window, seeds, statistics = arm.window(size), arm.spec.seeds, arm.window(size).evidence.statistics
        if window.evidence.open:
            return [], sizes[index:], False
        if runs := _first_window(arm, window, seeds):
            return [runs], sizes[index:], False
        best = _judged_best(arm, window)
        more = frozenset() if statistics.fails_early else wider(window, best, seeds)
        if statistics.fails_early or (statistics.fails and not more):
            return [], [], True
        if more:
            return [window.plan(more, seeds)], sizes[index:], False
    return [], [], False


def _first_window(arm: ArmEvidence, window: SizeWindow, seeds: tuple[int, ...]) -> PlannedRuns | None:
    """Return the missing runs of the window around the reused LRs, with curvature for a few seeds."""
    wanted, curved = (
        arm.grid.around_all(arm.reused().values()),
        arm.window(base_size(arm.spec)).evidence.statistics.curvature_lr,
    )
    if not arm.has_curvature or curved is None:
        lacking = wanted - window.tried(seeds)
        return window.plan(lacking, seeds) if lacking else None
    lacking = (wanted | {curved}) - window.tried(seeds)
    return window.plan(lacking, seeds, [(curved, seed) for seed in _few(arm)]) if lacking else None


def _few(arm: ArmEvidence) -> tuple[int, ...]:
    return arm.spec.seeds[: max(FEW_SEEDS, arm.spec.thresholds.min_seeds)]


def _judged_best(arm: ArmEvidence, window: SizeWindow) -> list[int]:
    """Return the best LRs at a size, of the losses that can be judged from the base."""
    return [index for loss, index in window.evidence.statistics.best.items() if loss in arm.reused()]


def _has_left_out(arm: ArmEvidence) -> bool:
    return any(not arm.window(size).evidence.finished for size in arm.larger)


def check_control(arm: ArmEvidence) -> ArmState:
    """Plan the control at the largest size of every axis: a few seeds, and all of them only if undecided."""
    if (state := tune(arm)) is not None:
        return state
    windows = [arm.window(size) for size in _largest(arm)]
    runs_to_plan = [(window, _next_of_control(arm, window)) for window in windows]
    is_ended = not any(runs is not None or window.evidence.open for window, runs in runs_to_plan)
    return ArmState(
        tuple(runs for _, runs in runs_to_plan if runs is not None),
        is_ended=is_ended,
        is_failing=is_ended and any(window.evidence.statistics.exceeds for window in windows),
    )


def _largest(arm: ArmEvidence) -> Iterable[Size]:
    base = base_size(arm.spec)
    for axis in Axis:
        sizes = [size for size in sizes_on(arm.spec, axis) if axis_of(size, base) is axis]
        if sizes:
            yield max(sizes, key=cost_order)


def _next_of_control(arm: ArmEvidence, window: SizeWindow) -> PlannedRuns | None:
    seeds, statistics = arm.spec.seeds, window.evidence.statistics
    few = _few(arm)
    if window.evidence.open:
        return None
    has_all = bool(window.tried(seeds))
    if (runs := _first_window(arm, window, few)) or (statistics.fails_early and not has_all):
        return runs
    more = wider(window, _judged_best(arm, window), few)
    if more:
        return window.plan(more, seeds if has_all else few)
    undecided = window.tried(few) - window.tried(seeds) if statistics.best else frozenset()
    return window.plan(undecided, seeds) if undecided else None


def probe(arm: ArmEvidence, reference: Mapping[Metric, int] | None) -> ArmState:
    """Plan the base of a probe around the LRs best under the judged horizon; None: in its whole grid."""
    base, seeds = arm.window(base_size(arm.spec)), arm.spec.seeds
    if base.evidence.open:
        return ArmState()
    first = arm.grid.coarse() if reference is None else arm.grid.around_all(reference.values())
    lacking = first - base.tried(seeds) or wider(base, base.evidence.statistics.best.values(), seeds)
    return ArmState((base.plan(lacking, seeds),)) if lacking else ArmState(is_ended=True)
