"""Figures of a sweep: each value's line can be told, and what diverged is seen, on the page and on paper."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from muscope.backend.figures.sweep.draw import SweepCurve, SweepInfo, SweepPoint, sweep_figure, sweep_table
from muscope.backend.figures.sweep.names import SweepFigure
from muscope.backend.figures.theme import Style, YScale
from muscope.backend.report.svg.draw import draw


def curve(value: float, losses: dict[float, float | None]) -> SweepCurve:
    """A curve whose rates without a loss diverged."""
    points = tuple(SweepPoint(lr, loss, 1, float(loss is None)) for lr, loss in losses.items())
    return SweepCurve(value, f"{value:g}", points, min(losses), False, 0.0)


SMALL = curve(96, {0.01: 4.0, 0.02: 3.9, 0.04: 4.1})
LARGE = curve(768, {0.01: 3.1, 0.02: None, 0.04: None})
INFO = SweepInfo("size", "loss", (SMALL, LARGE))


def drawn(info: SweepInfo = INFO, language: str = "en", scale: YScale = YScale.LINEAR) -> dict[str, Any]:
    figure: dict[str, Any] = sweep_figure(SweepFigure.LR_LOSS, info, Style(language, y_scale=scale)).to_dict()
    return figure


@pytest.mark.parametrize("scale", [YScale.LINEAR, YScale.LOG])
def test_diverged_rates_are_crosses_inside_the_picture_above_every_loss(scale):
    figure = drawn(scale=scale)
    line = figure["data"][1]
    crosses = [y for y, mark in zip(line["y"], line["marker"]["symbol"], strict=True) if mark == "x" and y]
    low, high = figure["layout"]["yaxis"]["range"]
    heights = [math.log10(y) if scale is YScale.LOG else y for y in crosses]

    assert len(heights) == 2
    assert all(low < height < high for height in heights)
    assert min(crosses) > 4.1


def test_a_cross_is_joined_to_nothing():
    line = drawn()["data"][1]

    assert line["y"][0] == 3.1
    assert [y is None for y in line["y"]] == [False, True, True, True, False, True, False]
    assert line["connectgaps"] is False


@pytest.mark.parametrize(("language", "title"), [("en", "Size"), ("ja", "大きさ")])
def test_the_legend_of_the_page_and_of_the_paper_names_every_value(language, title):
    figure = drawn(language=language)
    paper = re.findall(r">([^<>]+)</text>", str(draw(figure, "f", "Figure")))

    assert figure["layout"]["legend"]["title"]["text"].strip() == title
    assert [trace["showlegend"] for trace in figure["data"]] == [True, True]
    assert {title, "96", "768"} <= set(paper)


def test_a_line_has_a_gap_at_a_rate_that_diverged_between_two_that_did_not():
    line = drawn(INFO._replace(curves=(SMALL, curve(768, {0.01: 3.1, 0.02: None, 0.04: 3.3}))))["data"][1]

    assert line["y"][:3] == [3.1, None, 3.3]


def test_a_single_line_needs_no_legend():
    assert [trace["showlegend"] for trace in drawn(INFO._replace(curves=(SMALL,)))["data"]] == [False]


@pytest.mark.parametrize("name", SweepFigure)
def test_a_column_of_values_is_not_called_a_logarithm(name):
    assert sweep_table(name, INFO, Style("en")).columns[0] == "Size"
