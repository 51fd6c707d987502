"""The best LR against the size of the model, with what the verdict expects beyond the sizes tested.

One column per parametrization, one row per axis that sizes grow on; a mark has the colour of its size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.theme import DASHES, Style, YScale, colours, number, padded_range, y_ticks

MARK = 11
# Free space at both ends, in doublings.
AIR = 0.4


class OptimumPoint(NamedTuple):
    """The best LR of one size; an edge has no interval, since the true optimum may lie outside."""

    size: Size
    lr: float
    low: float | None
    high: float | None
    is_edge: bool


class FarPoint(NamedTuple):
    """Expected best LR of a size beyond the tested ones, with a prediction interval."""

    size: Size
    lr: float
    low: float
    high: float
    level: float


class OptimumLine(NamedTuple):
    """One parametrization on one axis; `far` is None where nothing is claimed beyond the tests."""

    parametrization: Parametrization
    axis: Axis
    points: tuple[OptimumPoint, ...]
    reused_lr: float | None
    far: FarPoint | None = None


class OptimumInfo(NamedTuple):
    """Everything the figure shows; of `sizes` some may have no values yet."""

    parametrizations: tuple[Parametrization, ...]
    axes: tuple[Axis, ...]
    base: Size
    sizes: tuple[Size, ...]
    lr_low: float
    lr_high: float
    level: float
    lines: tuple[OptimumLine, ...]
    metric: Metric = Metric.VAL_LOSS
    shown: tuple[int, ...] | None = None

    def panel(self, line: OptimumLine) -> int:
        """Return the panel of a line's axes, counted row by row."""
        row, column = self.axes.index(line.axis), self.parametrizations.index(line.parametrization)
        return row * len(self.parametrizations) + column

    def growth(self, size: Size) -> float:
        """Return how many times larger than the base a size is."""
        return size.width * size.depth / (self.base.width * self.base.depth)


def optimum_size_figure(info: OptimumInfo, style: Style) -> go.Figure:
    """Return the figure; both axes are always logarithmic, since shifts are counted in octaves."""
    low, high = padded_range(_heights(info), YScale.LOG)
    words = [style.say(f"axis.optimum.{axis}") for axis in info.axes]
    made = layout(
        style,
        style.say(f"optimum_size.title.{info.metric}"),
        [style.arm(arm) for arm in info.parametrizations],
        _x_axis(info, style),
        {"title": "", "type": "log", "range": plain((low, high)), **y_ticks(low, high, YScale.LOG)},
        row_titles=words if len(words) > 1 else [style.say("axis.optimum")],
    )
    drawn = [line for line in info.lines if line.points]
    made["shapes"] += [_reused(info, line, style) for line in drawn if line.reused_lr is not None]
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    traces = [trace for line in drawn for trace in _traces(info, line, style)]
    filled = {info.panel(line) for line in drawn}
    indices = range(len(info.axes) * len(info.parametrizations))
    return figure_of([*traces, *(blank(index) for index in indices if index not in filled)], made)


def _heights(info: OptimumInfo) -> list[float]:
    """Return what the vertical axis must reach: all that is drawn, and an octave around it in the grid."""
    values = [line.reused_lr for line in info.lines if line.reused_lr is not None]
    for line in info.lines:
        values += [point.lr for point in line.points]
        values += [end for point in line.points for end in (point.low, point.high) if end is not None]
        values += [line.far.lr, line.far.low, line.far.high] if line.far is not None else []
    if not values:
        return [info.lr_low, info.lr_high]
    return [*values, max(info.lr_low, min(values) / 2), min(info.lr_high, max(values) * 2)]


def _x_axis(info: OptimumInfo, style: Style) -> dict[str, Any]:
    far = [line.far.size for line in info.lines if line.far is not None]
    sizes = sorted({*info.sizes, *far}, key=info.growth)
    ticks = sorted({info.growth(size) for size in sizes})
    air = AIR * math.log10(2)
    is_plain = info.axes == (Axis.WIDTH,)
    text = [number(tick * info.base.width) if is_plain else f"×{number(tick)}" for tick in ticks]
    return {
        "title": style.say("axis.width" if is_plain else "axis.growth"),
        "type": "log",
        "range": [math.log10(ticks[0]) - air, math.log10(ticks[-1]) + air],
        "tickmode": "array",
        "tickvals": plain(ticks),
        "ticktext": text,
    }


def _traces(info: OptimumInfo, line: OptimumLine, style: Style) -> Iterator[dict[str, Any]]:
    x, y = axis_names(info.panel(line))
    axes = {"xaxis": x, "yaxis": y, "type": "scatter", "showlegend": False}
    yield axes | _measured(info, line, style)
    if line.far is not None:
        yield axes | _expected(info, line, line.far, style)


