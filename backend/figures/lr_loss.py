"""LR against final loss per width: where each width's optimum lies, and which LRs diverge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import plotly.graph_objects as go

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.run_lines import RunLines, run_traces
from muscope.backend.figures.theme import (
    BAND_OPACITY,
    DASHES,
    LEGEND_RANK,
    Style,
    YScale,
    colours,
    number,
    outlook,
    padded_range,
    y_ticks,
)

# As many as a phone has room for.
MAX_TICKS = 5
# Share of the height that one row of × takes.
ROW = 0.05
Size = TypeVar("Size", int, float)


class LrPoint(NamedTuple):
    """Final loss at one LR: mean, smallest and largest of the seeds that have one; NaN if none has."""

    lr: float
    mean: float
    low: float
    high: float
    num_seeds: int
    num_diverged: int


class Optimum(NamedTuple):
    """The best LR with its interval, None where none could be computed; an edge optimum may lie outside."""

    lr: float
    loss: float
    low: float | None
    high: float | None
    level: float | None
    is_edge: bool


class LrCurve(NamedTuple):
    """One width of one parametrization, points in order of their LRs."""

    parametrization: Parametrization
    width: int
    points: tuple[LrPoint, ...]
    optimum: Optimum | None
    runs: RunLines = RunLines()


class LrLossInfo(NamedTuple):
    """Everything the figure shows; `curves` may lack widths that have no values yet."""

    parametrizations: tuple[Parametrization, ...]
    widths: tuple[int, ...]
    lrs: tuple[float, ...]
    num_seeds: int
    metric: Metric
    loss: Loss
    curves: tuple[LrCurve, ...]
    num_hidden: int = 0
    shown: tuple[int, ...] | None = None

    @property
    def missing(self) -> list[int]:
        """Return the widths wanted, all if none were chosen, that have no values yet."""
        found = {curve.width for curve in self.curves}
        return [w for w in (self.widths if self.shown is None else self.shown) if w not in found]


class _Frame(NamedTuple):
    """The vertical axis: its range in axis units, and the row of × of each width."""

    low: float
    high: float
    rows: dict[int, float]


def lr_loss_figure(info: LrLossInfo, style: Style) -> go.Figure:
    """Return the figure."""
    frame = _frame(info, style)
    made = layout(
        style,
        style.say(f"lr_loss.title.{info.metric}"),
        [style.arm(arm) for arm in info.parametrizations],
        {"title": style.say("axis.lr"), **lr_axis(info.lrs)},
        {"title": y_title(info.metric, info.loss, style), "type": style.y_scale,
         "range": plain([frame.low, frame.high]), **y_ticks(frame.low, frame.high, style.y_scale)},
    )  # fmt: skip
    shown = set[int]()
    traces = [trace for curve in info.curves for trace in _traces(curve, info, style, frame, shown)]
    drawn = {curve.parametrization for curve in info.curves}
    traces += [blank(column) for column, arm in enumerate(info.parametrizations) if arm not in drawn]
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    return figure_of(traces, made)


def y_title(metric: Metric, loss: Loss, style: Style) -> str:
    """Return the label of an axis of final losses, with its unit."""
    return style.say(f"axis.final_{metric}", unit=style.say(f"unit.{loss}"))


def lr_axis(lrs: Sequence[float]) -> dict[str, Any]:
    """Return a logarithmic axis whose ticks are LRs of the grid, thinned until they can be read."""
    ordered = sorted(lrs)
    stride = max(1, math.ceil(len(ordered) / MAX_TICKS))
    ticks = ordered[::stride]
    air = math.log10(2) / 2
    return {
        "type": "log",
        "range": [math.log10(ordered[0]) - air, math.log10(ordered[-1]) + air],
        "tickmode": "array",
        "tickvals": plain(ticks),
        "ticktext": [_short(tick) for tick in ticks],
    }


def _short(lr: float) -> str:
    """Return an LR with two significant digits, halves rounded up: 0.0625 is 0.063."""
    return f"{lr * (1 + 1e-9):.2g}"


def _frame(info: LrLossInfo, style: Style) -> _Frame:
    """Return a range with room at the top for one row of × per width that has diverged runs."""
    values = [value for curve in info.curves for point in curve.points for value in (point.low, point.high)]
    low, high = padded_range(values, style.y_scale)
    diverged = sorted({curve.width for curve in info.curves if any(p.num_diverged for p in curve.points)})
    top, rows = diverged_rows(low, high, diverged, style.y_scale)
    return _Frame(low, top, rows)


def diverged_rows(
    low: float, high: float, sizes: Sequence[Size], scale: YScale
) -> tuple[float, dict[Size, float]]:
    """Return a range's new top, with a row of × for each size above its values, and the loss of each row.

    Args:
        low, high: range of the values, as Plotly writes it: exponents where the scale is logarithmic.
        sizes: those with diverged runs, ascending; the largest stands highest.
    """
    span = (high - low) / max(0.3, 1 - ROW * (len(sizes) + 0.5 * bool(sizes)))
    rows = {size: low + span * (1 - ROW * (index + 0.75)) for index, size in enumerate(reversed(sizes))}
    return low + span, {size: 10**row if scale is YScale.LOG else row for size, row in rows.items()}


def _traces(
    curve: LrCurve, info: LrLossInfo, style: Style, frame: _Frame, shown: set[int]
) -> Iterator[dict[str, Any]]:
    """Yield a curve's band, and its line with the optimum and the × of diverged runs in one trace."""
    x, y = axis_names(info.parametrizations.index(curve.parametrization))
    colour = colours(info.widths)[curve.width]
    group = {"xaxis": x, "yaxis": y, "type": "scatter", "legendgroup": str(curve.width)}
    if not curve.runs.each:
        yield group | _band(curve, colour)
    runs = run_traces(curve.runs, curve.parametrization, curve.width, colour, style)
    yield from (group | trace for trace in runs)
    line = _Points()
    for point in curve.points:
        line.add(point.lr, point.mean, "circle", 5, point_hover(curve, point, info, style))
    if curve.optimum is not None:
        line.add_optimum(curve.optimum, _optimum_hover(curve, curve.optimum, style))
    for point in curve.points:
        if point.num_diverged:
            hover = point_hover(curve, point, info, style)
            line.add(point.lr, frame.rows[curve.width], "x", 8, hover, is_joined=False)
    yield (
        group
        | line.trace()
        | {
            "name": str(curve.width),
            "legendrank": LEGEND_RANK + info.widths.index(curve.width),
            "showlegend": curve.width not in shown,
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2.2, "dash": DASHES[curve.parametrization]},
        }
    )
    shown.add(curve.width)


