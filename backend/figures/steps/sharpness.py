"""Sharpness against the step per width: LR-weighted with the edge of stability κ/η, or raw."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style, number


def sharpness_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure of the LR-weighted sharpness; its unit is 1/η in every parametrization."""
    edges = [column.kappa / column.lr for column in info.columns if info.has_edge]
    labels = [style.say("edge", value=number(edge)) for edge in edges]
    return step_figure(info, style, _words(info, style, "sharpness"), levels=edges, level_words=labels)


def raw_sharpness_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure of the plain Hessian's largest eigenvalue; no edge of stability applies to it."""
    return step_figure(info, style, _words(info, style, "raw_sharpness"))


def _words(info: StepInfo, style: Style, name: str) -> StepWords:
    return StepWords(
        style.say(f"{name}.title"),
        (style.say(f"axis.{name}"),),
        (style.say("hover.sharpness", value="%{y:.4~g}"),),
        step_notes(info, style),
        None if info.has_edge else style.say("no_edge"),
    )
