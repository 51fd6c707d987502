"""Curves of several experiments in one figure: each is named by its own sizes, widths or ranks."""

from __future__ import annotations

import pytest

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.compare.names import CompareFigure
from muscope.backend.figures.compare.overlay import OverlayCurve, OverlayInfo, overlay_figure, overlay_table
from muscope.backend.figures.theme import Style

CURVES = tuple(OverlayCurve(number, 8, True, (0.1, 0.2), (2.0, 1.0)) for number in (0, 1))


def info(*of_rank: int) -> OverlayInfo:
    losses = ((Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY),)
    return OverlayInfo(CompareFigure.LR_LOSS, CURVES, losses, True, 10, frozenset(of_rank))


@pytest.mark.parametrize(
    ("language", "names"), [("en", ["A · Width 8", "B · Rank 8"]), ("ja", ["A · 幅 8", "B · ランク 8"])]
)
def test_each_experiment_is_named_by_its_own_sizes(language, names):
    assert [trace.name for trace in overlay_figure(info(1), Style(language)).data] == names


@pytest.mark.parametrize(("of_rank", "title"), [((), "Width"), ((1,), "Width"), ((0, 1), "Rank")])
def test_the_numbers_are_headed_by_ranks_where_all_are(of_rank, title):
    table = overlay_table(info(*of_rank), Style("en"), is_brief=True)
    assert title in table.columns
