"""Every figure in every state: whole, partial, empty, diverged; in both languages, light and dark."""

from __future__ import annotations

import itertools
import math

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.lr_loss import lr_loss_figure
from muscope.backend.figures.steps.loss import loss_figure
from muscope.backend.figures.steps.sharpness import sharpness_figure
from muscope.backend.figures.steps.stability import stability_figure
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.figures.theme import SHADES, Mode, Style, YScale, colours, number
from tests.backend.figures.infos import (
    ARMS,
    NAN,
    WIDTHS,
    drawn,
    lr_curve,
    lr_loss_info,
    step_curve,
    step_info,
    texts,
)

STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
STYLE = Style("en")
DEAD = step_curve(Parametrization.MUP, 16, (NAN, NAN, NAN))
STEP_STATES = {
    "whole": step_info(),
    "empty": step_info(curves=()),
    "partial": step_info(curves=step_info().curves[:2]),
    "diverged": step_info(curves=(DEAD._replace(num_seeds=(0, 0, 0), diverged_at=(0,)),)),
}
LR_STATES = {
    "whole": lr_loss_info(),
    "empty": lr_loss_info(curves=()),
    "partial": lr_loss_info(curves=lr_loss_info().curves[:2]),
    "diverged": lr_loss_info(
        curves=tuple(
            lr_curve(arm, 16)._replace(points=lr_curve(arm, 16).points[-1:], optimum=None) for arm in ARMS
        )
    ),
}
MESSAGES = {
    "whole": "",
    "empty": "No values",
    "partial": "No values",
    "diverged": "Every run diverged",
}


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("state", LR_STATES)
def test_lr_loss_is_drawn_in_every_state_and_style(style: Style, state: str):
    content = drawn(lr_loss_figure(LR_STATES[state], style))

    assert (MESSAGES[state] in texts(content)) or style.language != "en"


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("state", STEP_STATES)
def test_curves_are_drawn_in_every_state_and_style(style: Style, state: str):
    for figure in (
        sharpness_figure(STEP_STATES[state], style),
        loss_figure(STEP_STATES[state], Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, style),
    ):
        assert (MESSAGES[state] in texts(drawn(figure))) or style.language != "en"


def test_colour_means_width_and_dash_means_parametrization():
    content = drawn(loss_figure(step_info(), Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, STYLE))

    lines = [trace for trace in content["data"] if trace.get("fill") != "toself"]
    assert [trace["line"]["color"] for trace in lines] == [*colours(WIDTHS).values()] * 2
    assert [trace["line"]["dash"] for trace in lines] == ["solid"] * 4 + ["dash"] * 4
    assert [trace["name"] for trace in lines if trace["showlegend"]] == ["16", "32", "64", "128"]


def test_a_width_keeps_its_colour_while_others_are_missing():
    partial = drawn(loss_figure(STEP_STATES["partial"], Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, STYLE))

    lines = [trace for trace in partial["data"] if "name" in trace]
    assert [trace["line"]["color"] for trace in lines] == [colours(WIDTHS)[16], colours(WIDTHS)[32]]
    assert "Still to come: width 64, 128." in texts(partial)


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("mode", Mode)
def test_every_colour_can_be_seen_on_its_page(count: int, mode: Mode):
    paper = SHADES[mode].paper

    assert min(contrast(colour, paper) for colour in colours(range(count)).values()) >= 3
    assert contrast(SHADES[mode].muted, paper) >= 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"), (0.0078125, "0.00781"), (-0.1, "-0.1"), (1e-4, "0.0001"), (1e5, "100,000"),
        (1234.5, "1,230"), (1e-5, "10⁻⁵"), (2e6, "2·10⁶"), (-1e7, "-1·10⁷"),
    ],
)  # fmt: skip
def test_numbers_are_written_out_unless_they_are_far_from_one(value: float, written: str):
    assert number(value) == written


def test_the_optimum_and_its_interval_are_marked():
    line = drawn(lr_loss_figure(lr_loss_info(), STYLE))["data"][1]

    index = line["marker"]["symbol"].index("diamond")
    index += 1  # the gap before it
    assert (line["x"][index - 1], line["x"][index], line["y"][index]) == (None, 0.27, 0.11)
    assert (line["error_x"]["array"][index], line["error_x"]["arrayminus"][index]) == (0.13, 0.07)
    assert "90% interval: 0.2 to 0.4" in line["hovertext"][index]


def test_an_optimum_at_the_edge_of_the_grid_is_open_and_says_so():
    curve = lr_curve(Parametrization.MUP, 16)
    assert curve.optimum is not None
    edge = curve._replace(optimum=curve.optimum._replace(low=None, high=None, level=None, is_edge=True))

    line = drawn(lr_loss_figure(lr_loss_info(curves=(edge,)), STYLE))["data"][1]

    assert "diamond-open" in line["marker"]["symbol"]
    assert "error_x" not in line
    assert "edge of the grid" in texts(line)