def _measured(info: OptimumInfo, line: OptimumLine, style: Style) -> dict[str, Any]:
    colour_of = colours(sorted({size.width * size.depth for size in info.sizes}))
    points = line.points
    return {
        "mode": "lines+markers",
        "x": plain(info.growth(point.size) for point in points),
        "y": plain(point.lr for point in points),
        "line": {"color": style.shades.muted, "width": 1.5, "dash": DASHES[line.parametrization]},
        "marker": {
            "symbol": ["diamond-open" if point.is_edge else "diamond" for point in points],
            "size": MARK,
            "color": [colour_of[point.size.width * point.size.depth] for point in points],
            "opacity": 1,
        },
        "error_y": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": style.shades.muted,
            "array": plain(0 if p.high is None else p.high - p.lr for p in points),
            "arrayminus": plain(0 if p.low is None else p.lr - p.low for p in points),
        },
        "hovertext": [_hover(info, line, point, style) for point in points],
        "hoverinfo": "text",
    }  # fmt: skip


def _expected(info: OptimumInfo, line: OptimumLine, far: FarPoint, style: Style) -> dict[str, Any]:
    """Return a dashed line from the largest size tested to the target, with the range expected there."""
    last = line.points[-1]
    head = f"{_named(info, far.size, style)} · {style.arm(line.parametrization)}"
    words = (
        style.say("hover.expected_optimum", lr=number(far.lr)),
        style.say(
            "hover.interval", low=number(far.low), high=number(far.high), percent=round(100 * far.level)
        ),
        style.say("hover.not_measured"),
    )
    return {
        "mode": "lines+markers",
        "x": plain((info.growth(last.size), info.growth(far.size))),
        "y": plain((last.lr, far.lr)),
        "line": {"color": style.shades.ink, "width": 1.2, "dash": "dot"},
        "marker": {"symbol": ["circle", "circle-open"], "size": [0, MARK], "color": style.shades.ink},
        "error_y": {
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 8, "color": style.shades.ink,
            "array": plain((0, far.high - far.lr)), "arrayminus": plain((0, far.lr - far.low)),
        },
        "hovertext": ["", "<br>".join((head, *words))],
        "hoverinfo": "text",
    }  # fmt: skip


def _named(info: OptimumInfo, size: Size, style: Style) -> str:
    width = style.say("hover.width", width=size.width)
    return width if info.axes == (Axis.WIDTH,) else f"{width} · {style.say('hover.depth', depth=size.depth)}"


def _hover(info: OptimumInfo, line: OptimumLine, point: OptimumPoint, style: Style) -> str:
    lines = [f"{_named(info, point.size, style)} · {style.arm(line.parametrization)}"]
    lines.append(style.say("hover.optimum", lr=number(point.lr)))
    if point.low is not None and point.high is not None:
        low, high = number(point.low), number(point.high)
        lines.append(style.say("hover.interval", low=low, high=high, percent=round(100 * info.level)))
    if point.is_edge:
        lines.append(style.say("hover.edge_of_grid"))
    return "<br>".join(lines)


def _reused(info: OptimumInfo, line: OptimumLine, style: Style) -> dict[str, Any]:
    x, y = axis_names(info.panel(line))
    height = plain([line.reused_lr or 0.0])[0]
    return {
        "type": "line", "xref": f"{x} domain", "x0": 0, "x1": 1, "yref": y, "y0": height, "y1": height,
        "layer": "below", "line": {"color": style.shades.ink, "width": 1.2, "dash": "dash"},
    }  # fmt: skip


def _messages(info: OptimumInfo, style: Style) -> Iterator[dict[str, Any]]:
    if not any(line.points for line in info.lines):
        yield centred(style, style.say("empty"))
        return
    yield from (
        centred(style, style.say("empty"), info.panel(line)) for line in info.lines if not line.points
    )


def _notes(info: OptimumInfo, style: Style) -> list[str]:
    points: Sequence[OptimumPoint] = [point for line in info.lines for point in line.points]
    if not points:
        return []
    marks = [style.say("note.reused")]
    if any(point.is_edge for point in points):
        marks.append(style.say("note.open_optimum"))
    others = [style.say("note.expected_optimum")] if any(line.far for line in info.lines) else []
    found, wanted = {point.size for point in points}, info.shown
    missing = [s for s in info.sizes if s not in found and (wanted is None or s.width in wanted)]
    if missing:
        is_plain = info.axes == (Axis.WIDTH,)
        names = ", ".join(str(s.width) if is_plain else f"{s.width}×{s.depth}" for s in missing)
        others.append(style.say("note.missing_sizes", sizes=names))
    notes = [style.say("note.optimum_size", percent=round(100 * info.level)), "  ".join(marks)]
    return [*notes, "  ".join(others)] if others else notes
