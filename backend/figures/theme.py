"""How every figure looks: colour always means width, dash always parametrization; light and dark.

Figures are small multiples: one column per parametrization, all on the same axes. Texts come from the
catalogue; nothing a user wrote ever enters a figure, because Plotly reads titles and legends as HTML.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from backend.catalogue import text
from backend.domain.parametrization import Parametrization

# Small to large. Each has a contrast of at least 3:1 on white and on the dark page, and blue to yellow is the
# one order of hues that every colour vision keeps.
RAMP = ("#4a63e0", "#8f52d0", "#c9489b", "#dd5c45", "#c88400")
DASHES = {
    Parametrization.MUP: "solid",
    Parametrization.NTP: "dash",
    Parametrization.SP: "dot",
    Parametrization.DEPTH_MUP: "dashdot",
    Parametrization.COMPLETEP: "longdash",
}
FONT = (
    'system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", '
    "Meiryo, sans-serif"
)
# Never <b>: plotly.js makes it a style attribute, which a page of ours does not allow.
BOLD = 600
BAND_OPACITY = 0.16

# Pixels; legends and notes are placed relative to the plot, so its height must be known.
HEIGHT = 480
MARGIN = {"l": 76, "r": 28, "t": 116, "b": 112}
PLOT_HEIGHT = HEIGHT - MARGIN["t"] - MARGIN["b"]
COLUMN_GAP = 0.06
NOTE_HEIGHT = 18
# Share of an axis that stays free at each end.
AIR = 0.05
# Up to so many decades a logarithmic axis has three ticks each.
DENSE_DECADES = 3.2

Figure = dict[str, Any]


class Mode(StrEnum):
    """The page's background."""

    LIGHT = "light"
    DARK = "dark"


class YScale(StrEnum):
    """The vertical axis."""

    LOG = "log"
    LINEAR = "linear"


class Shades(NamedTuple):
    """Colours without a meaning of their own."""

    paper: str
    ink: str
    muted: str
    grid: str


SHADES = {
    Mode.LIGHT: Shades(paper="#ffffff", ink="#1d2430", muted="#5b6472", grid="#e6e9ee"),
    Mode.DARK: Shades(paper="#14181f", ink="#e6e9ee", muted="#a7b0be", grid="#2b323d"),
}


class Style(NamedTuple):
    """What a viewer chose of a figure's looks."""

    language: str
    mode: Mode = Mode.LIGHT
    y_scale: YScale = YScale.LOG

    @property
    def shades(self) -> Shades:
        return SHADES[self.mode]

    def say(self, key: str, **params: str | int | float) -> str:
        """Return a text of the catalogue, `figure.<key>`."""
        return text(f"figure.{key}", self.language, **params)

    def arm(self, parametrization: Parametrization) -> str:
        """Return the name of a parametrization."""
        return self.say(f"arm.{parametrization}")


def colours(widths: Sequence[int]) -> dict[int, str]:
    """Return the fixed colour of every width of an experiment, whether it has values yet or not."""
    ordered = sorted(widths)
    return {width: _mix(place / max(1, len(ordered) - 1)) for place, width in enumerate(ordered)}


def _mix(share: float) -> str:
    """Return the colour at `share` of the ramp."""
    place = share * (len(RAMP) - 1)
    left = min(int(place), len(RAMP) - 2)
    pairs = zip(_channels(RAMP[left]), _channels(RAMP[left + 1]), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * (place - left)):02x}" for low, high in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def number(value: float) -> str:
    """Return a number as a person reads it: three significant digits, no exponent if possible."""
    return f"{value:.3g}"


