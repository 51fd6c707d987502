"""M7, the coordinate check: parts of the network must start and move over widths as theory says.

The slope of log2 of a part's size, or of its change after t updates, on log2 width is compared with the
theoretical slope of the parametrization (docs/science.md §3). Intervals decide: a part fails when the
interval of its slope lies wholly beyond the limit, and passes when the data do not distinguish it from the
expected slope. Reasons for the ranges and for the LR: docs/decisions/0018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.expected_slopes import Range, expected_slope
from muscope.backend.analysis.reasons import reason, rounded
from muscope.backend.analysis.statistics.lines import line_slope
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.coordinates import CHECK_UPDATES, Part, component_of
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.verdict import CheckState, CoordinateCheck, Estimate, PartSlope, Reason

# Octaves below the tuned LR; the first updates of every width are then far from the edge of stability.
OCTAVES_BELOW_TUNED = 2.0
# Attention logits and outputs may shrink at the first update alone (microsoft/mup).
FIRST_JUDGED_UPDATE = 2
_LARGEST = float(np.finfo(np.float32).max)
_SMALLEST = float(np.finfo(np.float32).tiny)


def check_coordinates(
    sweep: Sweep, parametrization: Parametrization, tuned_index: int | None, thresholds: Thresholds
) -> CoordinateCheck | None:
    """Judge one depth of an arm at an LR below the tuned one; None where the check was not measured.

    Args:
        tuned_index: index of the base's best LR; None means the middle of the grid.
    """
    initial_WESP = sweep.initial_activations
    if initial_WESP is None or sweep.coordinate_changes is None:
        return None
    is_there_WES: NDArray[np.bool_] = np.isfinite(initial_WESP[..., list(Part).index(Part.OUTPUT)])
    if not is_there_WES.any():
        return None
    lr_index = _lr_to_judge(sweep, is_there_WES, tuned_index)
    widths = np.flatnonzero(is_there_WES[:, lr_index].all(axis=1))
    is_enough = len(widths) >= thresholds.check_widths and sweep.num_seeds >= thresholds.min_seeds
    x = np.log2(np.array(sweep.widths, dtype=np.float64)[widths])
    slopes = [
        _judged(
            _expected_range(sweep, parametrization, part, num_updates, values_WS[widths]),
            part,
            num_updates,
            x,
            values_WS[widths],
            thresholds,
        )
        for part in Part
        for num_updates in (0, *CHECK_UPDATES)
        if is_enough and np.isfinite(values_WS := _values(sweep, lr_index, part, num_updates)).any()
    ]
    return CoordinateCheck(
        depth=sweep.base.depth,
        lr=sweep.lrs[lr_index],
        lr_index=sweep.lr_indices[lr_index],
        widths=tuple(sweep.widths[index] for index in widths),
        state=_worst(slopes) if is_enough else CheckState.NOT_ENOUGH,
        slopes=tuple(slopes),
    )


def _lr_to_judge(sweep: Sweep, is_there_WES: NDArray[np.bool_], tuned_index: int | None) -> int:
    """Return the index of the LR closest to two octaves below the tuned one, among those most widths have."""
    tuned = sweep.log2_lrs[len(sweep.lrs) // 2 if tuned_index is None else tuned_index]
    num_widths_E = is_there_WES.all(axis=2).sum(axis=0)
    distance_E = np.abs(sweep.log2_lrs - (tuned - OCTAVES_BELOW_TUNED))
    return int(np.where(num_widths_E == num_widths_E.max(), distance_E, np.inf).argmin())


def _values(sweep: Sweep, lr_index: int, part: Part, num_updates: int) -> Values:
    """Return a part's size at initialisation or its change after updates, [W, S]."""
    assert sweep.initial_activations is not None
    assert sweep.coordinate_changes is not None
    if num_updates == 0:
        return sweep.initial_activations[:, lr_index, :, list(Part).index(part)]
    return sweep.coordinate_changes[:, lr_index, :, component_of(part, num_updates)]


