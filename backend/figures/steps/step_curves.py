"""Layout of figures over steps: one column per parametrization, one row per quantity, colour is width."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import axis_names, blank, centred, layout, note
from muscope.backend.figures.run_lines import run_traces
from muscope.backend.figures.steps.step_lines import Line, StepCurve, band, faint, line
from muscope.backend.figures.steps.step_range import step_axis, step_range
from muscope.backend.figures.theme import (
    DASHES,
    LEGEND_RANK,
    Style,
    YScale,
    colours,
    number,
    outlook,
    y_ticks,
)

__all__ = ["Column", "Line", "StepCurve", "StepInfo", "StepWords", "step_figure", "step_notes"]

LEVEL_WIDTH = 1.4
# More than this draw slowly; bands give way first.
MOST_TRACES = 18


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
    shown: tuple[int, ...] | None = None
    smoothing: float = 0.0

    @property
    def has_edge(self) -> bool:
        """Tell whether an edge of stability is known for the optimizer."""
        return all(math.isfinite(column.kappa) for column in self.columns)

    @property
    def missing(self) -> list[int]:
        """Return the widths wanted, all if none were chosen, that have no values yet."""
        found = {curve.width for curve in self.curves}
        return [w for w in (self.widths if self.shown is None else self.shown) if w not in found]

    def panel(self, curve: StepCurve) -> int:
        """Return the panel of a curve's axes, counted row by row."""
        arms = [column.parametrization for column in self.columns]
        return curve.row * len(arms) + arms.index(curve.parametrization)


class StepWords(NamedTuple):
    """Texts of a figure: its axes and hover texts, row by row, each with the unit; and why it is empty."""

    title: str
    axes: tuple[str, ...]
    hovers: tuple[str, ...]
    notes: tuple[str, ...]
    empty: str | None = None


def step_figure(
    info: StepInfo,
    style: Style,
    words: StepWords,
    *,
    levels: Sequence[float] = (),
    level_words: Sequence[str] = (),
    has_bands: bool = True,
) -> go.Figure:
    """Return the figure; `levels` are horizontal lines, one per column, which the vertical axis reaches."""
    y_range = step_range(info.curves, style.y_scale, levels if info.curves else (), has_bands=has_bands)
    made = _layout(info, style, words, y_range)
    drawn = {info.panel(curve) for curve in info.curves}
    made["shapes"] += _level_lines(style, levels, drawn)
    labels = _level_labels(style, levels, level_words, drawn)
    made["annotations"] += [*labels, *note(style, words.notes)]
    top = 10 ** y_range[1] if style.y_scale is YScale.LOG else y_range[1]
    return figure_of(list(_traces(info, style, words, top, has_bands=has_bands)), made)


def step_notes(info: StepInfo, style: Style, *lines: str) -> tuple[str, ...]:
    """Return what must be known to read the figure right; `lines` say how its own lines are meant."""
    if not info.curves:
        return ()
    has_each = any(curve.runs.each for curve in info.curves)
    key = "note.each" if has_each else "note.band"
    parts = list(lines) or [style.say(key, count=info.num_seeds)]
    if any(curve.raw is not None for curve in info.curves):
        parts.append(style.say("note.smoothed", percent=number(100 * info.smoothing)))
    if any(curve.diverged_at for curve in info.curves):
        parts.append(style.say("note.remaining"))
    counted = (("note.hidden", info.num_hidden), ("note.unconverged", info.num_unconverged))
    marks = [style.say(key, count=count) for key, count in counted if count]
    marks += outlook(style, info.missing)
    return (*parts, "  ".join(marks)) if marks else tuple(parts)


def _layout(info: StepInfo, style: Style, words: StepWords, y_range: tuple[float, float]) -> dict[str, Any]:
    headers = [f"{style.arm(column.parametrization)} · η = {number(column.lr)}" for column in info.columns]
    x = step_axis(info.first_step, info.last_step, style)
    y = {"type": style.y_scale, "range": plain(y_range)} | y_ticks(*y_range, style.y_scale)
    made = layout(style, words.title, headers, x, y, row_titles=words.axes)
    made["annotations"] += _messages(info, style, words)
    return made


def _traces(
    info: StepInfo, style: Style, words: StepWords, top: float, *, has_bands: bool
) -> Iterator[dict[str, Any]]:
    shown = set[int]()
    has_room = 3 * len(info.curves) <= MOST_TRACES
    for curve in info.curves:
        x, y = axis_names(info.panel(curve))
        colour, dash = colours(info.widths)[curve.width], DASHES[curve.parametrization]
        group = {"xaxis": x, "yaxis": y, "type": "scatter", "legendgroup": str(curve.width)}
        behind = curve.others if curve.raw is None else (curve.raw, *curve.others)
        if behind:
            yield group | faint(behind, colour, dash)
        if has_bands and not curve.others and not curve.runs.each and (not behind or has_room):
            yield group | band(curve, colour)
        runs = run_traces(curve.runs, curve.parametrization, curve.width, colour, style)
        yield from (group | trace for trace in runs)
        yield (
            group
            | line(curve, info.num_seeds, style, words.hovers[curve.row], top)
            | {
                "name": str(curve.width),
                "legendrank": LEGEND_RANK + info.widths.index(curve.width),
                "showlegend": curve.width not in shown,
                "line": {"color": colour, "width": 2, "dash": dash},
            }
        )
        shown.add(curve.width)
    drawn = {info.panel(curve) for curve in info.curves}
    indices = range(len(words.axes) * len(info.columns))
    yield from (blank(index) for index in indices if index not in drawn)


def _level_lines(style: Style, levels: Sequence[float], drawn: Set[int]) -> Iterator[dict[str, Any]]:
    """Yield the lines of the columns that show something: over an empty one it would cross its message."""
    for index, level in enumerate(levels):
        if index not in drawn:
            continue
        x, y = axis_names(index)
        height = float(f"{level:.6g}")
        yield {
            "type": "line", "xref": f"{x} domain", "x0": 0, "x1": 1, "yref": y, "y0": height, "y1": height,
            "layer": "above", "line": {"color": style.shades.ink, "width": LEVEL_WIDTH},
        }  # fmt: skip


def _level_labels(
    style: Style, levels: Sequence[float], words: Sequence[str], drawn: Set[int]
) -> Iterator[dict[str, Any]]:
    for index, (level, text) in enumerate(zip(levels, words, strict=True)):
        if index not in drawn:
            continue
        x, y = axis_names(index)
        # Unlike a shape, an annotation on a logarithmic axis wants the exponent.
        position = math.log10(level) if style.y_scale is YScale.LOG else level
        yield {
            "text": text, "showarrow": False, "xref": f"{x} domain", "x": 1,
            "xanchor": "right", "yref": y, "y": float(f"{position:.6g}"), "yanchor": "bottom", "yshift": 2,
            "bgcolor": style.shades.paper, "opacity": 0.85,
            "font": {"size": 12, "color": style.shades.ink},
        }  # fmt: skip


def _messages(info: StepInfo, style: Style, words: StepWords) -> Iterator[dict[str, Any]]:
    if not info.curves:
        yield centred(style, words.empty or style.say("empty"))
        return
    for index in range(len(words.axes) * len(info.columns)):
        curves = [curve for curve in info.curves if info.panel(curve) == index]
        if not curves:
            yield centred(style, words.empty or style.say("empty"), index)
        elif not any(math.isfinite(value) for curve in curves for value in curve.mean.values):
            yield centred(style, style.say("all_diverged"), index)
