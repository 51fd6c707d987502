"""Numbers of the figures of costs as tables; see `figures.tables`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muscope.backend.catalogue import text
from muscope.backend.figures.cost.cost_size import CostSizeInfo
from muscope.backend.figures.cost.loss_compute import LossComputeInfo
from muscope.backend.figures.cost.predicted_seconds import PredictedInfo
from muscope.backend.figures.cost.scenario_costs import ScenarioCostsInfo
from muscope.backend.figures.tables import FigureTable, Value, named, spread, table_of
from muscope.backend.figures.theme import Style


def cost_size_table(info: CostSizeInfo, style: Style) -> FigureTable:
    """Return the cost of every size as a share; what was not measured says so."""
    names = named(
        style, "parametrization", "loss", "width", "depth", "growth", "reuse_cost", "from", "to", "limit",
        "measured",
    )  # fmt: skip

    def rows() -> Iterator[Sequence[Value]]:
        for line in info.lines:
            head = (style.arm(line.parametrization), style.metric(line.loss))
            for p in line.points:
                ends = (p.cost, p.low, p.high, p.limit, style.say("table.yes"))
                yield (*head, p.size.width, p.size.depth, info.growth(p.size), *ends)
            if (far := line.far) is not None:
                beyond = (far.cost, far.low, far.high, None, style.say("table.no"))
                yield (*head, None, None, far.growth, *beyond)

    return table_of(names, rows())


def loss_compute_table(info: LossComputeInfo, style: Style, *, is_brief: bool) -> FigureTable:
    """Return the curves over the flops of one run; briefly, evenly spread points of each."""
    names = named(
        style, "parametrization", "width", "rate", "lr", "compute", "value", "smallest", "largest", "seeds"
    )

    def rows() -> Iterator[Sequence[Value]]:
        for rate, lr, curve in info.curves:
            head = (style.arm(curve.parametrization), curve.width, style.say(f"table.rate.{rate}"), lr)
            lows = dict(zip(curve.low.steps, curve.low.values, strict=True))
            highs = dict(zip(curve.high.steps, curve.high.values, strict=True))
            for index in spread(len(curve.mean.steps), is_brief=is_brief):
                at = curve.mean.steps[index]
                ends = (lows.get(at), highs.get(at), curve.num_seeds[index])
                yield (*head, at, curve.mean.values[index], *ends)

    return table_of(names, rows())


def predicted_table(info: PredictedInfo, style: Style) -> FigureTable:
    """Return predicted and measured slot-seconds of every part that has ended."""
    names = named(
        style,
        "parametrization",
        "width",
        "depth",
        "stage",
        "cells",
        "predicted",
        "measured_seconds",
        "factor",
    )

    def rows() -> Iterator[Sequence[Value]]:
        for part in info.parts:
            size = (style.arm(part.parametrization), part.size.width, part.size.depth, part.stage + 1)
            yield (*size, part.num_cells, part.predicted, part.measured, part.measured / part.predicted)

    return table_of(names, rows())


def scenario_costs_table(info: ScenarioCostsInfo, style: Style) -> FigureTable:
    """Return the answer and the cost of every scenario."""
    names = named(
        style, "scenario", "answer", "decides", "width", "depth", "reuse_cost", "from", "to", "limit"
    )

    def rows() -> Iterator[Sequence[Value]]:
        for each in info.scenarios:
            answer = text(f"ui.outcome.short.{each.outcome}", style.language)
            decides = style.say("table.yes" if each.decides else "table.no")
            width, depth = (None, None) if each.size is None else each.size
            yield (each.name, answer, decides, width, depth, each.cost, each.low, each.high, each.limit)

    return table_of(names, rows())
