"""Choices of the viewer in a figure: every seed, one run in front, smoothing, scales, and diverging runs."""

from __future__ import annotations

import math

import pytest

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.lr_loss import lr_loss_figure
from muscope.backend.figures.run_lines import RunLine, RunLines
from muscope.backend.figures.steps.loss import loss_figure
from muscope.backend.figures.steps.step_curves import Line, StepCurve, StepInfo
from muscope.backend.figures.tables import lr_loss_table, step_table
from muscope.backend.figures.theme import Mode, Style, YScale
from tests.backend.figures.infos import NAN, drawn, lr_curve, lr_loss_info, step_curve, step_info, texts

MUP = Parametrization.MUP
STYLE = Style("en")
EACH = tuple(RunLine(seed, (0, 10, 20), (4.0 + seed, 2.0, 1.0)) for seed in range(3))


def loss_of(info: StepInfo, style: Style = STYLE):
    return drawn(loss_figure(info, Metric.VAL_LOSS, Loss.CROSS_ENTROPY, style))


def one(curve: StepCurve) -> StepInfo:
    return step_info(curves=(curve,))


def diverging() -> StepCurve:
    """A curve that rises to 10³⁶ before its seeds are lost."""
    curve = step_curve(MUP, 16, (2.3, 5.0, 1e9, 1e36, NAN))
    return curve._replace(num_seeds=(5, 5, 5, 5, 0), diverged_at=(30,))


def test_every_seed_is_a_thin_line_instead_of_the_range():
    content = loss_of(one(step_curve(MUP, 16)._replace(runs=RunLines(EACH))))

    thin = content["data"][0]
    assert not any(trace.get("fill") for trace in content["data"])
    assert thin["y"] == [4, 2, 1, None, 5, 2, 1, None, 6, 2, 1, None]
    assert thin["meta"] == {"run": "mup.16", "seeds": [0, 1, 2]}
    assert "Thin: each seed" in texts(content)


def test_one_run_stands_in_front_and_the_others_stay():
    plain, followed = (
        loss_of(one(step_curve(MUP, 16)._replace(runs=RunLines(EACH, front)))) for front in (None, EACH[1])
    )

    front = followed["data"][1]
    assert (front["y"][:3], front["line"]["width"]) == ([5, 2, 1], 4)
    assert len(followed["data"]) == len(plain["data"]) + 1
    assert 0 < followed["data"][0]["opacity"] < plain["data"][0]["opacity"]


def test_seeds_are_lines_over_learning_rates_too():
    line = RunLine(2, (0.125, 0.25), (0.5, 0.2))
    curve = lr_curve(MUP, 16)._replace(runs=RunLines((line,), line))

    content = drawn(lr_loss_figure(lr_loss_info(curves=(curve,)), STYLE))

    assert [trace["y"] for trace in content["data"][:2]] == [[0.5, 0.2, None]] * 2


def test_smoothing_keeps_what_was_measured_and_the_marks_of_divergence():
    curve = step_curve(MUP, 16)._replace(
        num_seeds=(5, 4, 4), diverged_at=(10,), raw=Line((0, 10, 20), (4.0, 3.0, 0.5))
    )

    content = loss_of(one(curve)._replace(smoothing=0.05))

    behind, _, line = content["data"][:3]
    assert (behind["y"], behind["opacity"] < 1) == ([4, 3, 0.5], True)
    assert (line["x"][-1], line["y"][-1], line["marker"]["symbol"][-1]) == (10, 3, "x")
    assert "moving mean over 5%" in texts(content)


