"""Cost of reusing the learning rate against the size of the model, as the verdict has it, with its limit.

One column per loss, one row per axis that sizes grow on; a mark has the colour of its size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.cost.cost_axis import (
    Unknown,
    cost_bars,
    cost_range,
    interval_words,
    share,
    size_words,
)
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.theme import DASHES, Style, colours, number

MARK = 11
# Of the arm that is judged and of the others: one mark has no line that could be dashed.
SYMBOLS = (("diamond", "◆"), ("square", "■"))
# Free space at both ends, in doublings.
AIR = 0.4


class CostPoint(NamedTuple):
    """Cost of one size as a share, with its interval and the limit it is compared with."""

    size: Size
    cost: float
    low: float | None
    high: float | None
    level: float | None
    limit: float


class FarCost(NamedTuple):
    """Expected cost `growth` times beyond the base, which was not measured."""

    growth: float
    cost: float
    low: float | None
    high: float | None
    level: float | None


class CostLine(NamedTuple):
    """One parametrization on one loss and axis; `far` is None where nothing is expected beyond the tests."""

    parametrization: Parametrization
    loss: Metric
    axis: Axis
    points: tuple[CostPoint, ...]
    far: FarCost | None = None


class CostSizeInfo(NamedTuple):
    """Everything the figure shows; `unknown` says why there is no cost at all."""

    losses: tuple[Metric, ...]
    axes: tuple[Axis, ...]
    base: Size
    sizes: tuple[Size, ...]
    unit: CostUnit
    lines: tuple[CostLine, ...]
    is_interim: bool = False
    unknown: Unknown | None = None

    def panel(self, line: CostLine) -> int:
        """Return the panel of a line's axes, counted row by row."""
        return self.axes.index(line.axis) * len(self.losses) + self.losses.index(line.loss)

    def growth(self, size: Size) -> float:
        """Return how many times larger than the base a size is."""
        return size.width * size.depth / (self.base.width * self.base.depth)

    @property
    def arms(self) -> list[Parametrization]:
        """Return the parametrizations with a cost, the one that is judged first."""
        return list(dict.fromkeys(line.parametrization for line in self.lines if line.points))

    @property
    def missing(self) -> list[Size]:
        """Return the larger sizes without a cost on the loss that decides."""
        found = {p.size for line in self.lines if line.loss == self.losses[0] for p in line.points}
        return [size for size in self.sizes if size not in found and size != self.base]


def cost_size_figure(info: CostSizeInfo, style: Style) -> go.Figure:
    """Return the figure; the vertical axis is linear, since a cost may be zero or below."""
    points = [point for line in info.lines for point in line.points]
    far = [line.far for line in info.lines if line.far is not None]
    values = [v for point in points for v in (point.cost, point.limit)] + [each.cost for each in far]
    ends = [*(end for p in points for end in (p.low, p.high)), *(end for p in far for end in (p.low, p.high))]
    axis_title = style.say(f"axis.reuse_cost.{info.unit}")
    rows = [style.say(f"axis.cost.{axis}") for axis in info.axes]
    made = layout(
        style,
        style.say("cost_size.title"),
        [style.metric(loss) for loss in info.losses],
        _x_axis(info, style),
        {"title": axis_title, "range": cost_range(values, ends), "tickformat": "~%", "nticks": 6},
        row_titles=rows if len(rows) > 1 else (),
    )
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    drawn = [line for line in info.lines if line.points]
    filled = {info.panel(line) for line in drawn}
    traces = [trace for line in drawn for trace in _traces(info, line, style)]
    limits = [_limit(info, index, style) for index in sorted(filled)]
    panels = range(len(info.axes) * len(info.losses))
    return figure_of([*limits, *traces, *(blank(each) for each in panels if each not in filled)], made)


def _x_axis(info: CostSizeInfo, style: Style) -> dict[str, Any]:
    far = {line.far.growth for line in info.lines if line.far is not None}
    ticks = sorted({info.growth(size) for size in info.sizes} | far)
    air = AIR * math.log10(2)
    is_plain = info.axes == (Axis.WIDTH,)
    return {
        "title": style.say("axis.width" if is_plain else "axis.growth"),
        "type": "log",
        "range": [math.log10(ticks[0]) - air, math.log10(ticks[-1]) + air],
        "tickmode": "array",
        "tickvals": plain(ticks),
        "ticktext": [number(tick * info.base.width) if is_plain else f"×{number(tick)}" for tick in ticks],
    }


def _traces(info: CostSizeInfo, line: CostLine, style: Style) -> Iterator[dict[str, Any]]:
    x, y = axis_names(info.panel(line))
    axes = {"xaxis": x, "yaxis": y, "type": "scatter", "showlegend": False}
    yield axes | _measured(info, line, style)
    if line.far is not None:
        yield axes | _expected(info, line, line.far, style)


