"""Trace of the Hessian against the step per width, with the standard error of its estimate."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style


def trace_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure; the bands of its curves are the mean ± its standard error over probes."""
    words = StepWords(
        style.say("trace.title"),
        (style.say("axis.trace"),),
        (style.say("hover.trace", value="%{y:.4~g}"),),
        step_notes(info, style, style.say("note.standard_error", count=info.num_seeds)),
    )
    return step_figure(info, style, words)
