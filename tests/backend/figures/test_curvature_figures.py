"""Figures of curvature: in every state and style, and what each of them marks."""

from __future__ import annotations

import itertools
import math

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.measures import DensityGrid
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.density import DensityCurve, DensityInfo, density_figure
from muscope.backend.figures.steps.sharpness import raw_sharpness_figure
from muscope.backend.figures.steps.spectrum import spectrum_figure
from muscope.backend.figures.steps.stability import stability_figure
from muscope.backend.figures.steps.step_curves import Column, StepInfo
from muscope.backend.figures.steps.step_lines import Line
from muscope.backend.figures.steps.step_pairs import curvature_split_figure, ntk_hessian_figure
from muscope.backend.figures.steps.trace import trace_figure
from muscope.backend.figures.theme import Mode, Style, YScale, colours
from tests.backend.figures.infos import ARMS, NAN, WIDTHS, drawn, step_curve, step_info, texts

STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
STYLE = Style("en")
EDGES = DensityGrid().edges()
OVER_STEPS = (stability_figure, raw_sharpness_figure, trace_figure, spectrum_figure)
IN_ROWS = (ntk_hessian_figure, curvature_split_figure)


def pairs(**changes) -> StepInfo:
    """Return curves in two rows, the upper ones ten times as high."""
    low = step_info().curves
    high = [step_curve(curve.parametrization, curve.width, (40.0, 20.0, 10.0)) for curve in low]
    return step_info(curves=(*high, *(curve._replace(row=1) for curve in low)))._replace(**changes)


def spectrum() -> StepInfo:
    """Return curves with four further eigenvalues each."""
    others = tuple(Line((0, 10, 20), (2.0 / rank, 1.0 / rank, NAN)) for rank in (2, 3, 4, 5))
    return step_info(curves=tuple(curve._replace(others=others) for curve in step_info().curves))


def density(**changes) -> DensityInfo:
    """Return a bulk at zero, one outlier, and an empty bin between them."""
    shares = [0.0] * 64
    shares[31:34] = [0.2, 0.5, 0.2999]
    shares[50] = 1e-4
    curves = tuple(DensityCurve(arm, width, tuple(shares), 5) for arm in ARMS for width in WIDTHS)
    columns = tuple(Column(arm, 0.25) for arm in ARMS)
    return DensityInfo(columns, WIDTHS, EDGES, 1e-2, 20, 5, curves)._replace(**changes)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("draw", [*OVER_STEPS, *IN_ROWS], ids=lambda draw: draw.__name__)
def test_a_figure_is_drawn_whole_partial_and_empty(style: Style, draw):
    info = pairs() if draw in IN_ROWS else step_info()
    for curves in (info.curves, info.curves[:2], ()):
        content = drawn(draw(info._replace(curves=curves), style))

        has_message = len(curves) < len(info.curves)
        assert (("No values" in texts(content)) == has_message) or style.language != "en"


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_density_is_drawn_whole_partial_diverged_and_empty(style: Style):
    dead = DensityCurve(Parametrization.MUP, 16, (0.0,) * 64, 0)
    messages = {
        density(): "Gaps",
        density(curves=density().curves[:2]): "No values",
        density(curves=(dead,)): "Every run diverged",
        density(curves=(), step=None): "No values",
    }
    for info, message in messages.items():
        assert message in texts(drawn(density_figure(info, style))) or style.language != "en"


def test_the_edge_of_the_stability_ratio_is_at_one_in_every_column():
    layout = drawn(stability_figure(step_info(), STYLE))["layout"]

    assert [(shape["y0"], shape["yref"]) for shape in layout["shapes"]] == [(1, "y"), (1, "y2")]
    assert sum("Stability edge = 1" in note["text"] for note in layout["annotations"]) == 2
    low, high = layout["yaxis"]["range"]
    assert low < 0 < high  # log10 of 1


def test_two_quantities_stand_below_each_other_on_the_same_axes():
    content = drawn(ntk_hessian_figure(pairs(), STYLE))

    layout = content["layout"]
    assert [layout[name]["title"]["text"] for name in ("yaxis", "yaxis3")] == [
        "NTK (1/learning rate)",
        "Hessian (1/learning rate)",
    ]
    assert all(layout[f"yaxis{index}"]["matches"] == "y" for index in (2, 3, 4))
    assert layout["yaxis"]["domain"][0] > layout["yaxis3"]["domain"][1]
    assert layout["yaxis"]["domain"][1] == 1
    assert layout["yaxis3"]["domain"][0] == 0
    assert [trace["yaxis"] for trace in content["data"]] == ["y"] * 4 + ["y2"] * 4 + ["y3"] * 4 + ["y4"] * 4
    assert [trace["name"] for trace in content["data"] if trace["showlegend"]] == ["16", "32", "64", "128"]


def test_further_eigenvalues_are_one_thin_line_behind_the_largest():
    thin, thick = drawn(spectrum_figure(spectrum(), STYLE))["data"][:2]

    assert (thin["line"]["width"], thick["line"]["width"]) == (1, 2)
    assert thin["line"]["color"] == thick["line"]["color"] == colours(WIDTHS)[16]
    assert thin["x"] == [0, 10, 20, None] * 3 + [0, 10, 20]
    assert thin["y"][:8] == [1, 0.5, None, None, 0.666667, 0.333333, None, None]
    assert "2nd to 5th" in texts(drawn(spectrum_figure(spectrum(), STYLE)))


def test_a_trace_says_what_its_band_is():
    assert "±1 standard error" in texts(drawn(trace_figure(step_info(), STYLE)))


def test_a_density_has_a_flat_piece_per_bin_and_gaps_where_bins_are_empty():
    line = drawn(density_figure(density(), STYLE))["data"][0]

    indices = [float(f"{math.asinh(edge / 1e-2):.6g}") for edge in EDGES]
    pieces = [(x, y) for x, y in zip(line["x"], line["y"], strict=True) if x is not None]
    assert pieces == [
        (indices[31], 0.2), (indices[32], 0.2), (indices[32], 0.5), (indices[33], 0.5), (indices[33], 0.2999),
        (indices[34], 0.2999), (indices[50], 1e-4), (indices[51], 1e-4),
    ]  # fmt: skip
    assert (line["y"][:31], line["y"][37:53]) == ([None] * 31, [None] * 16)


def test_the_axis_of_a_density_shows_the_bins_in_use_and_names_their_eigenvalues():
    axis = drawn(density_figure(density(), STYLE))["layout"]["xaxis"]

    assert axis["range"] == pytest.approx([math.asinh(EDGES[index] / 1e-2) for index in (30, 52)], rel=1e-5)
    labels = dict(zip(axis["ticktext"], axis["tickvals"], strict=True))
    assert labels["0"] == 0
    assert labels["10"] == pytest.approx(math.asinh(1000), rel=1e-5)
    gaps = [right - left for left, right in itertools.pairwise(axis["tickvals"])]
    assert min(gaps) >= (axis["range"][1] - axis["range"][0]) / 5  # in each of two columns
