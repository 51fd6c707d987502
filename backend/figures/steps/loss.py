"""Loss against the step per width, at one LR."""

from __future__ import annotations

import plotly.graph_objects as go

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.steps.step_curves import StepInfo, StepWords, step_figure, step_notes
from muscope.backend.figures.theme import Style


def loss_figure(info: StepInfo, metric: Metric, loss: Loss, style: Style) -> go.Figure:
    """Return the figure of train or validation loss."""
    unit = style.say(f"unit.{loss}")
    words = StepWords(
        style.say(f"loss.title.{metric}"),
        (style.say(f"axis.{metric}", unit=unit),),
        (style.say("hover.loss", value="%{y:.4~g}", unit=unit),),
        step_notes(info, style),
    )
    return step_figure(info, style, words)
