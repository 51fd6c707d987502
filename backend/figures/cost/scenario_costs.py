"""Scenarios side by side: what reuse costs under each, and what was answered, as their verdicts have it.

One row per scenario, with its name above its mark: names are sentences, too long for an axis.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import plotly.graph_objects as go

from muscope.backend.catalogue import text
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.figures.cost.cost_axis import (
    Unknown,
    cost_bars,
    cost_range,
    interval_words,
    share,
    size_words,
)
from muscope.backend.figures.encode import figure_of, plain
from muscope.backend.figures.layout import HEIGHT, PLOT_HEIGHT, blank, centred, layout, note
from muscope.backend.figures.theme import RAMP, Style

# Pixels of a scenario: its name, its answer and its mark.
ROW = 84
MARK = 12
# Symbols, so that an answer can be told without colour.
SYMBOLS = {
    Outcome.TRANSFERS: "circle",
    Outcome.SHARPNESS_DRIFTS: "circle-dot",
    Outcome.FINE_TUNE: "diamond",
    Outcome.DOES_NOT_TRANSFER: "x",
    Outcome.INCONCLUSIVE: "circle-open",
}


class ScenarioCost(NamedTuple):
    """One scenario in words, its answer, and the cost at the size that decides; None where unknown."""

    name: str
    outcome: Outcome
    size: Size | None = None
    axis: Axis = Axis.WIDTH
    cost: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    limit: float | None = None
    decides: bool = False


class ScenarioCostsInfo(NamedTuple):
    """Everything the figure shows, in the order of the plan."""

    scenarios: tuple[ScenarioCost, ...]
    unit: CostUnit
    is_interim: bool = False
    unknown: Unknown | None = None


def scenario_costs_figure(info: ScenarioCostsInfo, style: Style) -> go.Figure:
    """Return the figure; the first scenario of the plan is at the top."""
    known = [each for each in info.scenarios if each.cost is not None]
    values = [v for each in known for v in (each.cost, each.limit) if v is not None]
    ends = [end for each in known for end in (each.low, each.high)]
    count = len(info.scenarios)
    made = layout(
        style,
        style.say("scenario_costs.title"),
        [""],
        {
            "title": style.say(f"axis.reuse_cost.{info.unit}"), "tickformat": "~%", "nticks": 6,
            "range": cost_range(values, ends),
        },
        {"title": "", "range": [count - 0.5, -0.7], "showticklabels": False, "showgrid": False},
    )  # fmt: skip
    made["height"] = HEIGHT - PLOT_HEIGHT + ROW * max(count, 2)
    made["annotations"] += [_name(index, each, style) for index, each in enumerate(info.scenarios)]
    if info.unknown is not None:
        made["annotations"].append(centred(style, style.say(f"cost.{info.unknown}")))
    made["annotations"] += note(style, _notes(info, style))
    made["shapes"] += [
        _limit(index, each, style) for index, each in enumerate(info.scenarios) if each.limit is not None
    ]
    return figure_of([_marks(info, style)] if known else [blank(0)], made)


def _marks(info: ScenarioCostsInfo, style: Style) -> dict[str, Any]:
    rows = [(index, each) for index, each in enumerate(info.scenarios) if each.cost is not None]
    costs = [each.cost or 0.0 for _, each in rows]
    bars = cost_bars(costs, [each.low for _, each in rows], [each.high for _, each in rows])
    return {
        "type": "scatter", "mode": "markers", "showlegend": False,
        "x": plain(costs), "y": [index for index, _ in rows],
        "marker": {"symbol": [SYMBOLS[each.outcome] for _, each in rows], "size": MARK, "color": RAMP[0]},
        "error_x": bars | {"thickness": 2, "width": 5, "color": style.shades.muted},
        "hovertext": [_hover(each, style) for _, each in rows], "hoverinfo": "text",
    }  # fmt: skip


def _answer(each: ScenarioCost, style: Style) -> str:
    return text(f"ui.outcome.short.{each.outcome}", style.language)


def _hover(each: ScenarioCost, style: Style) -> str:
    size = [] if each.size is None else [size_words(each.size, (each.axis,), style)]
    cost = [style.say("hover.reuse_cost", value=share(each.cost or 0.0))]
    limit = [] if each.limit is None else [style.say("hover.cost_limit", value=share(each.limit))]
    ends = interval_words(each.low, each.high, each.level, style)
    return "<br>".join((each.name, _answer(each, style), *size, *cost, *ends, *limit))


def _name(index: int, each: ScenarioCost, style: Style) -> dict[str, Any]:
    key = "scenario_decides" if each.decides else "scenario_answer"
    words = style.say(key, scenario=each.name, answer=_answer(each, style))
    if each.cost is None:
        words = style.say("scenario_open", words=words)
    return {
        "text": words, "showarrow": False, "xref": "x domain", "x": 0, "xanchor": "left", "yref": "y",
        "y": index, "yanchor": "bottom", "yshift": 9, "align": "left",
        "font": {"size": 13, "color": style.shades.ink},
    }  # fmt: skip


def _limit(index: int, each: ScenarioCost, style: Style) -> dict[str, Any]:
    height = plain([each.limit or 0.0])[0]
    return {
        "type": "line", "xref": "x", "x0": height, "x1": height,
        "yref": "y", "y0": index - 0.2, "y1": index + 0.3,
        "layer": "below", "line": {"color": style.shades.ink, "width": 1.5, "dash": "dash"},
    }  # fmt: skip


def _notes(info: ScenarioCostsInfo, style: Style) -> list[str]:
    if info.unknown is not None:
        return []
    interim = [style.say("note.interim")] if info.is_interim else []
    return [style.say("note.verdict_numbers"), "  ".join([style.say("note.scenario_limit"), *interim])]