def padded_range(values: Sequence[float], scale: YScale, *, lowest: float = -math.inf) -> tuple[float, float]:
    """Return the range of an axis, in its own units, around `values` with some air; not below `lowest`."""
    if scale is YScale.LOG:
        shown = [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
        lowest = math.log10(lowest) if lowest > 0 else -math.inf
    else:
        shown = [value for value in values if math.isfinite(value)]
    if not shown:
        return (-1.0, 1.0) if scale is YScale.LOG else (0.0, 1.0)
    low, high = max(min(shown), lowest), max(shown)
    air = AIR * max(high - low, 0.2 if scale is YScale.LOG else 1e-6)
    return low - air, high + air


def y_ticks(low: float, high: float, scale: YScale) -> Figure:
    """Return few readable ticks for a range in axis units: 1, 2, 5 of each decade, or only the decades."""
    if scale is YScale.LINEAR:
        return {"nticks": 6, "tickformat": "~g"}
    steps = (1, 2, 5) if high - low <= DENSE_DECADES else (1,)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    shown = [float(f"{tick:.6g}") for tick in ticks if low <= math.log10(tick) <= high]
    return {"tickmode": "array", "tickvals": shown, "ticktext": [number(tick) for tick in shown]}


def axis_names(column: int) -> tuple[str, str]:
    """Return what traces call the axes of a column."""
    return ("x", "y") if column == 0 else (f"x{column + 1}", f"y{column + 1}")


def layout(
    style: Style, title: str, headers: Sequence[str], x: Mapping[str, Any], y: Mapping[str, Any]
) -> Figure:
    """Return the layout of a row of columns that share both axes."""
    shades = style.shades
    made: Figure = {
        "title": {
            "text": title, "font": {"size": 17, "weight": BOLD, "color": shades.ink}, "pad": {"t": 22},
            "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
        },
        "font": {"family": FONT, "size": 13, "color": shades.ink},
        "paper_bgcolor": shades.paper,
        "plot_bgcolor": shades.paper,
        "height": HEIGHT,
        "margin": MARGIN,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": shades.paper, "font": {"family": FONT, "size": 13, "color": shades.ink}},
        "legend": _legend(style),
        "modebar": {"bgcolor": shades.paper, "color": shades.muted, "activecolor": shades.ink},
        "uirevision": "keep",
        "dragmode": "zoom",
        "annotations": [_header(style, column, header) for column, header in enumerate(headers)],
        "shapes": [],
    }  # fmt: skip
    for column in range(len(headers)):
        made |= _axes(style, column, len(headers), x, y)
    return made


def _legend(style: Style) -> Figure:
    return {
        "orientation": "h",
        "title": {
            "text": style.say("legend.width") + "  ",
            "font": {"size": 13, "color": style.shades.muted},
        },
        "x": 0,
        "xanchor": "left",
        "y": 1 + 30 / PLOT_HEIGHT,
        "yanchor": "bottom",
        "font": {"size": 13, "color": style.shades.ink},
        "itemsizing": "constant",
        "traceorder": "normal",
        "groupclick": "togglegroup",
    }


def _header(style: Style, column: int, header: str) -> Figure:
    x, _ = axis_names(column)
    return {
        "text": header, "showarrow": False, "xref": f"{x} domain", "x": 0, "xanchor": "left", "yref": "paper",
        "y": 1, "yanchor": "bottom", "yshift": 6,
        "font": {"size": 13, "weight": BOLD, "color": style.shades.ink},
    }  # fmt: skip


def _axes(style: Style, column: int, count: int, x: Mapping[str, Any], y: Mapping[str, Any]) -> Figure:
    span = (1 - COLUMN_GAP * (count - 1)) / count
    start = column * (span + COLUMN_GAP)
    x_name, y_name = axis_names(column)
    line = {
        "gridcolor": style.shades.grid, "linecolor": style.shades.muted, "tickcolor": style.shades.muted,
        "tickfont": {"size": 12, "color": style.shades.muted}, "zeroline": False, "automargin": False,
    }  # fmt: skip
    x_axis = line | {
        "domain": [round(start, 5), round(min(1, start + span), 5)], "anchor": y_name, "showline": True,
        "ticks": "outside", "ticklen": 5, "tickangle": 0, "showgrid": False,
    }  # fmt: skip
    y_axis = line | {
        "anchor": x_name,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 6,
        "showticklabels": column == 0,
    }
    if column == 0:
        y_axis["title"] = {"text": y["title"], "standoff": 12, "font": {"size": 13}}
    else:
        x_axis["matches"], y_axis["matches"] = "x", "y"
    x_axis["title"] = {"text": x["title"], "standoff": 10, "font": {"size": 13}}
    named = {key: value for key, value in x.items() if key != "title"}
    return {
        f"xaxis{x_name[1:]}": x_axis | named,
        f"yaxis{y_name[1:]}": y_axis | {key: value for key, value in y.items() if key != "title"},
    }


def blank(column: int) -> Figure:
    """Return a trace without points: plotly.js draws no axes for a column that has no trace."""
    x, y = axis_names(column)
    return {
        "type": "scatter", "xaxis": x, "yaxis": y, "x": [None], "y": [None], "mode": "lines",
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def note(style: Style, lines: Sequence[str]) -> list[Figure]:
    """Return what a reader must know of a figure, as small print below it."""
    return [
        {
            "text": line, "showarrow": False, "font": {"size": 12, "color": style.shades.muted},
            "xref": "paper", "x": 0, "xanchor": "left", "align": "left",
            "yref": "paper", "y": 0, "yanchor": "top", "yshift": -58 - place * NOTE_HEIGHT,
        }
        for place, line in enumerate(lines)
    ]  # fmt: skip


def centred(style: Style, words: str, column: int | None = None) -> Figure:
    """Return a sentence in the middle of an empty figure, or of one of its columns."""
    x, y = ("paper", "paper") if column is None else (f"{name} domain" for name in axis_names(column))
    return {
        "text": words, "showarrow": False, "xref": x, "x": 0.5, "yref": y, "y": 0.5, "xanchor": "center",
        "yanchor": "middle", "font": {"size": 15, "color": style.shades.muted},
    }  # fmt: skip


def outlook(style: Style, missing: Sequence[int]) -> list[str]:
    """Return the line that names the widths whose values are still to come."""
    return [style.say("note.missing", widths=", ".join(map(str, missing)))] if missing else []
