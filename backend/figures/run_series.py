"""One metric of one run against the step: a line for each component, and where the run diverged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, layout
from muscope.backend.figures.theme import DASHES, Style, YScale, colours, padded_range, y_ticks

# Each component is fainter than the one before: the largest eigenvalue stands out.
FADING = 0.75


class RunSeries(NamedTuple):
    """Points of one metric, one list of values per component; NaN from the divergence on."""

    metric: Metric
    unit: str
    parametrization: Parametrization
    width: int
    widths: tuple[int, ...]
    steps: Sequence[int]
    components: tuple[Sequence[float], ...]
    last_step: int
    diverged_at: int | None = None


def run_figure(info: RunSeries, style: Style) -> go.Figure:
    """Return the figure; its vertical axis is logarithmic where every value is positive."""
    values = [value for line in info.components for value in line]
    scale = YScale.LOG if all(not value <= 0 for value in values) else YScale.LINEAR
    low, high = padded_range(values, scale)
    title = style.say("run.title", metric=style.metric(info.metric))
    axis = style.say("run.axis", metric=style.metric(info.metric), unit=style.say(f"unit.{info.unit}"))
    x = {
        "title": style.say("axis.step"),
        "range": [-0.02 * info.last_step, 1.02 * info.last_step],
        "nticks": 6,
    }
    y = {"title": axis, "type": scale.value, "range": [low, high], **y_ticks(low, high, scale)}
    made = layout(style, title, [""], x, y)
    made["showlegend"] = False
    if info.diverged_at is not None:
        made["shapes"] = [_divergence(info.diverged_at, style)]
        made["annotations"] = [*made["annotations"], _words(info, info.diverged_at, style)]
    return figure_of(_traces(info, style) or [blank(0)], made)


def _traces(info: RunSeries, style: Style) -> list[dict[str, object]]:
    words = f"{style.say('axis.step')} %{{x}}: %{{y:.4~g}}<extra></extra>"
    line = {"color": colours(info.widths)[info.width], "dash": DASHES[info.parametrization], "width": 2}
    return [
        {
            "type": "scatter", "x": list(info.steps), "y": plain(component), "mode": "lines+markers",
            "marker": {"size": 4 if len(info.steps) <= 40 else 1}, "line": line, "opacity": FADING**rank,
            "connectgaps": False, "hovertemplate": words,
        }
        for rank, component in enumerate(info.components)
    ]  # fmt: skip


def _divergence(step: int, style: Style) -> dict[str, object]:
    x, _ = axis_names(0)
    line = {"color": style.shades.muted, "width": 1.5, "dash": "dot"}
    return {
        "type": "line",
        "xref": x,
        "yref": "paper",
        "x0": step,
        "x1": step,
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _words(info: RunSeries, step: int, style: Style) -> dict[str, object]:
    is_early = 2 * step <= info.last_step  # the words go where there is room for them
    return {
        "text": style.say("run.diverged", step=step), "showarrow": False, "xref": "x", "x": step,
        "xanchor": "left" if is_early else "right", "yref": "paper", "y": 1, "yanchor": "bottom",
        "font": {"size": 12, "color": style.shades.muted},
    }  # fmt: skip
