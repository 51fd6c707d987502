"""What the figures over sizes show: optima with their intervals, and the spread of sharpness over steps.

Statistics come from `analysis`, on the same sweeps the verdict is computed from; what lies beyond the sizes
tested comes from the stored verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from backend.analysis.by_size import (
    SpreadOverSteps,
    optima_by_size,
    reused_lr_index,
    spread_lr_index,
    spread_over_steps,
)
from backend.analysis.sweep import Sweep as Arrays
from backend.analysis.sweep import Values
from backend.db import verdicts as verdict_rows
from backend.db.session import Session
from backend.db.tables import ExperimentRow
from backend.domain.experiment import base_size
from backend.domain.outlook import Basis
from backend.domain.parametrization import Parametrization
from backend.domain.size import Axis, Size, axis_of
from backend.figures.optimum_size import FarPoint, OptimumInfo, OptimumLine, OptimumPoint
from backend.figures.sharpness_spread import SpreadInfo
from backend.figures.step_curves import Column, Line, StepCurve, StepInfo
from backend.services.figure_options import FigureOptions
from backend.services.shown_runs import Sweep
from backend.services.sweeps import load_sweeps

Arms = dict[Parametrization, Sequence[Arrays]]


def optimum_info(session: Session, experiment_id: UUID, sweep: Sweep) -> OptimumInfo:
    """Return the optimum of every size on the shown loss, and the LR that a user takes along."""
    arms = _load(session, experiment_id, sweep)
    level = sweep.spec.thresholds.level
    axes = _axes(arms)
    far = _far_points(session, experiment_id, sweep)
    lines = tuple(
        OptimumLine(
            name, arrays.axis, _points(arrays, sweep, level), _lr(arrays), far.get((name, arrays.axis))
        )
        for name, of_arm in arms.items()
        for arrays in of_arm
        if arrays.axis in axes
    )
    lrs = [lr for name in arms for lr in sweep.spec.arm(name).lrs]
    sizes = {size for of_arm in arms.values() for arrays in of_arm for size in arrays.sizes}
    return OptimumInfo(
        tuple(arms), axes, base_size(sweep.spec), tuple(sorted(sizes)), min(lrs), max(lrs), level, lines
    )


def _load(session: Session, experiment_id: UUID, sweep: Sweep) -> Arms:
    experiment = session.get_one(ExperimentRow, experiment_id)
    loaded = load_sweeps(session, experiment, sweep.scenario)
    return {name: loaded[name] for name in sweep.arms}


def _axes(arms: Arms) -> tuple[Axis, ...]:
    """Return the axes that sizes grow on; the width where there is but one size."""
    found = {arrays.axis for of_arm in arms.values() for arrays in of_arm if len(arrays.sizes) > 1}
    return tuple(axis for axis in Axis if axis in found) or (Axis.WIDTH,)


def _points(arrays: Arrays, sweep: Sweep, level: float) -> tuple[OptimumPoint, ...]:
    return tuple(
        OptimumPoint(
            found.size,
            2.0**found.optimum.log2_lr,
            None if found.interval is None else 2.0**found.interval.low,
            None if found.interval is None else 2.0**found.interval.high,
            found.optimum.is_edge,
        )
        for found in optima_by_size(arrays, sweep.metric, level)
    )


def _lr(arrays: Arrays) -> float | None:
    index = reused_lr_index(arrays)
    return None if index is None else arrays.lrs[index]


def _far_points(
    session: Session, experiment_id: UUID, sweep: Sweep
) -> dict[tuple[Parametrization, Axis], FarPoint]:
    """Return what the stored verdict expects beyond the sizes tested, by the arm and axis it is drawn on."""
    verdict = verdict_rows.latest(session, experiment_id, sweep.scenario)
    if verdict is None or verdict.outlook is None:
        return {}
    found = verdict.outlook.extrapolation
    size = Size(found.target.width, found.target.depth)
    axis, lr = axis_of(size, base_size(sweep.spec)), found.lr
    if found.claim is not Basis.EXTRAPOLATED or axis is None or lr.value is None or lr.interval is None:
        return {}
    far = FarPoint(size, lr.value, lr.interval.low, lr.interval.high, lr.interval.level)
    return {(verdict.arm.parametrization, axis): far}


def spread_info(session: Session, experiment_id: UUID, sweep: Sweep, options: FigureOptions) -> SpreadInfo:
    """Return the spread over steps on the width axis, or on the depth axis where only depths differ."""
    axis = next(iter(_axes(arms := _load(session, experiment_id, sweep))))
    on_axis = {name: next(a for a in of_arm if a.axis is axis) for name, of_arm in arms.items()}
    spreads = {name: _spreads(arrays, sweep, name, options) for name, arrays in on_axis.items()}
    shown = {name: found for name, found in spreads.items() if found[1]} or spreads
    # The control of a staged experiment is measured without curvature: no column for it.
    columns = tuple(Column(name, lr, sweep.spec.optimizer.kappa) for name, (lr, _) in shown.items())
    extents = sorted({_extent(size, axis) for arrays in on_axis.values() for size in arrays.sizes})
    pairs = [
        (_curve(name, spread, on_axis[name], axis), _line(on_axis[name], spread.unjudged))
        for name, (_, found) in shown.items()
        for spread in found
    ]
    steps = StepInfo(
        columns, tuple(extents), options.first_step,
        sweep.spec.num_steps if options.last_step is None else options.last_step,
        len(sweep.spec.seeds), tuple(curve for curve, _ in pairs),
    )  # fmt: skip
    lines = tuple(line for _, line in pairs)
    return SpreadInfo(steps, lines, sweep.spec.thresholds.spread_level, extents[-1], axis is Axis.DEPTH)


def _spreads(
    arrays: Arrays, sweep: Sweep, name: Parametrization, options: FigureOptions
) -> tuple[float, tuple[SpreadOverSteps, ...]]:
    """Return the LR whose runs are compared, and the spreads there."""
    thresholds, reused = sweep.spec.thresholds, reused_lr_index(arrays)
    if options.lr_index is not None or reused is None:
        index = arrays.lr_indices.index(sweep.lr_index_of(name))
    else:
        index = spread_lr_index(arrays, reused, thresholds)
    return arrays.lrs[index], spread_over_steps(arrays, index, thresholds)


def _extent(size: Size, axis: Axis) -> int:
    return size.depth if axis is Axis.DEPTH else size.width


def _curve(name: Parametrization, spread: SpreadOverSteps, arrays: Arrays, axis: Axis) -> StepCurve:
    steps = tuple(int(step) for step in arrays.measurement_steps)
    mean, low, high = (Line(steps, tuple(map(float, of))) for of in (spread.mean, spread.low, spread.high))
    return StepCurve(name, _extent(spread.size, axis), mean, low, high, spread.num_seeds)


def _line(arrays: Arrays, values: Values) -> Line:
    is_there = np.isfinite(values)
    steps = tuple(int(step) for step in arrays.measurement_steps[is_there])
    return Line(steps, tuple(float(value) for value in values[is_there]))
