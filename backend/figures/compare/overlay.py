"""Curves of several experiments in one panel: colour and symbol mean experiment, dash means size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.compare.names import CompareFigure
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import centred, layout, note
from muscope.backend.figures.lr_loss import lr_axis, y_title
from muscope.backend.figures.steps.step_range import step_axis
from muscope.backend.figures.tables import FigureTable, spread, table_of
from muscope.backend.figures.theme import RAMP, Style, padded_range, y_ticks

# One for each experiment; far apart on the ramp, and told apart by their symbols without colour.
COLOURS = (RAMP[0], RAMP[3], RAMP[4], RAMP[2])
SYMBOLS = ("circle", "square", "triangle-up", "cross")
# Points are marked on lines with at most this many.
FEW_POINTS = 40


class OverlayCurve(NamedTuple):
    """Mean over seeds of one size; `optimum` is the LR and loss of its vertex, where there is one."""

    experiment: int
    width: int
    is_base: bool
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    optimum: tuple[float, float] | None = None


class OverlayInfo(NamedTuple):
    """Contents of the figure.

    Attributes:
        losses: the different ones that the experiments are judged on.
        of_rank: numbers of the experiments whose sizes are ranks of adapters.
    """

    name: CompareFigure
    curves: tuple[OverlayCurve, ...]
    losses: tuple[tuple[Metric, Loss], ...]
    are_data_equal: bool
    last_step: int
    of_rank: frozenset[int] = frozenset()


def letter_of(experiment: int) -> str:
    """Return the letter of an experiment: names of people never enter a figure."""
    return chr(ord("A") + experiment)


def overlay_figure(info: OverlayInfo, style: Style) -> go.Figure:
    """Return the figure: at most two lines per experiment."""
    low, high = padded_range([value for curve in info.curves for value in curve.ys], style.y_scale)
    x_title, y_title_ = overlay_axes(info, style)
    lrs = sorted({x for curve in info.curves for x in curve.xs})
    is_lr = info.name is CompareFigure.LR_LOSS
    x = (lr_axis(lrs) if lrs else {}) if is_lr else step_axis(0, info.last_step, style)
    y = {"title": y_title_, "type": style.y_scale, "range": plain([low, high])}
    made = layout(
        style, style.say(f"compare.{info.name}.title"), [""], {**x, "title": x_title},
        {**y, **y_ticks(low, high, style.y_scale)},
    )  # fmt: skip
    made["legend"]["title"]["text"] = ""
    made["annotations"] = [] if info.curves else [centred(style, style.say("empty"))]
    made["annotations"] += note(style, list(_notes(info, style)))
    return figure_of([_trace(curve, _style_of(curve, info, style)) for curve in info.curves], made)


def overlay_axes(info: OverlayInfo, style: Style) -> tuple[str, str]:
    """Return the titles of the axes; of different losses the vertical one names none."""
    is_lr = info.name is CompareFigure.LR_LOSS
    x = style.say("axis.lr" if is_lr else "axis.step")
    if info.name is CompareFigure.SHARPNESS:
        return x, style.say("axis.sharpness")
    if len(info.losses) != 1:
        return x, style.say("compare.axis.losses")
    metric, loss = info.losses[0]
    if is_lr:
        return x, y_title(metric, loss, style)
    return x, style.say(f"axis.{metric}", unit=style.say(f"unit.{loss}"))


def _notes(info: OverlayInfo, style: Style) -> Iterator[str]:
    if not info.curves:
        return
    yield style.say("compare.note.sizes")
    if not info.are_data_equal:
        yield style.say("compare.note.data")
    elif len(info.losses) != 1 and info.name is not CompareFigure.SHARPNESS:
        yield style.say("compare.note.losses")


def _style_of(curve: OverlayCurve, info: OverlayInfo, style: Style) -> Style:
    return style._replace(of_rank=curve.experiment in info.of_rank)


def _name(curve: OverlayCurve, style: Style) -> str:
    return f"{letter_of(curve.experiment)} · {style.say('hover.width', width=curve.width)}"


def _trace(curve: OverlayCurve, style: Style) -> dict[str, Any]:
    colour, symbol = COLOURS[curve.experiment], SYMBOLS[curve.experiment]
    xs, ys, symbols = list(curve.xs), list(curve.ys), [symbol] * len(curve.xs)
    sizes = [6 if len(xs) <= FEW_POINTS else 0] * len(xs)
    if curve.optimum is not None:
        xs += [math.nan, curve.optimum[0]]
        ys += [math.nan, curve.optimum[1]]
        symbols += [symbol, "diamond"]
        sizes += [0, 12]
    name = _name(curve, style)
    return {
        "type": "scatter", "name": name, "x": plain(xs), "y": plain(ys), "connectgaps": False,
        "mode": "lines+markers" if any(sizes) else "lines",
        "line": {"color": colour, "width": 2, "dash": "dash" if curve.is_base else "solid"},
        "marker": {"symbol": symbols, "size": sizes, "opacity": 1},
        "hovertemplate": f"{name}<br>%{{x:.4~g}}<br>%{{y:.4~g}}<extra></extra>",
    }  # fmt: skip


def overlay_table(info: OverlayInfo, style: Style, *, is_brief: bool) -> FigureTable:
    """Return the points that are drawn, briefly a few steps, and the best LR of each size where known."""
    is_cut = is_brief and info.name is not CompareFigure.LR_LOSS
    x, y = overlay_axes(info, style)
    are_ranks = bool(info.curves) and all(curve.experiment in info.of_rank for curve in info.curves)
    names = (
        style.say("compare.table.experiment"),
        style._replace(of_rank=are_ranks).say("table.width"),
        x,
        y,
        style.say("table.optimum"),
    )

    def rows() -> Iterator[tuple[str | int | float | None, ...]]:
        for curve in info.curves:
            best = None if curve.optimum is None else curve.optimum[0]
            for at in spread(len(curve.xs), is_brief=is_cut):
                yield letter_of(curve.experiment), curve.width, curve.xs[at], curve.ys[at], best

    return table_of(names, rows())