class _Points:
    """The points of one trace: a line, then separate marks after gaps. Few traces draw faster than many."""

    def __init__(self) -> None:
        self._xs: list[float] = []
        self._ys: list[float] = []
        self._symbols: list[str] = []
        self._sizes: list[float] = []
        self._hovers: list[str] = []
        self._plus: list[float] = []
        self._minus: list[float] = []

    def add(
        self, x: float, y: float, symbol: str, size: float, hover: str, *, is_joined: bool = True
    ) -> None:
        if not is_joined:
            self.add(math.nan, math.nan, symbol, size, "")
        for values, value in ((self._xs, x), (self._ys, y), (self._sizes, size)):
            values.append(value)
        self._symbols.append(symbol)
        self._hovers.append(hover)
        self._plus.append(math.nan)
        self._minus.append(math.nan)

    def add_optimum(self, optimum: Optimum, hover: str) -> None:
        symbol = "diamond-open" if optimum.is_edge else "diamond"
        self.add(optimum.lr, optimum.loss, symbol, 12, hover, is_joined=False)
        if optimum.low is not None and optimum.high is not None:
            self._plus[-1] = optimum.high - optimum.lr
            self._minus[-1] = optimum.lr - optimum.low

    def trace(self) -> dict[str, Any]:
        trace: dict[str, Any] = {
            "x": plain(self._xs),
            "y": plain(self._ys),
            "marker": {"symbol": self._symbols, "size": self._sizes, "opacity": 1, "line": {"width": 0}},
            "hovertext": self._hovers,
            "hoverinfo": "text",
            "connectgaps": False,
        }
        if any(map(math.isfinite, self._plus)):
            trace["error_x"] = {
                "type": "data", "symmetric": False, "thickness": 3, "width": 0,
                "array": plain(self._plus), "arrayminus": plain(self._minus),
            }  # fmt: skip
        return trace


