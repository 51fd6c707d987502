"""Curves over steps as traces: the mean with the × where seeds diverged, and the band around it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import plain
from muscope.backend.figures.run_lines import RunLines
from muscope.backend.figures.theme import BAND_OPACITY, Style

# Points are marked on lines with at most this many.
FEW_POINTS = 40
FAINT_OPACITY = 0.6


class Line(NamedTuple):
    """Points of a line; a value of NaN is a gap."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


class StepCurve(NamedTuple):
    """One width at the chosen LR; `num_seeds` stands beside every point of the mean.

    `row` is the figure's row, `others` are further lines of the same run that are drawn behind it. Where the
    mean is smoothed, `raw` is the mean as measured.
    """

    parametrization: Parametrization
    width: int
    mean: Line
    low: Line
    high: Line
    num_seeds: tuple[int, ...]
    diverged_at: tuple[int, ...] = ()
    row: int = 0
    others: tuple[Line, ...] = ()
    runs: RunLines = RunLines()
    raw: Line | None = None


def line(
    curve: StepCurve, total: int, style: Style, value_words: str, top: float, *, at: str | None = None
) -> dict[str, Any]:
    """Return the mean; its last points are the × where seeds diverged, each after a gap and below `top`.

    `at` are the words of a place on the horizontal axis; those of a step by default.
    """
    steps: list[float] = list(curve.mean.steps)
    values, counts = list(curve.mean.values), list(curve.num_seeds)
    num_points = len(steps)
    for step, value in _divergences(curve):
        steps += [math.nan, step]
        values += [math.nan, min(value, top)]
        counts += [0, counts[curve.mean.steps.index(step)]]
    dot = 5 if num_points <= FEW_POINTS else 0
    made: dict[str, Any] = {
        "x": plain(steps),
        "y": plain(values),
        "mode": "lines+markers" if dot or len(steps) > num_points else "lines",
        "connectgaps": False,
    }
    if made["mode"] == "lines+markers":
        crosses = len(steps) - num_points
        made["marker"] = {
            "symbol": ["circle"] * num_points + ["x"] * crosses,
            "size": [dot] * num_points + [8] * crosses,
            "opacity": 1,
            "line": {"width": 0},
        }
        made["marker"] = made["marker"] if crosses else {"symbol": "circle", "size": dot}
    has_lost = any(count != total for count in counts)
    if has_lost:
        made["customdata"] = counts
    seeds = style.say("hover.seeds", count="%{customdata}" if has_lost else total, total=total)
    head = f"{style.say('hover.width', width=curve.width)} · {style.arm(curve.parametrization)}"
    body = [head, at or style.say("hover.step", step="%{x:d}"), value_words, seeds]
    return made | {"hovertemplate": "<br>".join(body) + "<extra></extra>"}


def _divergences(curve: StepCurve) -> Iterator[tuple[int, float]]:
    """Yield where seeds diverged: at the mean of those that remain, else at its last value."""
    measured = curve.raw or curve.mean
    for step in sorted(set(curve.diverged_at)):
        if step not in measured.steps:
            continue
        index = measured.steps.index(step)
        known = [value for value in measured.values[: index + 1] if math.isfinite(value)]
        if known:
            yield step, known[-1]


def band(curve: StepCurve, colour: str) -> dict[str, Any]:
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


def faint(lines: Sequence[Line], colour: str, dash: str) -> dict[str, Any]:
    """Return further lines of a curve, thin and pale, as one trace."""
    steps = [step for line in lines for step in (*line.steps, math.nan)]
    values = [value for line in lines for value in (*line.values, math.nan)]
    return {
        "x": plain(steps[:-1]), "y": plain(values[:-1]), "mode": "lines", "opacity": FAINT_OPACITY,
        "line": {"color": colour, "width": 1, "dash": dash}, "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
