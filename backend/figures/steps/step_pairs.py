"""Two quantities of one unit against the step, one row each: what moves with the width, and what does not."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style


def ntk_hessian_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the largest NTK eigenvalue above the sharpness (arXiv 2402.17457, figure 2)."""
    return _pair(info, style, "ntk_hessian", ("ntk", "hessian"))


def curvature_split_figure(info: StepInfo, style: Style) -> go.Figure:
    """Return the largest eigenvalue of the Gauss-Newton part above that of the residual H - G."""
    return _pair(info, style, "curvature_split", ("gauss_newton", "residual"))


def _pair(info: StepInfo, style: Style, name: str, rows: tuple[str, str]) -> go.Figure:
    words = StepWords(
        style.say(f"{name}.title"),
        tuple(style.say(f"axis.{row}") for row in rows),
        tuple(style.say(f"hover.{row}", value="%{y:.4~g}") for row in rows),
        step_notes(info, style, style.say("note.means", count=info.num_seeds)),
    )
    return step_figure(info, style, words, has_bands=False)
