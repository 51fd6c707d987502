"""Grid of all runs, size by learning rate: how good each cell became, and where runs diverged.

Every square says its loss and its diverged runs in text; the shade only helps to find the lowest ones. Colour
keeps its meaning (size) elsewhere, so the shade is neutral.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, lr_axis, point_hover
from muscope.backend.figures.theme import Mode, Style, mixed

# Shades from the highest to the lowest loss; text on each has a contrast of at least 4.5:1.
SHADES = {Mode.LIGHT: ("#f3f5f8", "#a9bccb"), Mode.DARK: ("#1d232c", "#3f5568")}
# Pixels: the largest square, and what all squares of a row take on a phone.
LARGEST, ROW = 36, 215
TEXT_SIZE = 10
BEST_LINE, LINE = 2.5, 1


def run_grid_figure(info: LrLossInfo, style: Style) -> go.Figure:
    """Return the figure; one column per parametrization, the smallest size at the bottom."""
    widths = info.widths if info.shown is None else info.shown
    made = layout(
        style,
        style.say(f"run_grid.title.{info.metric}"),
        [style.arm(arm) for arm in info.parametrizations],
        _rates(info, style),
        {
            "title": style.say("legend.width"), "type": "linear", "range": [-0.6, len(widths) - 0.4],
            "tickmode": "array", "tickvals": list(range(len(widths))), "ticktext": [str(w) for w in widths],
            "showgrid": False,
        },
    )  # fmt: skip
    arms = info.parametrizations
    found = {arm: [curve for curve in info.curves if curve.parametrization is arm] for arm in arms}
    traces = [
        _squares(info, found[arm], column, widths, style) if found[arm] else blank(column)
        for column, arm in enumerate(arms)
    ]
    made["annotations"] += [*_messages(found, style), *note(style, _notes(info, style))]
    return figure_of(traces, made)


def _rates(info: LrLossInfo, style: Style) -> dict[str, Any]:
    """Return an axis with one place for every LR, the same ones named as on a logarithmic axis."""
    ordered, named = sorted(info.lrs), lr_axis(info.lrs)
    places = [index for index, lr in enumerate(plain(ordered)) if lr in named["tickvals"]]
    return {
        "title": style.say("table.lr"), "type": "linear", "range": [-0.6, len(ordered) - 0.4],
        "tickmode": "array", "tickvals": places, "ticktext": named["ticktext"],
    }  # fmt: skip


def _squares(
    info: LrLossInfo, curves: Sequence[LrCurve], column: int, widths: Sequence[int], style: Style
) -> dict[str, Any]:
    x, y = axis_names(column)
    lrs = sorted(info.lrs)
    cells = [(curve, point) for curve in curves for point in curve.points]
    best = {curve.width: _best(curve) for curve in curves}
    is_best = [math.isfinite(point.mean) and point.mean == best[curve.width] for curve, point in cells]
    return {
        "type": "scatter", "mode": "markers+text", "xaxis": x, "yaxis": y, "showlegend": False,
        "x": [lrs.index(point.lr) for _, point in cells],
        "y": [widths.index(curve.width) for curve, _ in cells],
        "text": [_text(point) for _, point in cells],
        "textfont": {"size": TEXT_SIZE, "color": style.shades.ink},
        "marker": {
            "symbol": "square", "size": min(LARGEST, ROW // max(1, len(info.lrs))), "opacity": 1,
            "color": [_shade(info, point, style) for _, point in cells],
            "line": {
                "width": [BEST_LINE if best_one else LINE for best_one in is_best],
                "color": [style.shades.ink if one else style.shades.grid for one in is_best],
            },
        },
        "hovertext": [point_hover(curve, point, info, style) for curve, point in cells],
        "hoverinfo": "text",
    }  # fmt: skip


def _best(curve: LrCurve) -> float:
    """Return the lowest mean without a diverged seed; infinite if there is none."""
    means = [p.mean for p in curve.points if math.isfinite(p.mean) and not p.num_diverged]
    return min(means, default=math.inf)


def _text(point: LrPoint) -> str:
    if not math.isfinite(point.mean):
        return "×"
    loss = f"{point.mean:.2g}"
    return f"{loss}<br>×{point.num_diverged}" if point.num_diverged else loss


def _shade(info: LrLossInfo, point: LrPoint, style: Style) -> str:
    """Return the shade of a loss by its rank among all shown: a few high ones leave room for the others."""
    low, high = SHADES[style.mode]
    means = sorted(p.mean for curve in info.curves for p in curve.points if math.isfinite(p.mean))
    if not math.isfinite(point.mean) or len(means) < 2:
        return style.shades.paper
    return mixed(low, high, 1 - means.index(point.mean) / (len(means) - 1))


def _messages(found: dict[Parametrization, list[LrCurve]], style: Style) -> Iterator[dict[str, Any]]:
    if not any(found.values()):
        yield centred(style, style.say("empty"))
        return
    yield from (
        centred(style, style.say("empty"), i) for i, curves in enumerate(found.values()) if not curves
    )


def _notes(info: LrLossInfo, style: Style) -> list[str]:
    if not info.curves:
        return []
    return [
        style.say("note.run_grid", count=info.num_seeds),
        style.say("note.run_grid_diverged"),
    ]