def slope_over_widths(x: Values, values_WS: Values, level: float) -> Estimate:
    """Return the slope of log2 of the seeds' mean on x = log2 width, with the interval of the seeds' slopes.

    An overflow counts as the largest finite number.
    """
    bounded = np.clip(np.nan_to_num(values_WS, nan=_LARGEST, posinf=_LARGEST), _SMALLEST, _LARGEST)
    return line_slope(x, np.log2(bounded.mean(axis=1)), np.log2(bounded), level)


def _expected_range(
    sweep: Sweep, parametrization: Parametrization, part: Part, num_updates: int, values_WS: Values
) -> Range | None:
    """Return the expected slope; None where a part starts at zero, as outputs do whose weights start so."""
    if num_updates == 0 and not np.nan_to_num(values_WS).any():
        return None
    return expected_slope(
        parametrization,
        part,
        num_updates,
        has_constant_output=sweep.has_constant_output,
        has_tied_readout=sweep.has_tied_readout,
    )


def _judged(
    expected: Range | None,
    part: Part,
    num_updates: int,
    x: Values,
    values_WS: Values,
    thresholds: Thresholds,
) -> PartSlope:
    slope = slope_over_widths(x, values_WS, thresholds.level)
    is_judged = expected is not None and (num_updates == 0 or num_updates >= FIRST_JUDGED_UPDATE)
    return PartSlope(
        part=part,
        num_updates=num_updates,
        slope=slope,
        expected_low=None if expected is None else expected.low,
        expected_high=None if expected is None or math.isinf(expected.high) else expected.high,
        state=_state(slope, expected, thresholds) if is_judged and expected is not None else None,
    )


def _state(slope: Estimate, expected: Range, thresholds: Thresholds) -> CheckState:
    assert slope.value is not None
    assert slope.interval is not None
    gap = expected.gap(slope.interval.low, slope.interval.high)
    if gap > thresholds.check_fails:
        return CheckState.FAILED
    is_near = expected.distance(slope.value) <= thresholds.check_fails
    is_close = is_near and gap <= thresholds.check_passes
    return CheckState.PASSED if is_close else CheckState.WATCH


def _worst(slopes: list[PartSlope]) -> CheckState:
    order = (CheckState.PASSED, CheckState.WATCH, CheckState.FAILED)
    return max((each.state for each in slopes if each.state is not None), key=order.index)


def check_reasons(check: CoordinateCheck | None) -> tuple[Reason, ...]:
    """Return a reason for each part that decided a check which did not pass, at its worst slope."""
    if check is None or check.state not in (CheckState.FAILED, CheckState.WATCH):
        return ()
    found: dict[Part, PartSlope] = {}
    for each in check.slopes:
        if each.state is check.state:
            found[each.part] = max(each, found.get(each.part, each), key=_distance)
    return tuple(_reason(check.state, each) for each in found.values())


def check_not_claimed(
    checks: Sequence[CoordinateCheck], num_seeds: int, thresholds: Thresholds
) -> tuple[Reason, ...]:
    """Return reasons why M7 is missing or was measured on too little data; empty where it was judged."""
    if not checks:
        return (reason("coordinate_check_not_measured"),)
    if all(check.state is not CheckState.NOT_ENOUGH for check in checks):
        return ()
    why = reason(
        "coordinate_check_not_enough",
        widths=min(len(check.widths) for check in checks),
        seeds=num_seeds,
        needed_widths=thresholds.check_widths,
        needed_seeds=thresholds.min_seeds,
    )
    return (why,)


def _expected(slope: PartSlope) -> Range:
    low = -math.inf if slope.expected_low is None else slope.expected_low
    return Range(low, math.inf if slope.expected_high is None else slope.expected_high)


def _distance(slope: PartSlope) -> float:
    return _expected(slope).distance(slope.slope.value or 0.0)


def _reason(state: CheckState, slope: PartSlope) -> Reason:
    """Return the reason for a slope, with the end of the expected range that it lies beyond."""
    value, (low, high) = slope.slope.value or 0.0, _expected(slope)
    part = f"{slope.part}.{'change' if slope.num_updates else 'start'}"
    found, expected = rounded(value), rounded(low if value < low else min(high, value))
    if state is CheckState.FAILED:
        return reason("coordinate_check_failed", part=part, slope=found, expected=expected)
    return reason("coordinate_check_watch", part=part, slope=found, expected=expected)
