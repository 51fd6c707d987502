"""Distance of each size's sharpness from that of the largest size, over training; M5 is its median."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.figures.encode import plain
from muscope.backend.figures.layout import axis_names
from muscope.backend.figures.steps.step_curves import (
    Line,
    StepCurve,
    StepInfo,
    StepWords,
    step_figure,
    step_notes,
)
from muscope.backend.figures.theme import Style, YScale, colours

UNJUDGED_SIZE = 6
# Room for the label above the limit, and above everything.
LIMIT_ROOM = 1.25
AIR = 1.04


class SpreadInfo(NamedTuple):
    """Curves of |ln ratio| over the judged steps; `unjudged` holds the other measured steps of each curve."""

    steps: StepInfo
    unjudged: tuple[Line, ...]
    limit: float
    largest: int
    is_depth: bool = False


def sharpness_spread_figure(info: SpreadInfo, style: Style) -> go.Figure:
    """Return the figure; the vertical axis is linear, since zero is where sizes agree."""
    linear = style._replace(y_scale=YScale.LINEAR)
    steps = info.steps
    level = math.log(info.limit)
    words = StepWords(
        style.say("sharpness_spread.title"),
        (style.say("axis.sharpness_spread"),),
        (style.say("hover.sharpness_spread", value="%{y:.3~g}"),),
        _notes(info, style),
    )
    label = style.say("spread_limit", value=f"{info.limit:g}")
    figure = step_figure(
        steps, linear, words,
        levels=[level] * len(steps.columns), level_words=[label] * len(steps.columns),
    )  # fmt: skip
    figure.layout.yaxis.range = [0, _top(info, level)]
    if info.is_depth:
        figure.layout.legend.title.text = style.say("legend.depth") + "  "
    figure.add_traces(list(_unjudged(info, style)))
    return figure


def _top(info: SpreadInfo, level: float) -> float:
    """Return the end of the vertical axis: all means and open marks, the limit, and some of the bands."""
    lines = (*(curve.mean for curve in info.steps.curves), *info.unjudged)
    highest = max([LIMIT_ROOM * level, *_finite(lines)])
    return AIR * max([highest, *(min(v, 2 * highest) for v in _finite(c.high for c in info.steps.curves))])


def _finite(lines: Iterable[Line]) -> list[float]:
    return [value for line in lines for value in line.values if math.isfinite(value)]


def _unjudged(info: SpreadInfo, style: Style) -> Iterator[dict[str, Any]]:
    """Yield, per column, the steps that are not judged as open marks of all sizes, in one trace."""
    colour_of = colours(info.steps.widths)
    for column in info.steps.columns:
        pairs = [
            (curve, line)
            for curve, line in zip(info.steps.curves, info.unjudged, strict=True)
            if curve.parametrization is column.parametrization and line.steps
        ]
        if not pairs:
            continue
        x, y = axis_names(info.steps.panel(pairs[0][0]))
        yield {
            "type": "scatter", "mode": "markers", "xaxis": x, "yaxis": y, "showlegend": False,
            "cliponaxis": False,
            "x": [step for _, line in pairs for step in line.steps],
            "y": plain(value for _, line in pairs for value in line.values),
            "marker": {
                "symbol": "circle-open", "size": UNJUDGED_SIZE, "opacity": 0.55,
                "color": [colour_of[curve.width] for curve, line in pairs for _ in line.steps],
            },
            "text": [_name(curve, info, style) for curve, line in pairs for _ in line.steps],
            "hovertemplate": f"%{{text}}<br>{style.say('hover.step', step='%{x:d}')}"
            f"<br>{style.say('hover.not_judged')}<extra></extra>",
        }  # fmt: skip


def _name(curve: StepCurve, info: SpreadInfo, style: Style) -> str:
    if info.is_depth:
        return style.say("hover.depth", depth=curve.width)
    return style.say("hover.width", width=curve.width)


def _notes(info: SpreadInfo, style: Style) -> tuple[str, ...]:
    kind = "depth" if info.is_depth else "width"
    # The largest has no curve of its own, and is not still to come.
    others = tuple(extent for extent in info.steps.widths if extent != info.largest)
    against = style.say(f"note.spread.{kind}", size=info.largest)
    band = style.say("note.band", count=info.steps.num_seeds)
    notes = step_notes(info.steps._replace(widths=others), style, against, band)
    is_open = any(line.steps for line in info.unjudged)
    return (*notes, style.say("note.not_judged")) if notes and is_open else notes
