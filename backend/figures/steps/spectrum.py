"""The largest Hessian eigenvalues against the step: the first as a line, the others thin behind it."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style


def spectrum_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the figure; the `others` of its curves are the second and further eigenvalues."""
    num_others = max((len(curve.others) for curve in info.curves), default=0)
    means = style.say("note.means", count=info.num_seeds)
    words = StepWords(
        style.say("spectrum.title"),
        (style.say("axis.eigenvalue"),),
        (style.say("hover.eigenvalue", value="%{y:.4~g}"),),
        step_notes(info, style, f"{style.say('note.ranks', last=num_others + 1)}  {means}"),
    )
    return step_figure(info, style, words, has_bands=False)
