"""Figures as SVG: points where the page has them, text as text, nothing that was not escaped."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import pytest

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.encode import to_json
from muscope.backend.figures.lr_loss import lr_loss_figure
from muscope.backend.figures.steps.loss import loss_figure
from muscope.backend.figures.theme import Style, YScale
from muscope.backend.report.svg.axes import Scale, scale_of, ticks
from muscope.backend.report.svg.draw import draw, notes_of
from tests.backend.figures.infos import LRS, lr_loss_info, step_info


def content(figure):
    return json.loads(to_json(figure, {}))["figure"]


def parsed(figure, name="figure"):
    return ElementTree.fromstring(draw(content(figure), name, "A title"))


def texts(root):
    return [element.text for element in root.iter("text")]


def test_a_logarithmic_scale_places_values_by_their_logarithm():
    scale = scale_of({"type": "log", "range": [-2, 2]}, 100.0, 500.0)

    assert scale.place(1.0) == pytest.approx(300.0)
    assert scale.place(10.0) == pytest.approx(300.0 + 100.0)
    assert scale.place(0.0) is None
    assert scale.place(math.nan) is None


def test_an_upward_scale_has_small_values_below():
    scale = Scale(False, 0.0, 10.0, 300.0, 100.0)

    assert (scale.place(0.0), scale.place(10.0), scale.place(2.5)) == (300.0, 100.0, 250.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 100, ["0", "20", "40", "60", "80", "100"]), (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"])],
)
def test_linear_ticks_are_round(low, high, expected):
    axis = {"range": [low, high], "nticks": 6, "tickformat": "~g"}

    assert [words for _, words in ticks(scale_of(axis, 0, 1), axis)] == expected


def test_long_trainings_are_counted_in_thousands():
    axis = {"range": [0, 200_000], "nticks": 4, "tickformat": "~s"}

    assert [words for _, words in ticks(scale_of(axis, 0, 1), axis)] == ["0", "50k", "100k", "150k", "200k"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_figure_has_a_line_per_curve_and_its_words_as_text(language):
    style = Style(language)
    info = lr_loss_info()

    root = parsed(lr_loss_figure(info, style))

    lines = [path for path in root.iter("path") if path.get("stroke-linejoin")]
    areas = [path for path in root.iter("path") if path.get("fill-opacity")]
    assert (len(lines), len(areas)) == (len(info.curves), len(info.curves))
    shown = texts(root)
    assert shown.count(style.say("axis.lr")) == len(info.parametrizations)
    assert {str(width) for width in info.widths} <= set(shown)
    assert root.get("aria-label") == "A title"


def test_a_mark_lies_above_the_tick_of_its_value():
    figure = content(lr_loss_figure(lr_loss_info(), Style("en")))
    root = ElementTree.fromstring(draw(figure, "f", "t"))
    at_tick = next(float(each.get("x", "nan")) for each in root.iter("text") if each.text == "0.13")

    first = next(root.iter("circle"))

    line = next(trace for trace in figure["data"] if trace.get("mode") == "lines+markers")
    assert line["x"][0] == LRS[0] == 0.125
    assert float(first.get("cx", "nan")) == pytest.approx(at_tick, abs=0.1)


@pytest.mark.parametrize("scale", YScale)
def test_figures_over_steps_are_drawn_with_their_level_and_bands(scale):
    style = Style("ja", y_scale=scale)

    root = parsed(loss_figure(step_info(), Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, style))

    assert style.say("axis.step") in texts(root)
    assert len(list(root.iter("clipPath"))) == len(step_info().columns)


def test_an_empty_figure_says_so():
    root = parsed(lr_loss_figure(lr_loss_info(curves=()), Style("en")))

    assert "No values" in texts(root)


def test_notes_stand_beside_the_picture_and_not_in_it():
    style = Style("en")
    figure = content(lr_loss_figure(lr_loss_info(), style))

    notes = notes_of(figure)

    assert notes
    assert not set(notes) & set(texts(ElementTree.fromstring(draw(figure, "f", "t"))))


def test_two_figures_in_one_file_have_parts_of_their_own():
    figure = lr_loss_figure(lr_loss_info(), Style("en"))

    first, second = (
        {clip.get("id") for clip in parsed(figure, name).iter("clipPath")} for name in ("a", "b")
    )

    assert first
    assert not first & second


def test_words_in_a_figure_are_escaped():
    figure = content(lr_loss_figure(lr_loss_info(), Style("en")))
    figure["layout"]["xaxis"]["title"]["text"] = "<script>alert('x')</script>"

    svg = draw(figure, "f", '"><script>')

    assert "<script" not in svg
    assert "<script>alert('x')</script>" in texts(ElementTree.fromstring(svg))
