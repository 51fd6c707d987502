"""Loss against training compute: every size at its own best LR, and at the reused one, on the same axes.

Compute is that of one run, in flops as the cost model counts them; colour is width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.steps.step_curves import MOST_TRACES, StepCurve
from muscope.backend.figures.steps.step_lines import band, line
from muscope.backend.figures.steps.step_range import step_range
from muscope.backend.figures.theme import (
    DASHES,
    LEGEND_RANK,
    Style,
    YScale,
    colours,
    number,
    outlook,
    padded_range,
    y_ticks,
)


class Rate(StrEnum):
    """Columns: the LR that a size is shown at."""

    BEST = "best"
    REUSED = "reused"


class ComputeCurve(NamedTuple):
    """One size at one LR; the curve's steps are flops of one run."""

    rate: Rate
    lr: float
    curve: StepCurve


class LossComputeInfo(NamedTuple):
    """Everything the figure shows; `reused_lr` is None as long as the base has no optimum."""

    parametrization: Parametrization
    widths: tuple[int, ...]
    metric: Metric
    loss: Loss
    num_seeds: int
    reused_lr: float | None
    curves: tuple[ComputeCurve, ...]
    shown: tuple[int, ...]

    def of(self, rate: Rate) -> list[ComputeCurve]:
        """Return the curves of a column, small to large."""
        return [each for each in self.curves if each.rate is rate]


def loss_compute_figure(info: LossComputeInfo, style: Style) -> go.Figure:
    """Return the figure; compute is always logarithmic."""
    drawn = [each.curve for each in info.curves]
    has_bands = 2 * len(drawn) <= MOST_TRACES
    y_range = step_range(drawn, style.y_scale, (), has_bands=has_bands)
    unit = style.say(f"unit.{info.loss}")
    made = layout(
        style,
        style.say(f"loss_compute.title.{info.metric}"),
        _headers(info, style),
        _x_axis(info, style),
        {
            "title": style.say(f"axis.{info.metric}", unit=unit), "type": style.y_scale,
            "range": plain(y_range), **y_ticks(*y_range, style.y_scale),
        },
    )  # fmt: skip
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    top = 10 ** y_range[1] if style.y_scale is YScale.LOG else y_range[1]
    traces = list(_traces(info, style, top, has_bands=has_bands))
    empty = [blank(index) for index, rate in enumerate(Rate) if not info.of(rate)]
    return figure_of([*traces, *empty], made)


def _headers(info: LossComputeInfo, style: Style) -> list[str]:
    arm = style.arm(info.parametrization)
    lr = "–" if info.reused_lr is None else number(info.reused_lr)
    return [style.say("rate.best", arm=arm), style.say("rate.reused", arm=arm, lr=lr)]


def _x_axis(info: LossComputeInfo, style: Style) -> dict[str, Any]:
    flops = [step for each in info.curves for step in each.curve.mean.steps]
    low, high = padded_range(flops or [1.0, 10.0], YScale.LOG)
    return {
        "title": style.say("axis.compute"), "type": "log", "range": plain((low, high)),
        # Raised exponents are inline styles to the browser, which the page's policy forbids.
        "dtick": 1, "exponentformat": "e",
    }  # fmt: skip


def _traces(info: LossComputeInfo, style: Style, top: float, *, has_bands: bool) -> Iterator[dict[str, Any]]:
    unit = style.say(f"unit.{info.loss}")
    colour_of, dash = colours(info.widths), DASHES[info.parametrization]
    named = set[int]()
    for index, rate in enumerate(Rate):
        x, y = axis_names(index)
        for each in info.of(rate):
            width = each.curve.width
            group = {"xaxis": x, "yaxis": y, "type": "scatter", "legendgroup": str(width)}
            if has_bands:
                yield group | band(each.curve, colour_of[width])
            words = f"{style.say('hover.loss', value='%{y:.4~g}', unit=unit)}<br>η = {number(each.lr)}"
            at = style.say("hover.compute", value="%{x:.3~s}")
            yield (
                group
                | line(each.curve, info.num_seeds, style, words, top, at=at)
                | {
                    "name": str(width),
                    "legendrank": LEGEND_RANK + info.widths.index(width),
                    "showlegend": width not in named,
                    "line": {"color": colour_of[width], "width": 2, "dash": dash},
                }
            )
            named.add(width)


def _messages(info: LossComputeInfo, style: Style) -> Iterator[dict[str, Any]]:
    for index, rate in enumerate(Rate):
        curves = [each.curve for each in info.of(rate)]
        if not curves:
            yield centred(style, style.say(f"rate.{rate}.empty"), index)
        elif not any(math.isfinite(value) for curve in curves for value in curve.mean.values):
            yield centred(style, style.say("all_diverged"), index)


def _notes(info: LossComputeInfo, style: Style) -> list[str]:
    if not info.curves:
        return []
    key = "note.band" if 2 * len(info.curves) <= MOST_TRACES else "note.means"
    marks = [style.say("note.compute")]
    if any(each.curve.diverged_at for each in info.curves):
        marks.append(style.say("note.remaining"))
    found = {each.curve.width for each in info.curves}
    missing = outlook(style, [width for width in info.shown if width not in found])
    return [style.say(key, count=info.num_seeds), "  ".join(marks), *missing]
