"""Vertical axis, words and colours that figures of the cost of reuse share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.encode import plain
from muscope.backend.figures.theme import Style, YScale, number, padded_range

# Ends of intervals farther out than this many times the largest cost or limit are cut by the axis.
MOST_REACH = 3.0


class Unknown(StrEnum):
    """Reason why no cost is known; each has a sentence `figure.cost.<reason>`."""

    WAITING = "waiting"  # sizes are still training
    NONE = "none"  # it ended without
    ONE_SIZE = "one_size"


def share(value: float) -> str:
    """Return a share as a percentage."""
    return f"{number(100 * value)}%"


def cost_range(values: Sequence[float], ends: Iterable[float | None]) -> list[float | None]:
    """Return the range of a linear axis: zero, all values, and their intervals unless far out."""
    reach = MOST_REACH * max([abs(value) for value in values], default=0.0)
    shown = [min(max(end, -reach), reach) for end in ends if end is not None and math.isfinite(end)]
    return plain(padded_range([0.0, *values, *shown], YScale.LINEAR))


def cost_bars(costs: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None]) -> Any:
    """Return the intervals as error bars; none where there is no interval."""
    pairs = list(zip(costs, lows, highs, strict=True))
    return {
        "type": "data", "symmetric": False,
        "array": plain(0.0 if high is None else max(0.0, high - cost) for cost, _, high in pairs),
        "arrayminus": plain(0.0 if low is None else max(0.0, cost - low) for cost, low, _ in pairs),
    }  # fmt: skip


def interval_words(low: float | None, high: float | None, level: float | None, style: Style) -> list[str]:
    """Return the interval as a line of a hover text; nothing where there is none."""
    if low is None or high is None or level is None:
        return []
    return [style.say("hover.interval", low=share(low), high=share(high), percent=round(100 * level))]


def size_words(size: Size, axes: Sequence[Axis], style: Style) -> str:
    """Return a size; its depth only where sizes differ in depth."""
    width = style.say("hover.width", width=size.width)
    return (
        width if tuple(axes) == (Axis.WIDTH,) else f"{width} · {style.say('hover.depth', depth=size.depth)}"
    )
