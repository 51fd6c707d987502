"""Ranges of the axes of curves over steps: calm runs fill the figure, a diverging one leaves it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from muscope.backend.figures.encode import plain
from muscope.backend.figures.steps.step_lines import StepCurve
from muscope.backend.figures.theme import Style, YScale, padded_range

# Lowest share of the smallest mean that a logarithmic axis shows of the band.
DEEPEST = 0.3
# Room above a level for its label, as a factor of the level.
LEVEL_ROOM = 1.25
# Height above everything calm up to which a diverging run is followed, as a factor.
ESCAPE = {YScale.LOG: 10.0, YScale.LINEAR: 2.0}


def step_range(
    curves: Sequence[StepCurve], scale: YScale, levels: Sequence[float], *, has_bands: bool
) -> tuple[float, float]:
    """Return the vertical range in axis units; of diverging curves only what stays near the rest."""
    limit = _limit(curves, scale)
    lines = [line for curve in curves for line in (curve.mean, *curve.others)]
    means = [value for line in lines for value in line.values if math.isfinite(value)]
    edges = [value for curve in curves for edge in (curve.low, curve.high) for value in edge.values]
    above = [value for value in means if value > 0]
    # One batch that a seed happens to fit would stretch a logarithmic axis over decades.
    lowest = DEEPEST * min(above) if above and scale is YScale.LOG else -math.inf
    room = [level * LEVEL_ROOM for level in levels]
    followed = [value for value in (*(edges if has_bands else ()), *means) if value <= limit]
    return padded_range([*followed, *levels, *room], scale, lowest=lowest)


def _limit(curves: Sequence[StepCurve], scale: YScale) -> float:
    """Return the value above which a diverging run is out of the picture; infinite if none diverged."""
    if not any(curve.diverged_at for curve in curves):
        return math.inf
    highest = max((v for curve in curves for v in _calm(curve) if math.isfinite(v)), default=0.0)
    return ESCAPE[scale] * highest if highest > 0 else math.inf


def _calm(curve: StepCurve) -> Iterator[float]:
    """Yield all of a curve without a divergence; of another one where it starts, and where it ends."""
    if not curve.diverged_at:
        yield from (*curve.mean.values, *curve.high.values)
        return
    known = [value for value in curve.mean.values if math.isfinite(value)]
    yield from known[:1]
    # After the last divergence the mean is that of runs that live.
    last = max(curve.diverged_at)
    after = zip(curve.mean.steps, curve.mean.values, strict=True)
    yield from (value for step, value in after if step > last)


def step_axis(first: int, last: int, style: Style) -> dict[str, Any]:
    """Return the horizontal axis; a logarithmic one starts at step 1."""
    base = {"title": style.say("axis.step"), "type": style.x_scale}
    if style.x_scale is YScale.LOG:
        ends = [math.log10(max(1, first)), math.log10(max(2, last))]
        return base | {"range": plain(ends), "dtick": 1, "tickformat": "~s"}
    return base | {
        "range": [first, last],
        "nticks": 6,
        "tickformat": "~s" if last >= 100_000 else "d",
    }