def _band(curve: LrCurve, colour: str) -> dict[str, Any]:
    """Return the smallest and largest seed as closed areas, one per stretch without a gap."""
    xs: list[float] = []
    ys: list[float] = []
    for stretch in _stretches(curve.points):
        if xs:
            xs.append(math.nan)
            ys.append(math.nan)
        xs += [p.lr for p in stretch] + [p.lr for p in reversed(stretch)]
        ys += [p.low for p in stretch] + [p.high for p in reversed(stretch)]
    return {
        "x": plain(xs), "y": plain(ys), "mode": "lines", "fill": "toself", "fillcolor": colour,
        "line": {"width": 0, "color": colour}, "opacity": BAND_OPACITY,
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _stretches(points: Sequence[LrPoint]) -> Iterator[list[LrPoint]]:
    stretch: list[LrPoint] = []
    for point in points:
        if math.isfinite(point.low) and math.isfinite(point.high):
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def point_hover(curve: LrCurve, point: LrPoint, info: LrLossInfo, style: Style) -> str:
    """Return what is said of a point: size, LR, loss, range, seeds and how many diverged."""
    lines = [f"{style.say('hover.width', width=curve.width)} · {style.arm(curve.parametrization)}"]
    lines.append(f"η = {number(point.lr)}")
    if math.isfinite(point.mean):
        unit = style.say(f"unit.{info.loss}")
        lines.append(style.say("hover.loss", value=f"{point.mean:.4g}", unit=unit))
        low, high = f"{point.low:.4g}", f"{point.high:.4g}"
        lines.append(style.say("hover.range", low=low, high=high, unit=unit))
        lines.append(style.say("hover.seeds", count=point.num_seeds, total=info.num_seeds))
    if point.num_diverged:
        lines.append(style.say("hover.diverged", count=point.num_diverged, total=info.num_seeds))
    return "<br>".join(lines)


def _optimum_hover(curve: LrCurve, optimum: Optimum, style: Style) -> str:
    lines = [f"{style.say('hover.width', width=curve.width)} · {style.arm(curve.parametrization)}"]
    lines.append(style.say("hover.optimum", lr=number(optimum.lr)))
    if optimum.low is not None and optimum.high is not None and optimum.level is not None:
        low, high = number(optimum.low), number(optimum.high)
        lines.append(style.say("hover.interval", low=low, high=high, percent=round(100 * optimum.level)))
    if optimum.is_edge:
        lines.append(style.say("hover.edge_of_grid"))
    return "<br>".join(lines)


def _messages(info: LrLossInfo, style: Style) -> Iterator[dict[str, Any]]:
    """Yield what stands in place of curves that are not there."""
    if not info.curves:
        yield centred(style, style.say("empty"))
        return
    for column, arm in enumerate(info.parametrizations):
        points = [point for curve in info.curves if curve.parametrization is arm for point in curve.points]
        if not points:
            yield centred(style, style.say("empty"), column)
        elif not any(math.isfinite(point.mean) for point in points):
            yield centred(style, style.say("all_diverged"), column)


def _notes(info: LrLossInfo, style: Style) -> list[str]:
    notes = []
    if any(math.isfinite(point.mean) for curve in info.curves for point in curve.points):
        key = "note.each" if any(curve.runs.each for curve in info.curves) else "note.band"
        notes.append(style.say(key, count=info.num_seeds))
    marks = []
    if any(curve.optimum for curve in info.curves):
        marks.append(style.say("note.optimum"))
    if any(point.num_diverged for curve in info.curves for point in curve.points):
        marks.append(style.say("note.diverged"))
    if marks:
        notes.append("  ".join(marks))
    if len(marks) > 1:
        notes.append(style.say("note.optimum_diverged"))
    others = [style.say("note.hidden", count=info.num_hidden)] if info.num_hidden else []
    others += outlook(style, info.missing) if info.curves else []
    return notes + (["  ".join(others)] if others else [])
