"""The coordinate check: how far every part of the networks moves in its first updates, over widths.

One column per parametrization, one row per part, all on the same axes; a point has the colour of its width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.figures.theme import (
    DASHES,
    Style,
    YScale,
    colours,
    number,
    outlook,
    padded_range,
    y_ticks,
)

# Pixels across, of points after the last update and after earlier ones.
LARGE, SMALL = 8, 5


class CoordinateLine(NamedTuple):
    """One part after so many updates: mean, smallest and largest change over seeds, at each of `widths`."""

    parametrization: Parametrization
    part: Part
    num_updates: int
    widths: tuple[int, ...]
    means: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    num_seeds: tuple[int, ...]
    expected_slope: float | None = None


class CoordinateInfo(NamedTuple):
    """Everything the figure shows; of the lines of a part and an arm the last one is the latest."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    num_seeds: int
    lines: tuple[CoordinateLine, ...]
    shown: tuple[int, ...] | None = None

    @property
    def missing(self) -> list[int]:
        """Return the widths wanted, all if none were chosen, that have no values yet."""
        found = {width for line in self.lines for width in line.widths}
        return [w for w in (self.widths if self.shown is None else self.shown) if w not in found]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the rows: the parts that were seen, or all but the logits before there is any."""
        seen = {line.part for line in self.lines}
        return tuple(part for part in Part if part in (seen or set(Part) - {Part.LOGITS}))


def coordinate_figure(info: CoordinateInfo, style: Style) -> go.Figure:
    """Return the figure."""
    headers = [f"{style.arm(column.parametrization)} · η = {number(column.lr)}" for column in info.columns]
    values = [value for line in info.lines for value in (*line.means, *line.lows, *line.highs)]
    low, high = padded_range(values, style.y_scale)
    made = layout(
        style,
        style.say("coordinate_check.title"),
        headers,
        _x_axis(info, style),
        {
            "title": "",
            "type": style.y_scale,
            "range": plain((low, high)),
            **y_ticks(low, high, style.y_scale),
        },
        row_titles=[style.say(f"axis.change.{part}") for part in info.parts],
    )
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    return figure_of(list(_traces(info, style)), made)


def _x_axis(info: CoordinateInfo, style: Style) -> dict[str, Any]:
    low, high = padded_range(info.widths, YScale.LOG)
    ticks = {"tickmode": "array", "tickvals": list(info.widths), "ticktext": [str(w) for w in info.widths]}
    return {"title": style.say("axis.width"), "type": "log", "range": plain((low, high)), **ticks}


def _traces(info: CoordinateInfo, style: Style) -> Iterator[dict[str, Any]]:
    arms = [column.parametrization for column in info.columns]
    for index, (part, arm) in enumerate((part, arm) for part in info.parts for arm in arms):
        lines = [line for line in info.lines if (line.part, line.parametrization) == (part, arm)]
        axes = dict(zip(("xaxis", "yaxis"), axis_names(index), strict=True))
        if not lines:
            yield blank(index)
        else:
            yield {**_points(info, lines, style), **axes}
        if lines and lines[-1].expected_slope is not None:
            yield {**_expected(lines[-1], lines[-1].expected_slope, style), **axes}


def _points(info: CoordinateInfo, lines: Sequence[CoordinateLine], style: Style) -> dict[str, Any]:
    """Return the lines of one part as a trace, a gap between them; the last one has large points and bars."""
    colour_of = colours(info.widths)
    made: dict[str, list[Any]] = {key: [] for key in ("x", "y", "text", "color", "size", "up", "down")}
    for line in lines:
        is_last = line is lines[-1]
        gap = [] if is_last else [math.nan]
        made["x"] += [*line.widths, *gap]
        made["y"] += [*line.means, *gap]
        made["text"] += [*_hovers(info, line, style), *("" for _ in gap)]
        made["color"] += [*(colour_of[width] for width in line.widths), *(style.shades.muted for _ in gap)]
        made["size"] += [LARGE if is_last else SMALL] * len([*line.widths, *gap])
        for key, ends in (("up", line.highs), ("down", line.lows)):
            reach = [abs(end - mean) for end, mean in zip(ends, line.means, strict=True)]
            made[key] += reach if is_last else [0.0] * len([*reach, *gap])
    return {
        "type": "scatter", "mode": "lines+markers", "connectgaps": False, "showlegend": False,
        "x": plain(made["x"]), "y": plain(made["y"]), "text": made["text"],
        "line": {"color": style.shades.muted, "width": 1.5, "dash": DASHES[lines[-1].parametrization]},
        "marker": {"color": made["color"], "size": made["size"]},
        "error_y": {
            "type": "data", "symmetric": False, "array": plain(made["up"]), "arrayminus": plain(made["down"]),
            "color": style.shades.muted, "thickness": 1, "width": 3,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _hovers(info: CoordinateInfo, line: CoordinateLine, style: Style) -> Iterator[str]:
    for width, mean, count in zip(line.widths, line.means, line.num_seeds, strict=True):
        head = f"{style.say('hover.width', width=width)} · {style.arm(line.parametrization)}"
        change = style.say("hover.change", count=line.num_updates, value=number(mean))
        yield "<br>".join((head, change, style.say("hover.seeds", count=count, total=info.num_seeds)))


def _expected(line: CoordinateLine, slope: float, style: Style) -> dict[str, Any]:
    """Return the power law of the expected slope through the middle of what was measured."""
    points = [(w, v) for w, v in zip(line.widths, line.means, strict=True) if v > 0 and math.isfinite(v)]
    heights = [math.log2(value) - slope * math.log2(width) for width, value in points]
    middle = sum(heights) / len(heights) if heights else math.nan
    return {
        "type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip",
        "x": list(line.widths), "y": plain(2.0 ** (middle + slope * math.log2(w)) for w in line.widths),
        "line": {"color": style.shades.ink, "width": 1, "dash": "dot"}, "opacity": 0.7,
    }  # fmt: skip


def _messages(info: CoordinateInfo, style: Style) -> Iterator[dict[str, Any]]:
    if not info.lines:
        yield centred(style, style.say("empty"))
        return
    for index, column in enumerate(info.columns):
        if not any(line.parametrization is column.parametrization for line in info.lines):
            yield centred(style, style.say("empty"), index)


def _notes(info: CoordinateInfo, style: Style) -> list[str]:
    if not info.lines:
        return []
    updates = [line.num_updates for line in info.lines]
    means = style.say("note.change", count=info.num_seeds, first=min(updates), last=max(updates))
    has_expected = any(line.expected_slope is not None for line in info.lines)
    expected = [style.say("note.expected_slope")] if has_expected else []
    return [means, *expected, *outlook(style, info.missing)]
