"""The figures over sizes in every state and style: marks, lines and words by what they mean."""

from __future__ import annotations

import itertools
import math

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.optimum_size import (
    FarPoint,
    OptimumInfo,
    OptimumLine,
    OptimumPoint,
    optimum_size_figure,
)
from muscope.backend.figures.sharpness_spread import SpreadInfo, sharpness_spread_figure
from muscope.backend.figures.steps.step_curves import Line
from muscope.backend.figures.theme import Mode, Style, YScale
from tests.backend.figures.infos import ARMS, drawn, step_info, texts

MUP, NTP = Parametrization.MUP, Parametrization.NTP
STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
STYLE = Style("en")
SIZES = tuple(Size(width, 2) for width in (16, 32, 64))
POINTS = (
    OptimumPoint(SIZES[0], 0.25, 0.2, 0.3, is_edge=False),
    OptimumPoint(SIZES[1], 0.26, 0.22, 0.31, is_edge=False),
    OptimumPoint(SIZES[2], 1.0, None, None, is_edge=True),
)
FAR = FarPoint(Size(256, 2), 0.27, 0.1, 0.7, 0.9)
LINES = tuple(OptimumLine(arm, Axis.WIDTH, POINTS, 0.25) for arm in ARMS)
OPTIMA = OptimumInfo(ARMS, (Axis.WIDTH,), SIZES[0], SIZES, 0.0625, 1.0, 0.9, LINES)
DEEP = Size(16, 4)
TWO_AXES = OPTIMA._replace(
    axes=(Axis.WIDTH, Axis.DEPTH),
    sizes=(*SIZES, DEEP),
    lines=tuple(
        line
        for arm in ARMS
        for line in (
            OptimumLine(arm, Axis.WIDTH, POINTS, 0.25),
            OptimumLine(arm, Axis.DEPTH, (POINTS[0], OptimumPoint(DEEP, 0.2, 0.1, 0.3, is_edge=False)), 0.25),
        )
    ),
)
OPTIMUM_STATES = {
    "whole": OPTIMA,
    "extrapolated": OPTIMA._replace(lines=(LINES[0]._replace(far=FAR), LINES[1])),
    "two axes": TWO_AXES,
    "partial": OPTIMA._replace(lines=(LINES[0]._replace(points=POINTS[:1]), LINES[1]._replace(points=()))),
    "empty": OPTIMA._replace(lines=tuple(line._replace(points=(), reused_lr=None) for line in LINES)),
}
NO_STEPS = Line((), ())
STEPS = step_info()
SPREAD = SpreadInfo(STEPS, (Line((30,), (0.9,)), *(NO_STEPS for _ in STEPS.curves[1:])), 1.5, 128)
SPREAD_STATES = {
    "whole": SPREAD,
    "empty": SPREAD._replace(steps=step_info(curves=()), unjudged=()),
    "partial": SPREAD._replace(steps=step_info(curves=STEPS.curves[:2]), unjudged=SPREAD.unjudged[:2]),
    "depths": SPREAD._replace(is_depth=True),
}


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("state", OPTIMUM_STATES)
def test_optima_are_drawn_in_every_state_and_style(style: Style, state: str):
    content = drawn(optimum_size_figure(OPTIMUM_STATES[state], style))

    has_gap = state in ("partial", "empty")
    assert ("No values" in texts(content)) is (has_gap and style.language == "en")


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("state", SPREAD_STATES)
def test_spreads_are_drawn_in_every_state_and_style(style: Style, state: str):
    content = drawn(sharpness_spread_figure(SPREAD_STATES[state], style))

    assert content["layout"]["yaxis"]["type"] == "linear"


def test_an_edge_is_an_open_mark_without_an_interval():
    mark = drawn(optimum_size_figure(OPTIMA, STYLE))["data"][0]

    assert mark["marker"]["symbol"] == ["diamond", "diamond", "diamond-open"]
    assert (mark["error_y"]["array"][2], mark["error_y"]["arrayminus"][2]) == (0, 0)
    assert mark["error_y"]["array"][0] == pytest.approx(0.05)
    assert "90% interval: 0.2 to 0.3" in mark["hovertext"][0]
    assert "true optimum may lie outside" in mark["hovertext"][2]


def test_the_reused_rate_is_a_line_and_the_widths_are_named():
    content = drawn(optimum_size_figure(OPTIMA, STYLE))

    assert [shape["y0"] for shape in content["layout"]["shapes"]] == [0.25, 0.25]
    assert content["layout"]["xaxis"]["ticktext"] == ["16", "32", "64"]


def test_what_is_expected_beyond_the_tests_is_said_not_to_be_measured():
    content = drawn(optimum_size_figure(OPTIMUM_STATES["extrapolated"], STYLE))

    far = content["data"][1]
    assert (far["x"], far["y"]) == ([4, 16], [1.0, 0.27])
    assert far["error_y"]["array"] == [0, pytest.approx(0.43)]
    assert "not measured" in far["hovertext"][1]
    assert content["layout"]["xaxis"]["ticktext"][-1] == "256"
    assert "expected, not measured" in texts(content)


def test_depth_has_a_row_of_its_own_and_sizes_are_multiples_of_the_base():
    content = drawn(optimum_size_figure(TWO_AXES, STYLE))

    assert content["layout"]["xaxis3"]["ticktext"] == ["×1", "×2", "×4"]
    assert {trace["xaxis"] for trace in content["data"]} == {"x", "x2", "x3", "x4"}
    assert "Width 16 · Depth 4" in texts(content)


def test_the_limit_is_a_line_at_its_logarithm():
    content = drawn(sharpness_spread_figure(SPREAD, STYLE))

    assert [shape["y0"] for shape in content["layout"]["shapes"]] == [
        pytest.approx(math.log(1.5), rel=1e-5)
    ] * 2
    assert "Limit: factor 1.5" in texts(content)


def test_steps_that_are_not_judged_are_open_marks_and_explained():
    content = drawn(sharpness_spread_figure(SPREAD, STYLE))

    (marks,) = [trace for trace in content["data"] if trace["mode"] == "markers"]
    assert (marks["x"], marks["y"], marks["marker"]["symbol"]) == ([30], [0.9], "circle-open")
    assert "edge of stability" in texts(content)
    assert "not judged" not in texts(drawn(sharpness_spread_figure(SPREAD_STATES["empty"], STYLE)))
