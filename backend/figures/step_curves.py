"""What sharpness and loss share: mean and band over seeds by step, one column per parametrization."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from backend.domain.parametrization import Parametrization
from backend.figures.encode import plain
from backend.figures.theme import (
    BAND_OPACITY,
    DASHES,
    Style,
    YScale,
    axis_names,
    blank,
    centred,
    colours,
    layout,
    number,
    outlook,
    padded_range,
    y_ticks,
)

# How far below the smallest mean a logarithmic axis shows the band.
DEEPEST = 0.3


class Line(NamedTuple):
    """Points of a line; a value of NaN is a gap."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


class StepCurve(NamedTuple):
    """One width at the chosen LR; `num_seeds` stands beside every point of the mean."""

    parametrization: Parametrization
    width: int
    mean: Line
    low: Line
    high: Line
    num_seeds: tuple[int, ...]
    diverged_at: tuple[int, ...] = ()


class Column(NamedTuple):
    """One parametrization with the LR its runs were chosen by; the edge of stability is at kappa/lr."""

    parametrization: Parametrization
    lr: float
    kappa: float = 2.0


class StepInfo(NamedTuple):
    """Everything such a figure shows; `curves` may lack widths that have no values yet."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    first_step: int
    last_step: int
    num_seeds: int
    curves: tuple[StepCurve, ...]
    num_hidden: int = 0
    num_unconverged: int = 0


def step_layout(
    info: StepInfo, style: Style, title: str, y_title: str, *, also: Sequence[float] = ()
) -> dict[str, Any]:
    """Return the layout of a figure over steps; its vertical axis reaches the values in `also` too."""
    headers = [f"{style.arm(column.parametrization)} · η = {number(column.lr)}" for column in info.columns]
    x = {
        "title": style.say("axis.step"),
        "type": "linear",
        "range": [info.first_step, info.last_step],
        "nticks": 6,
        "tickformat": "~s" if info.last_step >= 100_000 else "d",
    }
    means = [value for curve in info.curves for value in curve.mean.values if value > 0]
    edges = [value for curve in info.curves for line in (curve.low, curve.high) for value in line.values]
    # One batch that a seed happens to fit would stretch a logarithmic axis over decades.
    lowest = DEEPEST * min(means) if means and style.y_scale is YScale.LOG else -math.inf
    y_range = padded_range([*edges, *means, *also], style.y_scale, lowest=lowest)
    y = {"title": y_title, "type": style.y_scale, "range": plain(y_range)}
    y |= y_ticks(*y_range, style.y_scale)
    made = layout(style, title, headers, x, y)
    made["annotations"] += _messages(info, style)
    return made


def step_traces(info: StepInfo, style: Style, value_words: str) -> Iterator[dict[str, Any]]:
    """Yield a band and a line per curve; `value_words` names value and unit in the hover text."""
    shown = set[int]()
    arms = [column.parametrization for column in info.columns]
    for curve in info.curves:
        x, y = axis_names(arms.index(curve.parametrization))
        colour = colours(info.widths)[curve.width]
        group = {"xaxis": x, "yaxis": y, "type": "scatter", "legendgroup": str(curve.width)}
        yield group | _band(curve, colour)
        yield (
            group
            | _line(curve, info, style, value_words)
            | {
                "name": str(curve.width),
                "showlegend": curve.width not in shown,
                "line": {"color": colour, "width": 2, "dash": DASHES[curve.parametrization]},
            }
        )
        shown.add(curve.width)
    drawn = {curve.parametrization for curve in info.curves}
    yield from (blank(place) for place, arm in enumerate(arms) if arm not in drawn)


def step_notes(info: StepInfo, style: Style) -> list[str]:
    """Return what must be known to read the figure right."""
    if not info.curves:
        return []
    parts = [style.say("note.band", count=info.num_seeds)]
    if any(curve.diverged_at for curve in info.curves):
        parts.append(style.say("note.remaining"))
    counted = (("note.hidden", info.num_hidden), ("note.unconverged", info.num_unconverged))
    marks = [style.say(key, count=count) for key, count in counted if count]
    missing = [width for width in info.widths if width not in {curve.width for curve in info.curves}]
    marks += outlook(style, missing)
    return parts + (["  ".join(marks)] if marks else [])


def _line(curve: StepCurve, info: StepInfo, style: Style, value_words: str) -> dict[str, Any]:
    """Return the mean; its last points are the × where seeds diverged, each after a gap."""
    steps: list[float] = list(curve.mean.steps)
    values, counts = list(curve.mean.values), list(curve.num_seeds)
    num_points = len(steps)
    for step, value in _divergences(curve):
        steps += [math.nan, step]
        values += [math.nan, value]
        counts += [0, counts[curve.mean.steps.index(step)]]
    dot = 5 if num_points <= 40 else 0
    line: dict[str, Any] = {
        "x": plain(steps),
        "y": plain(values),
        "mode": "lines+markers" if dot or len(steps) > num_points else "lines",
        "connectgaps": False,
    }
    if line["mode"] == "lines+markers":
        crosses = len(steps) - num_points
        line["marker"] = {
            "symbol": ["circle"] * num_points + ["x"] * crosses,
            "size": [dot] * num_points + [8] * crosses,
            "opacity": 1,
            "line": {"width": 0},
        }
        line["marker"] = line["marker"] if crosses else {"symbol": "circle", "size": dot}
    has_lost = any(count != info.num_seeds for count in counts)
    if has_lost:
        line["customdata"] = counts
    seeds = style.say(
        "hover.seeds", count="%{customdata}" if has_lost else info.num_seeds, total=info.num_seeds
    )
    head = f"{style.say('hover.width', width=curve.width)} · {style.arm(curve.parametrization)}"
    body = [head, style.say("hover.step", step="%{x:d}"), value_words, seeds]
    return line | {"hovertemplate": "<br>".join(body) + "<extra></extra>"}


def _divergences(curve: StepCurve) -> Iterator[tuple[int, float]]:
    """Yield where seeds diverged: at the mean of those that remain, else at its last value."""
    for step in sorted(set(curve.diverged_at)):
        if step not in curve.mean.steps:
            continue
        place = curve.mean.steps.index(step)
        known = [value for value in curve.mean.values[: place + 1] if math.isfinite(value)]
        if known:
            yield step, known[-1]


def _band(curve: StepCurve, colour: str) -> dict[str, Any]:
    """Return the smallest and largest seed as closed areas, one per stretch without a gap."""
    xs: list[float] = []
    ys: list[float] = []
    for low, high in zip(_stretches(curve.low), _stretches(curve.high), strict=True):
        if xs:
            xs.append(math.nan)
            ys.append(math.nan)
        xs += [*(step for step, _ in high), *(step for step, _ in reversed(low))]
        ys += [*(value for _, value in high), *(value for _, value in reversed(low))]
    return {
        "x": plain(xs), "y": plain(ys), "mode": "lines", "fill": "toself", "fillcolor": colour,
        "line": {"width": 0, "color": colour}, "opacity": BAND_OPACITY,
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _stretches(line: Line) -> list[Sequence[tuple[int, float]]]:
    points = zip(line.steps, line.values, strict=True)
    groups = groupby(points, key=lambda point: math.isfinite(point[1]))
    return [tuple(group) for is_finite, group in groups if is_finite]


def _messages(info: StepInfo, style: Style) -> Iterator[dict[str, Any]]:
    if not info.curves:
        yield centred(style, style.say("empty"))
        return
    for place, column in enumerate(info.columns):
        curves = [curve for curve in info.curves if curve.parametrization is column.parametrization]
        if not curves:
            yield centred(style, style.say("empty"), place)
        elif not any(math.isfinite(value) for curve in curves for value in curve.mean.values):
            yield centred(style, style.say("all_diverged"), place)
