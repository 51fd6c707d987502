"""Figures of one arm of a sweep on one axis; colour means the value of the axis, small to large.

Names of columns and arms, which a user wrote, never enter a figure: the page says them beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import centred, layout, note
from muscope.backend.figures.lr_loss import diverged_rows, lr_axis
from muscope.backend.figures.sweep.names import SweepFigure
from muscope.backend.figures.tables import FigureTable, Value, table_of
from muscope.backend.figures.theme import Style, YScale, colours, number, padded_range, y_ticks

MARK = 9
# Free space at both ends of the axis of sizes, in doublings.
AIR = 0.4


class SweepPoint(NamedTuple):
    """Runs at one learning rate; `loss` is their mean, None without any."""

    lr: float
    loss: float | None
    num_runs: int
    diverged: float


class SweepCurve(NamedTuple):
    """One value of the axis, called `label`; `cost` is of reusing the base's LR, None where unknown."""

    value: float
    label: str
    points: tuple[SweepPoint, ...]
    best_lr: float | None
    is_edge: bool
    cost: float | None


class SweepInfo(NamedTuple):
    """Curves in ascending order of the axis; `metric` is the catalogue's name of what was measured."""

    axis: str
    metric: str
    curves: tuple[SweepCurve, ...]

    @property
    def best(self) -> list[SweepCurve]:
        """Return the curves with a best learning rate."""
        return [curve for curve in self.curves if curve.best_lr is not None]

    @property
    def costs(self) -> list[SweepCurve]:
        """Return the curves with a cost of reuse."""
        return [curve for curve in self.curves if curve.cost is not None]


def sweep_figure(name: SweepFigure, info: SweepInfo, style: Style) -> go.Figure:
    """Return a figure; a sweep without its values has a sentence in its place."""
    return _DRAWERS[name](info, style)


def sweep_table(name: SweepFigure, info: SweepInfo, style: Style) -> FigureTable:
    """Return the numbers that a figure draws."""
    axis = _value_title(info, style)
    if name is SweepFigure.LR_LOSS:
        keys = ("sweep.table.lr", f"sweep.axis.{info.metric}", "sweep.table.runs", "table.diverged")
        return table_of([axis, *(style.say(key) for key in keys)], _loss_rows(info))
    if name is SweepFigure.BEST_LR:
        names = [axis, style.say("axis.optimum"), style.say("table.at_edge")]
        rows = ((curve.label, curve.best_lr, int(curve.is_edge)) for curve in info.best)
        return table_of(names, rows)
    return table_of([axis, style.say("sweep.axis.cost")], ((c.label, c.cost) for c in info.costs))


def _loss_rows(info: SweepInfo) -> Iterator[Sequence[Value]]:
    for curve in info.curves:
        for point in curve.points:
            yield curve.label, point.lr, point.loss, point.num_runs, point.diverged


def _lr_loss(info: SweepInfo, style: Style) -> go.Figure:
    losses = [p.loss for curve in info.curves for p in curve.points if p.loss is not None and p.diverged == 0]
    scale = style.y_scale if min(losses, default=0.0) > 0 else YScale.LINEAR
    low, high = padded_range(losses, scale)
    lost = [curve.value for curve in info.curves if any(p.diverged for p in curve.points)]
    high, rows = diverged_rows(low, high, lost, scale)
    lrs = sorted({point.lr for curve in info.curves for point in curve.points})
    y = {"title": style.say(f"sweep.axis.{info.metric}"), "type": scale, "range": plain([low, high])}
    x = {**(lr_axis(lrs) if lrs else {}), "title": style.say("axis.lr")}
    made = layout(style, style.say("sweep.lr_loss.title"), [""], x, {**y, **y_ticks(low, high, scale)})
    made["legend"]["title"]["text"] = _value_title(info, style) + "  "
    made["annotations"] = [] if losses else [centred(style, style.say("empty"))]
    made["annotations"] += note(style, [style.say("sweep.note.best")] if losses else [])
    shade = colours(range(len(info.curves)))
    traces = [_curve(curve, shade[i], rows, style) for i, curve in enumerate(info.curves)]
    return figure_of([{**trace, "showlegend": len(traces) > 1} for trace in traces], made)