def test_diverged_points_stand_at_the_top_edge_one_row_per_width():
    content = drawn(lr_loss_figure(lr_loss_info(), STYLE))

    low, high = content["layout"]["yaxis"]["range"]
    lines = [trace for trace in content["data"][:8] if "name" in trace]
    crosses = [
        [(x, y) for x, y, symbol in zip(line["x"], line["y"], line["marker"]["symbol"], strict=True)
         if symbol == "x" and x is not None]
        for line in lines
    ]  # fmt: skip
    assert [[x for x, _ in row] for row in crosses] == [[0.5, 1.0]] * 4
    heights = [math.log10(row[0][1]) for row in crosses]
    assert heights == sorted(heights)
    assert all(low + 0.75 * (high - low) < height < high for height in heights)
    assert "2 of 5 seeds diverged" in texts(content)


def test_the_stability_edge_is_drawn_and_labelled_at_two_over_the_lr():
    layout = drawn(sharpness_figure(step_info(), STYLE))["layout"]

    assert [(shape["y0"], shape["y1"], shape["yref"]) for shape in layout["shapes"]] == [
        (8, 8, "y"),
        (8, 8, "y2"),
    ]
    labels = [note for note in layout["annotations"] if "κ/η = 8" in note["text"]]
    assert [label["y"] for label in labels] == [0.90309] * 2  # of a logarithmic axis: the exponent


def test_the_edge_is_inside_the_axis():
    low, high = drawn(sharpness_figure(step_info(), STYLE))["layout"]["yaxis"]["range"]

    assert low < math.log10(8) < high


@pytest.mark.parametrize(
    ("language", "x", "y"),
    [("en", "Step", "Sharpness (1/learning rate)"), ("ja", "ステップ", "シャープネス（1/学習率）")],
)
def test_axes_name_their_units_in_both_languages(language: str, x: str, y: str):
    layout = drawn(sharpness_figure(step_info(), Style(language)))["layout"]

    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == (x, y)


def test_a_band_is_closed_and_interrupted_where_values_are_missing():
    curve = step_curve(Parametrization.MUP, 16, (4.0, NAN, 1.0, 2.0))

    band = drawn(loss_figure(step_info(curves=(curve,)), Metric.VAL_LOSS, Loss.SQUARED_ERROR, STYLE))["data"][
        0
    ]

    assert band["x"] == [0, 0, None, 20, 30, 30, 20]
    assert band["y"] == [8, 2, None, 2, 4, 1, 0.5]


def test_where_seeds_diverged_is_crossed_and_hover_counts_those_that_remain():
    curve = step_curve(Parametrization.MUP, 16)._replace(num_seeds=(5, 4, 4), diverged_at=(10,))

    line = drawn(loss_figure(step_info(curves=(curve,)), Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, STYLE))[
        "data"
    ][1]

    assert (line["x"], line["y"]) == ([0, 10, 20, None, 10], [4, 2, 1, None, 2])
    assert line["customdata"] == [5, 4, 4, 0, 4]
    assert line["marker"]["symbol"][-1] == "x"
    assert "Mean of %{customdata} of 5 seeds" in line["hovertemplate"]


def test_hidden_points_are_said():
    content = drawn(loss_figure(step_info(num_hidden=3), Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, STYLE))

    assert "Points ≤ 0 not shown: 3." in texts(content)


def test_the_edge_of_stability_does_not_cross_the_message_of_an_empty_column():
    """A control may be measured without curvature: its column then has words instead of curves."""
    full = step_info()
    half = full._replace(curves=tuple(curve for curve in full.curves if curve.parametrization is ARMS[0]))
    style = Style("en", Mode.LIGHT, YScale.LOG)

    both, one = (drawn(sharpness_figure(info, style))["layout"] for info in (full, half))

    words = Style("en", Mode.LIGHT, YScale.LOG).say("edge", value="8")
    assert [note["text"] for note in both["annotations"]].count(words) == 2
    assert [note["text"] for note in one["annotations"]].count(words) == 1
    assert len(one["shapes"]) == len(both["shapes"]) - 1


@pytest.mark.parametrize("figure", [sharpness_figure, stability_figure])
def test_without_a_known_edge_of_stability_a_figure_says_why_it_is_empty(figure):
    columns = tuple(Column(arm, 0.25, math.inf) for arm in ARMS)

    layout = drawn(figure(step_info(columns=columns, curves=()), STYLE))["layout"]

    assert "no edge of stability is known" in texts(layout)
    assert layout.get("shapes", []) == []