@pytest.mark.parametrize("scale", YScale)
def test_a_diverging_run_leaves_the_figure_and_its_mark_stays_at_the_edge(scale: YScale):
    calm = step_curve(MUP, 32, (2.4, 1.0, 0.5, 0.3, 0.2))

    content = loss_of(step_info(curves=(diverging(), calm)), Style("en", Mode.LIGHT, scale))

    low, high = content["layout"]["yaxis"]["range"]
    top = 10**high if scale is YScale.LOG else high
    assert top < 100
    line = next(trace for trace in content["data"] if trace.get("name") == "16")
    assert line["marker"]["symbol"][-1] == "x"
    assert line["y"][-1] == pytest.approx(top, rel=1e-4)
    assert (math.log10(0.2) if scale is YScale.LOG else 0.2) > low


def test_without_a_divergence_the_whole_range_is_shown():
    high = loss_of(one(step_curve(MUP, 16, (2.0, 1.0, 1e6))))["layout"]["yaxis"]["range"][1]

    assert high > 6


def test_a_logarithmic_step_axis_begins_at_step_one():
    axis = loss_of(step_info(), Style("en", x_scale=YScale.LOG))["layout"]["xaxis"]

    assert (axis["type"], axis["range"]) == ("log", [0, pytest.approx(math.log10(20), rel=1e-5)])


def test_widths_that_were_not_chosen_are_not_still_to_come():
    info = one(step_curve(MUP, 16))

    assert "Still to come" not in texts(loss_of(info._replace(shown=(16,))))
    assert "Still to come: width 32." in texts(loss_of(info._replace(shown=(16, 32))))


@pytest.mark.parametrize("metric", [Metric.TRAIN_LOSS, Metric.VAL_LOSS])
def test_the_title_names_the_loss(metric: Metric):
    title = drawn(lr_loss_figure(lr_loss_info(metric=metric), STYLE))["layout"]["title"]["text"]

    assert ("validation" in title) is (metric is Metric.VAL_LOSS)


def test_a_best_rate_beside_the_lowest_point_is_explained_where_seeds_diverged():
    clean = lr_curve(MUP, 16)
    clean = clean._replace(points=tuple(p._replace(num_diverged=0) for p in clean.points[:3]))

    def said(curve):
        return "counts as no progress" in texts(drawn(lr_loss_figure(lr_loss_info(curves=(curve,)), STYLE)))

    assert said(lr_curve(MUP, 16))
    assert not said(clean)


def test_the_table_has_what_is_drawn():
    curve = step_curve(MUP, 16)._replace(num_seeds=(5, 4, 4), diverged_at=(10,), runs=RunLines(EACH[:1]))

    table = step_table(one(curve), ["Loss (nats)"], STYLE, is_brief=False)

    head = ("µP", 16, 0.25, "Loss (nats)")
    assert table.rows[:3] == (
        (*head, 0, "mean", 4.0, 2.0, 8.0, 5, ""),
        (*head, 10, "mean", 2.0, 1.0, 4.0, 4, "×"),
        (*head, 20, "mean", 1.0, 0.5, 2.0, 4, ""),
    )
    assert table.rows[3] == (*head, 0, "0", 4.0, None, None, 1, "")
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_a_brief_table_keeps_both_ends_and_every_divergence():
    values = tuple(float(value) for value in range(1, 101))
    curve = step_curve(MUP, 16, values)._replace(diverged_at=(30,))

    steps = [row[4] for row in step_table(one(curve), ["Loss"], STYLE, is_brief=True).rows]

    assert (steps[0], steps[-1]) == (0, 990)
    assert 30 in steps
    assert len(steps) <= 13


def test_the_table_of_final_losses_has_the_best_rate_and_says_nothing_for_lost_runs():
    table = lr_loss_table(lr_loss_info(curves=(lr_curve(MUP, 16),)), STYLE)

    assert table.rows[1] == ("µP", 16, 0.25, "mean", 0.1, 0.08, 0.125, 5, 0, 0.27, 0.2, 0.4)
    assert table.rows[-1][4:9] == (None, None, None, 0, 5)
    assert table.as_csv().startswith("\ufeffParametrization,Width,")
    assert "Final training loss (nats)" in table.columns
