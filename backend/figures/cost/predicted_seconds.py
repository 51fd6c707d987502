"""Predicted against measured time of the parts of an experiment: one mark per stage, arm and size.

Both are seconds of one worker slot; the prediction is the one stored with the plan of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.cost.cost_axis import size_words
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import blank, centred, layout, note
from muscope.backend.figures.theme import Style, YScale, colours, number, padded_range, y_ticks

MARK = 10
SYMBOLS = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("triangle-up", "▲"), ("pentagon", "⬟"))


class TimedPart(NamedTuple):
    """Ended cells of one stage, arm and size: slot-seconds predicted and measured, and their number."""

    parametrization: Parametrization
    size: Size
    stage: int
    predicted: float
    measured: float
    num_cells: int


class PredictedInfo(NamedTuple):
    """Everything the figure shows; the counts are of cells without a measured time."""

    arms: tuple[Parametrization, ...]
    sizes: tuple[Size, ...]
    parts: tuple[TimedPart, ...]
    running: tuple[tuple[Parametrization, Size], ...] = ()
    num_waiting: int = 0
    num_without: int = 0

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return the axes on which sizes differ, as words need them."""
        return (Axis.WIDTH,) if len({size.depth for size in self.sizes}) < 2 else (Axis.WIDTH, Axis.DEPTH)


def predicted_seconds_figure(info: PredictedInfo, style: Style) -> go.Figure:
    """Return the figure; both axes are logarithmic and have the same range."""
    values = [v for part in info.parts for v in (part.predicted, part.measured)]
    low, high = padded_range(values, YScale.LOG)
    axis = {"type": "log", "range": plain((low, high)), **y_ticks(low, high, YScale.LOG)}
    made = layout(
        style,
        style.say("predicted_seconds.title"),
        [""],
        {**axis, "title": style.say("axis.predicted")},
        {**axis, "title": style.say("axis.measured")},
    )
    if info.parts:
        made["shapes"].append(_agreement(low, high, style))
    else:
        key = "waiting" if info.running or info.num_waiting else "none"
        made["annotations"].append(centred(style, style.say(f"predicted.{key}")))
    made["annotations"] += note(style, _notes(info, style))
    return figure_of(list(_traces(info, style)) or [blank(0)], made)


def _agreement(low: float, high: float, style: Style) -> dict[str, Any]:
    first, last = plain((10**low, 10**high))
    return {
        "type": "line", "xref": "x", "x0": first, "x1": last, "yref": "y", "y0": first, "y1": last,
        "layer": "below", "line": {"color": style.shades.ink, "width": 1.2, "dash": "dash"},
    }  # fmt: skip


def _traces(info: PredictedInfo, style: Style) -> Iterator[dict[str, Any]]:
    colour_of = colours(sorted({size.width * size.depth for size in info.sizes}))
    for arm in info.arms:
        parts = [part for part in info.parts if part.parametrization is arm]
        if parts:
            yield {
                "type": "scatter", "mode": "markers", "showlegend": False,
                "x": plain(part.predicted for part in parts), "y": plain(part.measured for part in parts),
                "marker": {
                    "symbol": _symbol(info, arm)[0], "size": MARK, "opacity": 1,
                    "color": [colour_of[part.size.width * part.size.depth] for part in parts],
                },
                "hovertext": [_hover(info, part, style) for part in parts], "hoverinfo": "text",
            }  # fmt: skip


def _symbol(info: PredictedInfo, arm: Parametrization) -> tuple[str, str]:
    return SYMBOLS[info.arms.index(arm) % len(SYMBOLS)]


def _hover(info: PredictedInfo, part: TimedPart, style: Style) -> str:
    head = f"{size_words(part.size, info.axes, style)} · {style.arm(part.parametrization)}"
    stage = style.say("hover.stage", stage=part.stage + 1, count=part.num_cells)
    predicted, measured = number(part.predicted), number(part.measured)
    factor = number(part.measured / part.predicted)
    seconds = style.say("hover.predicted", predicted=predicted, measured=measured, factor=factor)
    return "<br>".join((head, stage, seconds))


def _notes(info: PredictedInfo, style: Style) -> list[str]:
    lines = []
    if info.parts:
        predicted = sum(part.predicted for part in info.parts)
        measured = sum(part.measured for part in info.parts)
        factor = number(measured / predicted)
        words = {"predicted": number(predicted), "measured": number(measured), "factor": factor}
        marks = (
            [f"{_symbol(info, arm)[1]}  {style.arm(arm)}" for arm in info.arms] if len(info.arms) > 1 else []
        )
        lines.append("  ".join([style.say("note.agreement"), style.say("listing").join(marks)]).strip())
        lines.append(style.say("note.predicted_all", **words))
    return [*lines, *_open(info, style)]


def _open(info: PredictedInfo, style: Style) -> list[str]:
    """Return what has no measured time, and why."""
    running = dict.fromkeys(
        f"{size_words(size, info.axes, style)} · {style.arm(arm)}" for arm, size in info.running
    )
    parts = [style.say("note.still_running", cells=style.say("listing").join(running))] if running else []
    if info.num_waiting:
        parts.append(style.say("note.waiting_cells", count=info.num_waiting))
    if info.num_without:
        parts.append(style.say("note.without_time", count=info.num_without))
    return ["  ".join(parts)] if parts else []