def _curve(curve: SweepCurve, colour: str, rows: Mapping[float, float], style: Style) -> dict[str, Any]:
    """Return a line, and in the row of its value a cross for each LR at which runs diverged."""
    marks: list[tuple[float, float, str, str]] = []
    for point in curve.points:
        symbol = "diamond" if point.lr == curve.best_lr else "circle"
        # The line has a gap where runs diverged, so that it claims no loss there.
        loss = math.nan if point.diverged or point.loss is None else point.loss
        marks.append((point.lr, loss, symbol, _hover(curve, point, style)))
    for point in curve.points:
        if point.diverged:
            marks.append((math.nan, math.nan, "x", ""))  # a gap: crosses are not joined
            marks.append((point.lr, rows[curve.value], "x", _hover(curve, point, style)))
    symbols = [symbol for _, _, symbol, _ in marks]
    return {
        "type": "scatter", "mode": "lines+markers", "name": curve.label, "connectgaps": False,
        "x": plain(x for x, *_ in marks), "y": plain(y for _, y, *_ in marks),
        "line": {"color": colour, "width": 2},
        "marker": {"symbol": symbols, "size": [7 if s == "circle" else 11 for s in symbols], "opacity": 1},
        "hovertext": [hover for *_, hover in marks], "hoverinfo": "text",
    }  # fmt: skip


def _hover(curve: SweepCurve, point: SweepPoint, style: Style) -> str:
    loss = "–" if point.loss is None else number(point.loss)
    words = [curve.label, style.say("sweep.hover.point", lr=number(point.lr), loss=loss, runs=point.num_runs)]
    if point.diverged:
        words.append(style.say("sweep.hover.diverged", percent=round(100 * point.diverged)))
    return "<br>".join(words)


def _best_lr(info: SweepInfo, style: Style) -> go.Figure:
    found = info.best
    values = [curve.best_lr for curve in found if curve.best_lr is not None]
    low, high = padded_range(values, YScale.LOG)
    y = {"title": style.say("axis.optimum"), "type": "log", "range": plain([low, high])}
    made = _along(info, style, "sweep.best_lr.title", {**y, **y_ticks(low, high, YScale.LOG)}, found)
    made["annotations"] += note(
        style, [style.say("sweep.note.edge")] if any(c.is_edge for c in found) else []
    )
    marks = ["diamond-open" if curve.is_edge else "diamond" for curve in found]
    return figure_of([_line(info, found, values, marks, style)], made)


def _cost(info: SweepInfo, style: Style) -> go.Figure:
    found = info.costs
    values = [curve.cost for curve in found if curve.cost is not None]
    low, high = padded_range([0.0, *values], YScale.LINEAR)
    y = {"title": style.say("sweep.axis.cost"), "range": plain([low, high]), "tickformat": "~g", "nticks": 6}
    made = _along(info, style, "sweep.cost.title", y, found)
    made["annotations"] += note(style, [style.say("sweep.note.cost")] if found else [])
    return figure_of([_line(info, found, values, ["diamond"] * len(found), style)], made)


def _along(
    info: SweepInfo, style: Style, title: str, y: dict[str, Any], found: Sequence[SweepCurve]
) -> dict[str, Any]:
    """Return the layout of a figure over the values of the axis."""
    values = [curve.value for curve in info.curves]
    air = AIR * math.log10(2)
    x = {
        "title": _axis_title(info, style),
        "type": "log",
        "range": plain([math.log10(min(values)) - air, math.log10(max(values)) + air]),
        "tickmode": "array",
        "tickvals": plain(values),
        "ticktext": [curve.label for curve in info.curves],
    }
    made = layout(style, style.say(title), [""], x, y)
    made["annotations"] = [] if found else [centred(style, style.say("empty"))]
    return made


def _line(
    info: SweepInfo, found: Sequence[SweepCurve], values: Sequence[float], marks: list[str], style: Style
) -> dict[str, Any]:
    shade = colours(range(len(info.curves)))
    return {
        "type": "scatter", "mode": "lines+markers", "showlegend": False,
        "x": plain(curve.value for curve in found), "y": plain(values),
        "line": {"color": style.shades.muted, "width": 1.5},
        "marker": {
            "symbol": marks, "size": MARK + 2, "opacity": 1,
            "color": [shade[info.curves.index(curve)] for curve in found],
        },
        "hovertext": [f"{c.label}<br>{number(value)}" for c, value in zip(found, values, strict=True)],
        "hoverinfo": "text",
    }  # fmt: skip


def _axis_title(info: SweepInfo, style: Style) -> str:
    return style.say(f"sweep.axis.{info.axis}")


def _value_title(info: SweepInfo, style: Style) -> str:
    """Return the name of the values where no axis has them: in a legend, or over a column."""
    return style.say(f"sweep.value.{info.axis}")


_DRAWERS: dict[SweepFigure, Callable[[SweepInfo, Style], go.Figure]] = {
    SweepFigure.LR_LOSS: _lr_loss,
    SweepFigure.BEST_LR: _best_lr,
    SweepFigure.COST: _cost,
}
