"""Spectral density of the Hessian at one step: which share of the eigenvalues lies in each bin, per width.

The horizontal axis is arsinh(λ / linear_limit): the bins of the spec are even steps of it, zero and negative
eigenvalues are visible, and far out it is logarithmic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.figures.theme import (
    DASHES,
    LEGEND_RANK,
    Style,
    colours,
    number,
    outlook,
    padded_range,
    y_ticks,
)

# Shares below are what quadrature leaves where there is no eigenvalue: one of ten million is above.
SMALLEST_SHARE = 1e-7
# Labels that fit side by side, over all columns.
MAX_TICKS = 10


class DensityCurve(NamedTuple):
    """One width: the mean share per bin, over so many seeds."""

    parametrization: Parametrization
    width: int
    shares: tuple[float, ...]
    num_seeds: int


class DensityInfo(NamedTuple):
    """Everything the figure shows; `edges` are the bins' borders, `step` is None before any measurement."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    edges: tuple[float, ...]
    linear_limit: float
    step: int | None
    num_seeds: int
    curves: tuple[DensityCurve, ...]
    shown: tuple[int, ...] | None = None

    @property
    def missing(self) -> list[int]:
        """Return the widths wanted, all if none were chosen, that have no values yet."""
        found = {curve.width for curve in self.curves}
        return [w for w in (self.widths if self.shown is None else self.shown) if w not in found]


def density_figure(info: DensityInfo, style: Style) -> go.Figure:
    """Return the figure."""
    indices = [math.asinh(edge / info.linear_limit) for edge in info.edges]
    step = "–" if info.step is None else info.step
    headers = [f"{style.arm(column.parametrization)} · η = {number(column.lr)}" for column in info.columns]
    shares = [share for curve in info.curves for share in curve.shares if share >= SMALLEST_SHARE]
    y_range = padded_range(shares, style.y_scale)
    y = {"title": style.say("axis.density"), "type": style.y_scale, "range": plain(y_range)}
    title = style.say("density.title", step=step)
    made = layout(style, title, headers, _x_axis(info, indices, style), y | y_ticks(*y_range, style.y_scale))
    made["annotations"] += [*_messages(info, style), *note(style, _notes(info, style))]
    return figure_of(list(_traces(info, indices, style)), made)


def _x_axis(info: DensityInfo, indices: Sequence[float], style: Style) -> dict[str, Any]:
    """Return an axis that shows the bins in use, with ticks at zero and at decades on both sides."""
    used = [
        index for curve in info.curves for index, share in enumerate(curve.shares) if share >= SMALLEST_SHARE
    ]
    first, last = (max(0, min(used) - 1), min(len(indices) - 2, max(used) + 1)) if used else (0, -2)
    low, high = indices[first], indices[last + 1]
    lowest, highest = (round(math.log10(abs(limit))) for limit in (info.linear_limit, info.edges[-1]))
    decades = [10.0**power for power in range(lowest, highest + 1)]
    ticks = [*(-decade for decade in reversed(decades)), 0.0, *decades]
    shown = [tick for tick in ticks if low <= math.asinh(tick / info.linear_limit) <= high]
    shown = _spaced(shown, info.linear_limit, (high - low) * len(info.columns) / MAX_TICKS)
    return {
        "title": style.say("axis.eigenvalue"), "type": "linear", "range": plain([low, high]),
        "tickmode": "array", "ticktext": [number(tick) for tick in shown],
        "tickvals": plain(math.asinh(tick / info.linear_limit) for tick in shown),
    }  # fmt: skip


def _spaced(ticks: Sequence[float], linear_limit: float, least: float) -> list[float]:
    """Drop ticks that are closer than `least` to one nearer to zero, which comes first."""
    kept: list[float] = []
    for tick in sorted(ticks, key=abs):
        index = math.asinh(tick / linear_limit)
        if all(abs(index - math.asinh(other / linear_limit)) >= least for other in kept):
            kept.append(tick)
    return sorted(kept)


def _traces(info: DensityInfo, indices: Sequence[float], style: Style) -> Iterator[dict[str, Any]]:
    arms, shown = [column.parametrization for column in info.columns], set[int]()
    for curve in info.curves:
        x, y = axis_names(arms.index(curve.parametrization))
        yield {
            **_steps(info, curve, indices, style),
            "type": "scatter", "mode": "lines", "connectgaps": False, "xaxis": x, "yaxis": y,
            "name": str(curve.width), "legendgroup": str(curve.width), "showlegend": curve.width not in shown,
            "legendrank": LEGEND_RANK + info.widths.index(curve.width),
            "line": {
                "color": colours(info.widths)[curve.width], "width": 2, "dash": DASHES[curve.parametrization]
            },
        }  # fmt: skip
        shown.add(curve.width)
    drawn = {curve.parametrization for curve in info.curves}
    yield from (blank(index) for index, arm in enumerate(arms) if arm not in drawn)


def _steps(info: DensityInfo, curve: DensityCurve, indices: Sequence[float], style: Style) -> dict[str, Any]:
    """Return a bin as a flat piece from border to border; a gap where it is empty."""
    xs: list[float] = []
    ys: list[float] = []
    texts: list[str] = []
    for index, share in enumerate(curve.shares):
        is_shown = share >= SMALLEST_SHARE
        xs += [indices[index], indices[index + 1]] if is_shown else [math.nan]
        ys += [share, share] if is_shown else [math.nan]
        low, high = (number(edge) for edge in info.edges[index : index + 2])
        texts += [style.say("hover.bin", low=low, high=high)] * 2 if is_shown else [""]
    head = f"{style.say('hover.width', width=curve.width)} · {style.arm(curve.parametrization)}"
    seeds = style.say("hover.seeds", count=curve.num_seeds, total=info.num_seeds)
    body = [head, "%{text}", style.say("hover.share", value="%{y:.3~g}"), seeds]
    template = "<br>".join(body) + "<extra></extra>"
    return {"x": plain(xs), "y": plain(ys), "text": texts, "hovertemplate": template}


def _messages(info: DensityInfo, style: Style) -> Iterator[dict[str, Any]]:
    if not info.curves:
        yield centred(style, style.say("empty"))
        return
    for index, column in enumerate(info.columns):
        curves = [curve for curve in info.curves if curve.parametrization is column.parametrization]
        if not curves:
            yield centred(style, style.say("empty"), index)
        elif not any(curve.num_seeds for curve in curves):
            yield centred(style, style.say("all_diverged"), index)


def _notes(info: DensityInfo, style: Style) -> list[str]:
    if not info.curves:
        return []
    return [style.say("note.density", count=info.num_seeds), *outlook(style, info.missing)]
