"""Stability ratio η·λ/κ against the step per width: the edge is at 1, whatever LR, schedule and optimizer."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style


def stability_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure of the ratio, for which η is the LR of the step, schedule included."""
    words = StepWords(
        style.say("stability.title"),
        (style.say("axis.stability"),),
        (style.say("hover.stability", value="%{y:.4~g}"),),
        step_notes(info, style),
        None if info.has_edge else style.say("no_edge"),
    )
    edges = [1.0] * len(info.columns)
    return step_figure(info, style, words, levels=edges, level_words=[style.say("edge_ratio")] * len(edges))
