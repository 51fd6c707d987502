"""Sharpness against the step per width, with the edge of stability κ/η."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from backend.figures.encode import figure_of
from backend.figures.step_curves import StepInfo, step_layout, step_notes, step_traces
from backend.figures.theme import Style, YScale, axis_names, note, number

EDGE_WIDTH = 1.4


def sharpness_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure; sharpness is LR-weighted, so its unit is 1/η in every parametrization."""
    made = step_layout(
        info, style, style.say("sharpness.title"), style.say("axis.sharpness"),
        also=[column.kappa / column.lr for column in info.columns] if info.curves else [],
    )  # fmt: skip
    made["shapes"] += _edges(info, style)
    made["annotations"] += [*_edge_labels(info, style), *note(style, step_notes(info, style))]
    return figure_of(list(step_traces(info, style, style.say("hover.sharpness", value="%{y:.4~g}"))), made)


def _edges(info: StepInfo, style: Style) -> Iterator[dict[str, Any]]:
    for place, column in enumerate(info.columns):
        x, y = axis_names(place)
        edge = float(f"{column.kappa / column.lr:.6g}")
        yield {
            "type": "line", "xref": f"{x} domain", "x0": 0, "x1": 1, "yref": y, "y0": edge, "y1": edge,
            "layer": "above", "line": {"color": style.shades.ink, "width": EDGE_WIDTH},
        }  # fmt: skip


def _edge_labels(info: StepInfo, style: Style) -> Iterator[dict[str, Any]]:
    for place, column in enumerate(info.columns):
        x, y = axis_names(place)
        edge = column.kappa / column.lr
        # Unlike a shape, an annotation on a logarithmic axis wants the exponent.
        position = math.log10(edge) if style.y_scale is YScale.LOG else edge
        yield {
            "text": style.say("edge", value=number(edge)), "showarrow": False, "xref": f"{x} domain", "x": 1,
            "xanchor": "right", "yref": y, "y": float(f"{position:.6g}"), "yanchor": "bottom", "yshift": 2,
            "bgcolor": style.shades.paper, "opacity": 0.85,
            "font": {"size": 12, "color": style.shades.ink},
        }  # fmt: skip
