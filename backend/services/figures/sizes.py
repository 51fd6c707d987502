"""Contents of the figures over sizes: optima with intervals, and the spread of sharpness over steps.

Statistics come from `analysis`, on the same sweeps as the verdict; values beyond the sizes tested come from
the stored verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muscope.backend.analysis.display.by_size import (
    SpreadOverSteps,
    optima_by_size,
    reused_lr_index,
    spread_lr_index,
    spread_over_steps,
)
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.domain.spec.experiment import base_size, chosen_arm, size_stepped_up
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size, axis_of
from muscope.backend.domain.verdict.outlook import Basis
from muscope.backend.figures.optimum_size import FarPoint, OptimumInfo, OptimumLine, OptimumPoint
from muscope.backend.figures.sharpness_spread import SpreadInfo
from muscope.backend.figures.steps.step_curves import Column, Line, StepCurve, StepInfo
from muscope.backend.services.evidence.sweeps import load_one_size, load_sweeps
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.figures.shown_runs import ShownRuns

Arms = dict[Parametrization, Sequence[Sweep]]


def optimum_info(shown: ShownRuns) -> OptimumInfo:
    """Return the optimum of every size on the shown loss, and the LR reused from the base."""
    arms = _load(shown)
    level = shown.spec.thresholds.level
    axes = _axes(arms)
    far, thresholds = _far_points(shown), shown.spec.thresholds
    lines = tuple(
        OptimumLine(
            name,
            sweep.axis,
            _points(sweep, shown, level),
            _reused(shown, sweep, thresholds),
            far.get((name, sweep.axis)),
        )
        for name, of_arm in arms.items()
        for sweep in of_arm
        if sweep.axis in axes
    )
    lrs = [lr for name in arms for lr in shown.spec.arm(name).lrs]
    sizes = {size for of_arm in arms.values() for sweep in of_arm for size in sweep.sizes}
    return OptimumInfo(
        tuple(arms), axes, base_size(shown.spec), tuple(sorted(sizes)), min(lrs), max(lrs), level, lines,
        shown.metric, shown.widths,
    )  # fmt: skip


def _load(shown: ShownRuns) -> Arms:
    if shown.scenario.is_step_up:
        spec, chosen = shown.evidence.spec, chosen_arm(shown.spec)
        size = size_stepped_up(spec, shown.scenario)
        return {chosen: [load_one_size(shown.evidence, shown.scenario, size)]}
    loaded = load_sweeps(shown.evidence, shown.scenario)
    return {name: loaded[name] for name in shown.arms}


def _reused(shown: ShownRuns, sweep: Sweep, thresholds: Thresholds) -> float | None:
    """Return the LR that is reused, in LRs of the sweep; that of a step up comes from the base as given."""
    if not shown.scenario.is_step_up:
        return _lr(sweep, thresholds)
    ((joined,),) = load_sweeps(shown.evidence, shown.scenario).values()
    lr = _lr(joined, thresholds)
    return None if lr is None else lr * joined.lr_factor


def _axes(arms: Arms) -> tuple[Axis, ...]:
    """Return the axes on which sizes grow; the width if there is one size only."""
    found = {sweep.axis for of_arm in arms.values() for sweep in of_arm if len(sweep.sizes) > 1}
    return tuple(axis for axis in Axis if axis in found) or (Axis.WIDTH,)


def _points(sweep: Sweep, shown: ShownRuns, level: float) -> tuple[OptimumPoint, ...]:
    return tuple(
        OptimumPoint(
            found.size,
            2.0**found.optimum.log2_lr,
            None if found.interval is None else 2.0**found.interval.low,
            None if found.interval is None else 2.0**found.interval.high,
            found.optimum.is_edge,
        )
        for found in optima_by_size(sweep, shown.metric, level)
        if found.size.width in shown.widths
    )


def _lr(sweep: Sweep, thresholds: Thresholds) -> float | None:
    index = reused_lr_index(sweep, thresholds)
    return None if index is None else sweep.lrs[index]


def _far_points(shown: ShownRuns) -> dict[tuple[Parametrization, Axis], FarPoint]:
    """Return the stored verdict's prediction beyond the sizes tested, by the arm and axis it is drawn on."""
    verdict = verdict_rows.latest(shown.evidence.session, shown.evidence.experiment.id, shown.scenario)
    if verdict is None or verdict.outlook is None:
        return {}
    found = verdict.outlook.extrapolation
    size = found.target
    axis, lr = axis_of(size, base_size(shown.spec)), found.lr
    if found.claim is not Basis.EXTRAPOLATED or axis is None or lr.value is None or lr.interval is None:
        return {}
    far = FarPoint(size, lr.value, lr.interval.low, lr.interval.high, lr.interval.level)
    return {(verdict.arm.parametrization, axis): far}


