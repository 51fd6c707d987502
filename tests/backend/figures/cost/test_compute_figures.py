"""The figures of compute and time in every state and style."""

from __future__ import annotations

import itertools

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.figures.cost.loss_compute import (
    ComputeCurve,
    LossComputeInfo,
    Rate,
    loss_compute_figure,
)
from muscope.backend.figures.cost.predicted_seconds import (
    PredictedInfo,
    TimedPart,
    predicted_seconds_figure,
)
from muscope.backend.figures.cost.tables import loss_compute_table, predicted_table
from muscope.backend.figures.steps.step_curves import Line, StepCurve
from muscope.backend.figures.theme import Mode, Style, YScale
from tests.backend.figures.infos import ARMS, NAN, drawn, texts

STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
STYLE = Style("en")
MUP, NTP = ARMS
WIDTHS = (16, 32, 64)


def curve(width: int, *values: float, diverged_at: tuple[int, ...] = ()) -> StepCurve:
    steps = tuple(10**6 * width * k for k in range(1, 1 + len(values)))
    low, high = (Line(steps, tuple(by * value for value in values)) for by in (0.5, 2.0))
    return StepCurve(MUP, width, Line(steps, values), low, high, (3,) * len(values), diverged_at)


BEST = tuple(ComputeCurve(Rate.BEST, 0.1, curve(width, 2.0, 1.0, 0.5)) for width in WIDTHS)
REUSED = tuple(ComputeCurve(Rate.REUSED, 0.2, each.curve) for each in BEST)
COMPUTE = LossComputeInfo(MUP, WIDTHS, Metric.VAL_LOSS, Loss.CROSS_ENTROPY, 3, 0.2, (*BEST, *REUSED), WIDTHS)
MANY = tuple(ComputeCurve(rate, 0.1, curve(16 * k, 2.0, 1.0)) for rate in Rate for k in range(1, 8))
COMPUTE_STATES = {
    "whole": COMPUTE,
    "base not ended": COMPUTE._replace(curves=BEST[:1], reused_lr=None),
    "many sizes": COMPUTE._replace(widths=tuple(16 * k for k in range(1, 8)), curves=MANY),
    "one size": COMPUTE._replace(widths=(16,), shown=(16,), curves=(BEST[0], REUSED[0])),
    "all diverged": COMPUTE._replace(curves=(ComputeCurve(Rate.REUSED, 0.2, curve(16, NAN, NAN)),)),
    "a seed diverged": COMPUTE._replace(
        curves=(ComputeCurve(Rate.BEST, 0.2, curve(16, 2.0, 1.0, diverged_at=(16 * 10**6,))),)
    ),
    "empty": COMPUTE._replace(curves=(), reused_lr=None),
}
PARTS = (
    TimedPart(MUP, Size(16, 2), 0, 2.0, 4.0, 1),
    TimedPart(MUP, Size(64, 2), 1, 8.0, 6.0, 2),
    TimedPart(NTP, Size(64, 2), 2, 10.0, 20.0, 1),
)
SIZES = (Size(16, 2), Size(64, 2))
TIMES = PredictedInfo(ARMS, SIZES, PARTS)
TIME_STATES = {
    "whole": TIMES,
    "running": TIMES._replace(parts=PARTS[:1], running=((MUP, Size(64, 2)),), num_waiting=2),
    "first cell": TIMES._replace(parts=(), running=((MUP, Size(16, 2)),)),
    "cancelled": TIMES._replace(parts=(), num_without=3),
    "one size": PredictedInfo((MUP,), SIZES[:1], PARTS[:1]),
    "two depths": TIMES._replace(sizes=(*SIZES, Size(16, 4))),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", COMPUTE_STATES)
def test_the_loss_by_compute_can_be_drawn_in_every_state_and_style(state, style):
    drawn(loss_compute_figure(COMPUTE_STATES[state], style))


def test_each_size_is_a_line_over_its_own_flops_left_at_its_best_rate_right_at_the_reused_one():
    lines = [trace for trace in drawn(loss_compute_figure(COMPUTE, STYLE))["data"] if "legendrank" in trace]

    assert [(trace["name"], trace["xaxis"]) for trace in lines] == [
        (str(width), axis) for axis in ("x", "x2") for width in WIDTHS
    ]
    assert lines[2]["x"] == [64e6, 128e6, 192e6]
    assert lines[2]["y"] == [2.0, 1.0, 0.5]


def test_with_many_sizes_the_bands_give_way():
    content = drawn(loss_compute_figure(COMPUTE_STATES["many sizes"], STYLE))

    assert not any("fill" in trace for trace in content["data"])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("base not ended", "The reused rate follows once the base has ended"),
        ("all diverged", "Every run diverged"),
        ("a seed diverged", "a seed diverged"),
        ("base not ended", "Still to come: width 32, 64"),
    ],
)
def test_the_loss_by_compute_says_what_is_missing(state, words):
    assert words in texts(drawn(loss_compute_figure(COMPUTE_STATES[state], STYLE)))


def test_the_table_of_compute_has_the_flops_and_the_rates():
    rows = loss_compute_table(COMPUTE, STYLE, is_brief=False).rows

    assert len(rows) == 18
    assert rows[0] == ("µP", 16, "best of its width", 0.1, 16 * 10**6, 2.0, 1.0, 4.0, 3)
    assert rows[-1][2:5] == ("reused", 0.2, 192 * 10**6)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", TIME_STATES)
def test_the_predicted_time_can_be_drawn_in_every_state_and_style(state, style):
    drawn(predicted_seconds_figure(TIME_STATES[state], style))


def test_a_mark_stands_at_its_predicted_and_measured_time_and_the_line_at_equal_times():
    content = drawn(predicted_seconds_figure(TIMES, STYLE))

    assert [(trace["x"], trace["y"]) for trace in content["data"]] == [
        ([2.0, 8.0], [4.0, 6.0]),
        ([10.0], [20.0]),
    ]
    (line,) = content["layout"]["shapes"]
    assert (line["x0"], line["x1"]) == (line["y0"], line["y1"])
    assert content["layout"]["xaxis"]["range"] == content["layout"]["yaxis"]["range"]
    assert "Together: 20 s estimated for an idle machine, 30 s measured (×1.5)." in texts(content)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "Still running: Width 64 · µP.  Waiting: 2."),
        ("first cell", "No time yet"),
        ("cancelled", "Run it again"),
        ("cancelled", "Failed or cancelled: 3."),
    ],
)
def test_the_predicted_time_says_what_is_open(state, words):
    assert words in texts(drawn(predicted_seconds_figure(TIME_STATES[state], STYLE)))


def test_the_table_of_times_has_the_factor():
    assert predicted_table(TIMES, STYLE).rows[1] == ("µP", 64, 2, 2, 2, 8.0, 6.0, 0.75)
