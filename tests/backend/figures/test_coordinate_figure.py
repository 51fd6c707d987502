"""The figure of the coordinate check: in every state and style, and what it marks."""

from __future__ import annotations

import itertools

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.coordinate_check import CoordinateInfo, CoordinateLine, coordinate_figure
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.figures.theme import Mode, Style, YScale, colours
from tests.backend.figures.infos import ARMS, WIDTHS, drawn, texts

STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
PARTS = (Part.INPUT, Part.HIDDEN, Part.OUTPUT)


def info(**changes) -> CoordinateInfo:
    """Return level changes under µP, and under NTP changes that fall as width^-½."""
    lines = tuple(
        line(arm, part, num_updates, 0.0 if arm is Parametrization.MUP else -0.5)
        for arm in ARMS
        for part in PARTS
        for num_updates in (1, 3)
    )
    return CoordinateInfo(tuple(Column(arm, 0.25) for arm in ARMS), WIDTHS, 5, lines)._replace(**changes)


def line(arm: Parametrization, part: Part, num_updates: int, slope: float) -> CoordinateLine:
    means = tuple(0.01 * num_updates * width**slope for width in WIDTHS)
    low, high = (tuple(by * mean for mean in means) for by in (0.8, 1.5))
    return CoordinateLine(arm, part, num_updates, WIDTHS, means, low, high, (5,) * len(WIDTHS), slope)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_check_is_drawn_whole_partial_and_empty(style: Style):
    for lines in (info().lines, info().lines[:6], ()):
        content = drawn(coordinate_figure(info(lines=lines), style))

        has_message = len(lines) < len(info().lines)
        assert (("No values" in texts(content)) == has_message) or style.language != "en"


def test_parts_are_rows_and_points_have_the_colour_of_their_width():
    content = drawn(coordinate_figure(info(), Style("en")))

    layout = content["layout"]
    titles = [layout[f"yaxis{index}"]["title"]["text"] for index in ("", 3, 5)]
    assert titles == ["First layer, mean |Δh|", "Readout input, mean |Δh|", "Output, mean |Δf|"]
    points, expected = content["data"][:2]
    assert points["y"] == [*[0.01] * 4, None, *[0.03] * 4]
    assert points["marker"]["color"][5:] == [colours(WIDTHS)[width] for width in WIDTHS]
    assert points["marker"]["size"] == [5] * 5 + [8] * 4
    assert points["error_y"]["array"] == [0] * 5 + [0.015] * 4
    assert points["error_y"]["arrayminus"] == [0] * 5 + [0.006] * 4
    assert (expected["line"]["dash"], expected["y"]) == ("dot", [0.03] * 4)


def test_the_expected_slope_runs_through_the_middle_of_what_was_measured():
    content = drawn(coordinate_figure(info(), Style("en")))

    (under_ntp,) = [t for t in content["data"] if t.get("yaxis") == "y2" and t["line"]["dash"] == "dot"]
    assert under_ntp["y"] == pytest.approx([0.03 * width**-0.5 for width in WIDTHS], rel=1e-5)


def test_attention_logits_are_a_row_of_their_own_where_there_are_any():
    logits = line(Parametrization.MUP, Part.LOGITS, 3, -0.5)

    content = drawn(coordinate_figure(info(lines=(*info().lines, logits)), Style("en")))

    assert content["layout"]["yaxis5"]["title"]["text"] == "Attention, mean |Δ|"
    assert "dotted" in texts(content).lower()
