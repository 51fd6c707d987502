"""Layout of a figure: small multiples, title and legend above, notes below.

One column per parametrization, one row per quantity where there are several, all on the same axes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from muscope.backend.figures.theme import BOLD, FONT, Style

# Pixels; legends and notes are placed relative to the plot, so its height must be known.
HEIGHT = 480
MARGIN = {"l": 76, "r": 28, "t": 116, "b": 112}
PLOT_HEIGHT = HEIGHT - MARGIN["t"] - MARGIN["b"]
# Of figures of several rows.
ROW_HEIGHT = 190
ROW_GAP = 36
COLUMN_GAP = 0.06
NOTE_HEIGHT = 18
# Letters of a line in the middle of a figure on a phone.
PHONE_LETTERS = 38
_KANA_AND_KANJI = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

Figure = dict[str, Any]


def axis_names(index: int) -> tuple[str, str]:
    """Return what traces call the axes of a panel; panels are counted row by row."""
    return ("x", "y") if index == 0 else (f"x{index + 1}", f"y{index + 1}")


def layout(
    style: Style,
    title: str,
    headers: Sequence[str],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    *,
    row_titles: Sequence[str] = (),
) -> Figure:
    """Return the layout of columns, and of rows if their titles are given; all share both axes."""
    shades, titles = style.shades, row_titles or (y["title"],)
    plot_height = _plot_height(len(titles))
    made: Figure = {
        "title": {
            "text": title, "font": {"size": 17, "weight": BOLD, "color": shades.ink}, "pad": {"t": 22},
            "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
        },
        "font": {"family": FONT, "size": 13, "color": shades.ink},
        "paper_bgcolor": shades.paper,
        "plot_bgcolor": shades.paper,
        "height": HEIGHT - PLOT_HEIGHT + plot_height,
        "margin": MARGIN,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": shades.paper, "font": {"family": FONT, "size": 13, "color": shades.ink}},
        "legend": _legend(style, plot_height),
        "modebar": {"bgcolor": shades.paper, "color": shades.muted, "activecolor": shades.ink},
        "uirevision": "keep",
        "dragmode": "zoom",
        "annotations": [_header(style, column, header) for column, header in enumerate(headers)],
        "shapes": [],
    }  # fmt: skip
    for row, row_title in enumerate(titles):
        for column in range(len(headers)):
            index = _Place(row, len(titles), column, len(headers))
            made |= _axes(style, index, x, {**y, "title": row_title})
    return made


class _Place(NamedTuple):
    """A row and a column of so many."""

    row: int
    num_rows: int
    column: int
    num_columns: int

    def x_domain(self) -> list[float]:
        span = (1 - COLUMN_GAP * (self.num_columns - 1)) / self.num_columns
        start = self.column * (span + COLUMN_GAP)
        return [round(start, 5), round(min(1, start + span), 5)]

    def y_domain(self) -> list[float]:
        height = _plot_height(self.num_rows)
        top = height - self.row * (ROW_HEIGHT + ROW_GAP)
        bottom = 0 if self.row == self.num_rows - 1 else top - ROW_HEIGHT
        return [round(bottom / height, 5), round(top / height, 5)]


def _plot_height(num_rows: int) -> int:
    return PLOT_HEIGHT if num_rows == 1 else num_rows * (ROW_HEIGHT + ROW_GAP) - ROW_GAP


def _legend(style: Style, plot_height: int) -> Figure:
    return {
        "orientation": "h",
        "title": {
            "text": style.say("legend.width") + "  ",
            "font": {"size": 13, "color": style.shades.muted},
        },
        "x": 0,
        "xanchor": "left",
        "y": 1 + 30 / plot_height,
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


def _axes(style: Style, index: _Place, x: Mapping[str, Any], y: Mapping[str, Any]) -> Figure:
    is_left, is_bottom = index.column == 0, index.row == index.num_rows - 1
    x_name, y_name = axis_names(index.row * index.num_columns + index.column)
    line = {
        "gridcolor": style.shades.grid, "linecolor": style.shades.muted, "tickcolor": style.shades.muted,
        "tickfont": {"size": 12, "color": style.shades.muted}, "zeroline": False, "automargin": False,
    }  # fmt: skip
    x_axis = line | {
        "domain": index.x_domain(), "anchor": y_name, "showline": True, "ticks": "outside", "ticklen": 5,
        "tickangle": 0, "showgrid": False, "showticklabels": is_bottom,
    }  # fmt: skip
    y_axis = line | {
        "domain": index.y_domain(), "anchor": x_name, "showline": False, "ticks": "",
        "ticklabelstandoff": 6, "showticklabels": is_left,
    }  # fmt: skip
    if is_left:
        y_axis["title"] = {"text": y["title"], "standoff": 12, "font": {"size": 13}}
    if is_bottom:
        x_axis["title"] = {"text": x["title"], "standoff": 10, "font": {"size": 13}}
    if x_name != "x":
        x_axis["matches"], y_axis["matches"] = "x", "y"
    return {
        f"xaxis{x_name[1:]}": x_axis | {key: value for key, value in x.items() if key != "title"},
        f"yaxis{y_name[1:]}": y_axis | {key: value for key, value in y.items() if key != "title"},
    }


def blank(index: int) -> Figure:
    """Return a trace without points: plotly.js draws no axes for a panel that has no trace."""
    x, y = axis_names(index)
    return {
        "type": "scatter", "xaxis": x, "yaxis": y, "x": [None], "y": [None], "mode": "lines",
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def note(style: Style, lines: Sequence[str]) -> list[Figure]:
    """Return what a reader must know of a figure, as small print below it."""
    return [
        {
            "name": "note", "text": line, "showarrow": False,
            "font": {"size": 12, "color": style.shades.muted},
            "xref": "paper", "x": 0, "xanchor": "left", "align": "left",
            "yref": "paper", "y": 0, "yanchor": "top", "yshift": -58 - index * NOTE_HEIGHT,
        }
        for index, line in enumerate(lines)
    ]  # fmt: skip


def broken(words: str) -> str:
    """Return a sentence in lines that fit a phone; Japanese breaks after its commas and full stops."""
    is_japanese = _KANA_AND_KANJI.search(words) is not None
    lines = re.split(r"(?<=[、。])", words) if is_japanese else textwrap.wrap(words, PHONE_LETTERS)
    return "<br>".join(line for line in lines if line)


def centred(style: Style, words: str, index: int | None = None) -> Figure:
    """Return a sentence in the middle of an empty figure, or of one of its panels."""
    x, y = ("paper", "paper") if index is None else (f"{name} domain" for name in axis_names(index))
    return {
        "text": broken(words), "showarrow": False, "xref": x, "x": 0.5, "yref": y, "y": 0.5,
        "xanchor": "center", "yanchor": "middle", "font": {"size": 15, "color": style.shades.muted},
    }  # fmt: skip