def spread_info(shown: ShownRuns, options: FigureOptions) -> SpreadInfo:
    """Return the spread over steps on the width axis, or on the depth axis where only depths differ."""
    axis = next(iter(_axes(arms := _load(shown))))
    on_axis = {name: next(a for a in of_arm if a.axis is axis) for name, of_arm in arms.items()}
    spreads = {name: _spreads(sweep, shown, name, options) for name, sweep in on_axis.items()}
    drawn = {name: found for name, found in spreads.items() if found[1]} or spreads
    # The control of a staged experiment is measured without curvature, so it gets no column.
    columns = tuple(Column(name, lr, shown.spec.optimizer.kappa) for name, (lr, _) in drawn.items())
    extents = sorted({_extent(size, axis) for sweep in on_axis.values() for size in sweep.sizes})
    chosen = {
        _extent(size, axis)
        for sweep in on_axis.values()
        for size in sweep.sizes
        if size.width in shown.widths
    }
    pairs = [
        (_curve(name, spread, on_axis[name], axis), _line(on_axis[name], spread.unjudged))
        for name, (_, found) in drawn.items()
        for spread in found
        if spread.size.width in shown.widths
    ]
    steps = StepInfo(
        columns, tuple(extents), options.first_step,
        shown.spec.num_steps if options.last_step is None else options.last_step,
        len(shown.spec.seeds), tuple(curve for curve, _ in pairs),
        shown=tuple(sorted(chosen - {extents[-1]})),  # the largest is compared with, and has no curve
    )  # fmt: skip
    lines = tuple(line for _, line in pairs)
    return SpreadInfo(steps, lines, shown.spec.thresholds.spread_level, extents[-1], axis is Axis.DEPTH)


def _spreads(
    sweep: Sweep, shown: ShownRuns, name: Parametrization, options: FigureOptions
) -> tuple[float, tuple[SpreadOverSteps, ...]]:
    """Return the LR at which sizes are compared, and the spreads there."""
    thresholds = shown.spec.thresholds
    reused = reused_lr_index(sweep, thresholds)
    if options.lr_index is not None or reused is None:
        index = sweep.lr_indices.index(shown.lr_index_of(name))
    else:
        index = spread_lr_index(sweep, reused, thresholds)
    return sweep.lrs[index], spread_over_steps(sweep, index, thresholds)


def _extent(size: Size, axis: Axis) -> int:
    return size.depth if axis is Axis.DEPTH else size.width


def _curve(name: Parametrization, spread: SpreadOverSteps, sweep: Sweep, axis: Axis) -> StepCurve:
    steps = tuple(int(step) for step in sweep.measurement_steps)
    mean, low, high = (Line(steps, tuple(map(float, of))) for of in (spread.mean, spread.low, spread.high))
    return StepCurve(name, _extent(spread.size, axis), mean, low, high, spread.num_seeds)


def _line(sweep: Sweep, values: Values) -> Line:
    is_there = np.isfinite(values)
    steps = tuple(int(step) for step in sweep.measurement_steps[is_there])
    return Line(steps, tuple(float(value) for value in values[is_there]))
