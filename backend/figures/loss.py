"""Loss against the step per width, at one LR."""

from __future__ import annotations

import plotly.graph_objects as go

from backend.domain.experiment import Loss
from backend.domain.metrics import Metric
from backend.figures.encode import figure_of
from backend.figures.step_curves import StepInfo, step_layout, step_notes, step_traces
from backend.figures.theme import Style, note


def loss_figure(info: StepInfo, metric: Metric, loss: Loss, style: Style) -> go.Figure:
    """Return the figure of train or validation loss."""
    unit = style.say(f"unit.{loss}")
    made = step_layout(info, style, style.say(f"loss.title.{metric}"), style.say(f"axis.{metric}", unit=unit))
    made["annotations"] += note(style, step_notes(info, style))
    words = style.say("hover.loss", value="%{y:.4~g}", unit=unit)
    return figure_of(list(step_traces(info, style, words)), made)
