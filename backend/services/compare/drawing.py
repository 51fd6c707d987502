"""Figures of compared experiments as JSON, and their numbers; Plotly is imported on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from muscope.backend.figures.compare.names import CompareFigure
from muscope.backend.figures.names import Band, Sampling
from muscope.backend.figures.theme import Mode, Style, YScale
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.cached_json import TableView
from muscope.backend.services.lookup import find_experiment

if TYPE_CHECKING:
    from muscope.backend.figures.compare.overlay import OverlayInfo


class Wanted(NamedTuple):
    """Figure that is asked for, and how it looks."""

    ids: Sequence[UUID]
    name: CompareFigure
    language: str
    mode: Mode = Mode.LIGHT
    y_scale: YScale = YScale.LOG

    @property
    def style(self) -> Style:
        """Return the look of the figure."""
        return Style(self.language, self.mode, self.y_scale)


def compare_figure(context: Context, owner_id: str, wanted: Wanted) -> bytes:
    """Return `{"figure": …, "meta": …}` of the values stored now; raises NotFound."""
    from muscope.backend.figures.compare.overlay import overlay_figure
    from muscope.backend.figures.encode import to_json

    info, style = _info(context, owner_id, wanted), wanted.style
    figure = overlay_figure(info, style)
    num_points = sum(len(curve.xs) for curve in info.curves)
    meta = {
        "title": figure.layout.title.text, "description": style.say(f"compare.{wanted.name}.description"),
        "lr": {}, "lr_index": None, "lrs_with_values": [], "step": None, "n_raw": num_points,
        "n_returned": num_points, "method": Sampling.FIRST_MIN_MAX_LAST, "n_hidden": 0, "band": Band.NONE,
        "committed": {},
    }  # fmt: skip
    return to_json(figure, meta)


def compare_table(context: Context, owner_id: str, wanted: Wanted, *, is_brief: bool) -> TableView:
    """Return the numbers that the figure draws; raises NotFound."""
    from muscope.backend.figures.compare.overlay import overlay_table

    style = wanted.style
    table = overlay_table(_info(context, owner_id, wanted), style, is_brief=is_brief)
    title = style.say(f"compare.{wanted.name}.title")
    return TableView("µScope", title, table.columns, table.rows, table.as_csv())


def _info(context: Context, owner_id: str, wanted: Wanted) -> OverlayInfo:
    from muscope.backend.services.compare.overlaying import overlay_info

    with context.database.read() as session:
        rows = [find_experiment(session, owner_id, each) for each in wanted.ids]
        return overlay_info([ExperimentEvidence(session, row) for row in rows], wanted.name)