def _measured(info: CostSizeInfo, line: CostLine, style: Style) -> dict[str, Any]:
    colour_of = colours(sorted({size.width * size.depth for size in info.sizes}))
    points = line.points
    bars = cost_bars([p.cost for p in points], [p.low for p in points], [p.high for p in points])
    return {
        "mode": "lines+markers",
        "x": plain(info.growth(point.size) for point in points),
        "y": plain(point.cost for point in points),
        "line": {"color": style.shades.muted, "width": 1.5, "dash": DASHES[line.parametrization]},
        "marker": {
            "symbol": _symbol(info, line.parametrization)[0], "size": MARK, "opacity": 1,
            "color": [colour_of[point.size.width * point.size.depth] for point in points],
        },
        "error_y": bars | {"thickness": 2, "width": 5, "color": style.shades.muted},
        "hovertext": [_hover(info, line, point, style) for point in points],
        "hoverinfo": "text",
    }  # fmt: skip


def _symbol(info: CostSizeInfo, arm: Parametrization) -> tuple[str, str]:
    return SYMBOLS[min(info.arms.index(arm), len(SYMBOLS) - 1)]


def _hover(info: CostSizeInfo, line: CostLine, point: CostPoint, style: Style) -> str:
    head = f"{size_words(point.size, info.axes, style)} · {style.arm(line.parametrization)}"
    cost = style.say("hover.reuse_cost", value=share(point.cost))
    limit = style.say("hover.cost_limit", value=share(point.limit))
    return "<br>".join((head, cost, *interval_words(point.low, point.high, point.level, style), limit))


def _expected(info: CostSizeInfo, line: CostLine, far: FarCost, style: Style) -> dict[str, Any]:
    """Return a dotted line from the largest size with a cost to what is expected beyond."""
    last = line.points[-1]
    ends = interval_words(far.low, far.high, far.level, style)
    words = [
        style.say("hover.growth", value=number(far.growth)),
        style.say("hover.reuse_cost", value=share(far.cost)),
        *ends,
        style.say("hover.not_measured"),
    ]
    bars = cost_bars([last.cost, far.cost], [None, far.low], [None, far.high])
    return {
        "mode": "lines+markers",
        "x": plain((info.growth(last.size), far.growth)),
        "y": plain((last.cost, far.cost)),
        "line": {"color": style.shades.ink, "width": 1.2, "dash": "dot"},
        "marker": {"symbol": ["circle", "circle-open"], "size": [0, MARK], "color": style.shades.ink},
        "error_y": bars | {"thickness": 1.2, "width": 8, "color": style.shades.ink},
        "hovertext": ["", "<br>".join(words)],
        "hoverinfo": "text",
    }


def _limit(info: CostSizeInfo, index: int, style: Style) -> dict[str, Any]:
    """Return the limits of a panel's sizes as a line; the control's own are in its hover texts."""
    x, y = axis_names(index)
    # It rises with what a size brings under its parametrization: the first one is the one that is judged.
    judged = next(line for line in info.lines if info.panel(line) == index and line.points)
    limits = {info.growth(point.size): point.limit for point in judged.points}
    ordered = sorted(limits.items())
    # Beyond the sizes with a limit the line goes on level, so that one size has a line as well.
    first, last = ordered[0], ordered[-1]
    ordered = [(first[0] / 2 ** (AIR / 2), first[1]), *ordered, (last[0] * 2 ** (AIR / 2), last[1])]
    return {
        "type": "scatter", "mode": "lines", "xaxis": x, "yaxis": y, "showlegend": False, "hoverinfo": "skip",
        "x": plain(growth for growth, _ in ordered), "y": plain(limit for _, limit in ordered),
        "line": {"color": style.shades.ink, "width": 1.2, "dash": "dash"},
    }  # fmt: skip


def _messages(info: CostSizeInfo, style: Style) -> Iterator[dict[str, Any]]:
    if info.unknown is not None:
        yield centred(style, style.say(f"cost.{info.unknown}"))
        return
    filled = {info.panel(line) for line in info.lines if line.points}
    panels = range(len(info.axes) * len(info.losses))
    yield from (centred(style, style.say("empty"), index) for index in panels if index not in filled)


def _notes(info: CostSizeInfo, style: Style) -> list[str]:
    if info.unknown is not None:
        return []
    marks = [style.say("note.cost_limit")]
    if len(info.arms) > 1:
        words = [
            style.say(f"dash.{DASHES[arm]}", arm=style.arm(arm), mark=_symbol(info, arm)[1])
            for arm in info.arms
        ]
        marks.append(style.say("note.dashes", arms=style.say("listing").join(words)))
    if any(line.far for line in info.lines):
        marks.append(style.say("note.expected_optimum"))
    others = [style.say("note.interim")] if info.is_interim else []
    if info.missing:
        is_plain = info.axes == (Axis.WIDTH,)
        names = ", ".join(str(s.width) if is_plain else f"{s.width}×{s.depth}" for s in info.missing)
        others.append(style.say("note.missing_sizes", sizes=names))
    lines = [style.say("note.verdict_numbers"), "  ".join(marks)]
    return [*lines, "  ".join(others)] if others else lines
