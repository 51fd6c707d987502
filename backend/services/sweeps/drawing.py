"""Figures of stored sweeps as JSON, and their numbers; Plotly is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from muscope.backend.errors import NotFound
from muscope.backend.figures.names import Band, Sampling
from muscope.backend.figures.sweep.names import SweepFigure
from muscope.backend.figures.theme import Mode, Style, YScale
from muscope.backend.services.context import Context
from muscope.backend.services.figures.cached_json import TableView
from muscope.backend.services.sweeps.store import get_sweep
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.answers.drawn import DrawnAxis, DrawnCurve
from muscope.backend.sweeps.answers.pool import level_text
from muscope.backend.sweeps.described import SweepReading

if TYPE_CHECKING:
    from muscope.backend.figures.sweep.draw import SweepInfo


class SweepWish(NamedTuple):
    """Figure that is asked for: one of the reading's `axes`, one of its strata, and how it looks."""

    name: SweepFigure
    language: str
    axis: int = 0
    stratum: int = 0
    mode: Mode = Mode.LIGHT
    y_scale: YScale = YScale.LINEAR

    @property
    def style(self) -> Style:
        """Return the look of the figure."""
        return Style(self.language, self.mode, self.y_scale)


def sweep_figure_json(context: Context, owner_id: str, sweep_id: UUID, wish: SweepWish) -> bytes:
    """Return `{"figure": …, "meta": …}`; raises NotFound for a sweep or an axis that is not there."""
    return figure_of_reading(get_sweep(context, owner_id, sweep_id).reading, wish)


def figure_of_reading(reading: SweepReading, wish: SweepWish) -> bytes:
    """Return `{"figure": …, "meta": …}` of one axis; raises NotFound for one that is not there."""
    from muscope.backend.figures.encode import to_json
    from muscope.backend.figures.sweep.draw import sweep_figure

    info = _info(reading, wish)
    figure = sweep_figure(wish.name, info, wish.style)
    num_points = sum(len(curve.points) for curve in info.curves)
    meta = {
        "title": figure.layout.title.text, "description": wish.style.say(f"sweep.{wish.name}.description"),
        "lr": {}, "lr_index": None, "lrs_with_values": [], "step": None, "n_raw": num_points,
        "n_returned": num_points, "method": Sampling.ALL, "n_hidden": 0, "band": Band.NONE, "committed": {},
    }  # fmt: skip
    return to_json(figure, meta)


def sweep_figure_table(context: Context, owner_id: str, sweep_id: UUID, wish: SweepWish) -> TableView:
    """Return the numbers that the figure draws; raises NotFound."""
    from muscope.backend.figures.sweep.draw import sweep_table

    sweep = get_sweep(context, owner_id, sweep_id)
    table = sweep_table(wish.name, _info(sweep.reading, wish), wish.style)
    title = wish.style.say(f"sweep.{wish.name}.title")
    return TableView(sweep.name, title, table.columns, table.rows, table.as_csv())


def _info(reading: SweepReading, wish: SweepWish) -> SweepInfo:
    from muscope.backend.figures.sweep.draw import SweepCurve, SweepInfo, SweepPoint

    if reading.answer is None or wish.axis >= len(reading.axes):
        raise NotFound("sweep.no_axis", given=wish.axis, count=len(reading.axes))
    axis = reading.axes[wish.axis]
    stratum = axis.strata[min(wish.stratum, len(axis.strata) - 1)]
    costs = _costs(reading.answer, axis, dict(stratum.held))

    def curve(each: DrawnCurve) -> SweepCurve:
        points = tuple(SweepPoint(p.lr, p.loss, p.num_runs, p.diverged) for p in each.points)
        label, cost = level_text(each.value), costs.get(each.value)
        return SweepCurve(each.value, label, points, each.best_lr, each.is_edge, cost)

    return SweepInfo(axis.axis, reading.answer.metric, tuple(map(curve, stratum.curves)))


def _costs(answer: SweepAnswer, drawn: DrawnAxis, held: dict[str, float | str]) -> dict[float | str, float]:
    """Return the cost of reuse by target, under the conditions that are shown; at the base it is 0."""
    costs: dict[float | str, float] = {}
    axes = [axis for arm in answer.arms if arm.arm == drawn.arm for axis in arm.axes]
    for comparison in (c for axis in axes if axis.axis == drawn.axis for c in axis.comparisons):
        for pair in comparison.strata or (comparison,):
            if comparison.strata and pair.held != held:
                continue
            if pair.measures.cost.value is not None:
                costs.setdefault(pair.base, 0.0)
                costs[pair.target] = pair.measures.cost.value
    return costs
