"""The figures of the cost of reuse in every state and style: marks, limits and words by what they mean."""

from __future__ import annotations

import itertools

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.figures.cost.cost_axis import Unknown
from muscope.backend.figures.cost.cost_size import (
    CostLine,
    CostPoint,
    CostSizeInfo,
    FarCost,
    cost_size_figure,
)
from muscope.backend.figures.cost.scenario_costs import (
    ScenarioCost,
    ScenarioCostsInfo,
    scenario_costs_figure,
)
from muscope.backend.figures.cost.tables import cost_size_table, scenario_costs_table
from muscope.backend.figures.theme import Mode, Style, YScale
from tests.backend.figures.infos import ARMS, drawn, texts

STYLES = [Style(*choice) for choice in itertools.product(LANGUAGES, Mode, YScale)]
STYLE = Style("en")
SIZES = tuple(Size(width, 2) for width in (16, 32, 64))
POINTS = (
    CostPoint(SIZES[1], 0.004, -0.01, 0.02, 0.95, 0.05),
    CostPoint(SIZES[2], 0.03, 0.01, 0.05, 0.95, 0.06),
)
FAR = FarCost(8.0, 0.05, 0.01, 0.09, 0.95)
LOSSES = (Metric.VAL_LOSS, Metric.TRAIN_LOSS)
LINES = tuple(CostLine(arm, loss, Axis.WIDTH, POINTS) for loss in LOSSES for arm in ARMS)
COSTS = CostSizeInfo(LOSSES, (Axis.WIDTH,), SIZES[0], SIZES, CostUnit.SHARE, LINES)
DEEP = CostPoint(Size(16, 4), 0.01, None, None, None, 0.05)
BOTH_AXES = tuple(
    CostLine(arm, loss, axis, points)
    for loss in LOSSES
    for arm in ARMS
    for axis, points in ((Axis.WIDTH, POINTS), (Axis.DEPTH, (DEEP,)))
)
COST_STATES = {
    "whole": COSTS,
    "expected beyond": COSTS._replace(lines=(LINES[0]._replace(far=FAR), *LINES[1:])),
    "extra training": COSTS._replace(unit=CostUnit.EXTRA_TRAINING),
    "interim": COSTS._replace(lines=(LINES[0]._replace(points=POINTS[:1]),), is_interim=True),
    "two axes": COSTS._replace(axes=(Axis.WIDTH, Axis.DEPTH), sizes=(*SIZES, DEEP.size), lines=BOTH_AXES),
    **{why.value: COSTS._replace(lines=(), losses=LOSSES[:1], unknown=why) for why in Unknown},
}
AS_GIVEN = ScenarioCost("As given", Outcome.TRANSFERS, SIZES[2], Axis.WIDTH, 0.01, -0.01, 0.03, 0.95, 0.05)
NOISE = ScenarioCost(
    "20% of labels wrong", Outcome.DOES_NOT_TRANSFER, SIZES[2], Axis.WIDTH, 0.2, 0.1, 0.3, 0.95, 0.05,
    decides=True,
)  # fmt: skip
OPEN = ScenarioCost("Half of the data", Outcome.INCONCLUSIVE)
SCENARIOS = ScenarioCostsInfo((AS_GIVEN, NOISE, OPEN), CostUnit.SHARE)
SCENARIO_STATES = {
    "whole": SCENARIOS,
    "interim": SCENARIOS._replace(is_interim=True),
    "one": SCENARIOS._replace(scenarios=(AS_GIVEN,)),
    "none known": SCENARIOS._replace(scenarios=(OPEN, OPEN), unknown=Unknown.NONE),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", COST_STATES)
def test_the_cost_by_size_can_be_drawn_in_every_state_and_style(state, style):
    content = drawn(cost_size_figure(COST_STATES[state], style))

    assert content["layout"]["yaxis"].get("type", "linear") == "linear"


def test_a_mark_stands_at_the_verdicts_number_and_its_bar_ends_at_its_interval():
    marks = [trace for trace in drawn(cost_size_figure(COSTS, STYLE))["data"] if "error_y" in trace]

    assert [trace["y"] for trace in marks] == [[0.004, 0.03]] * 4
    assert marks[0]["error_y"]["array"] == pytest.approx([0.016, 0.02])
    assert marks[0]["error_y"]["arrayminus"] == pytest.approx([0.014, 0.02])
    assert [trace["line"]["dash"] for trace in marks] == ["solid", "dash"] * 2


def test_the_limit_is_a_line_through_the_limit_of_every_size():
    content = drawn(cost_size_figure(COSTS, STYLE))

    limits = [trace for trace in content["data"] if trace["hoverinfo"] == "skip"]
    assert [trace["y"] for trace in limits] == [[0.05, 0.05, 0.06, 0.06]] * 2
    assert limits[0]["x"][1:3] == [2, 4]


def test_the_control_has_marks_of_its_own_and_does_not_move_the_limit():
    control = LINES[1]._replace(points=(POINTS[1]._replace(limit=0.005),))

    content = drawn(cost_size_figure(COSTS._replace(lines=(LINES[0], control)), STYLE))

    limit, _ = (trace["y"] for trace in content["data"] if trace["hoverinfo"] == "skip")
    assert limit == [0.05, 0.05, 0.06, 0.06]
    symbols = [trace["marker"]["symbol"] for trace in content["data"] if "error_y" in trace]
    assert symbols == ["diamond", "square"]
    assert "◆  µP, solid; ■  NTP, dashed." in texts(content)


def test_what_is_expected_beyond_is_an_open_mark_and_says_that_it_was_not_measured():
    content = drawn(cost_size_figure(COST_STATES["expected beyond"], STYLE))

    (far,) = [trace for trace in content["data"] if trace.get("line", {}).get("dash") == "dot"]
    assert (far["x"][-1], far["y"][-1], far["marker"]["symbol"][-1]) == (8, 0.05, "circle-open")
    assert "not measured" in far["hovertext"][-1]
    assert content["layout"]["xaxis"]["ticktext"][-1] == "128"


def test_sizes_without_a_cost_are_named_and_an_interim_answer_says_so():
    words = texts(drawn(cost_size_figure(COST_STATES["interim"], STYLE)))

    assert "None yet: 64" in words
    assert "Interim" in words


@pytest.mark.parametrize("why", Unknown)
def test_without_any_cost_the_figure_says_why(why):
    assert STYLE.say(f"cost.{why}") in texts(drawn(cost_size_figure(COST_STATES[why.value], STYLE)))


def test_far_intervals_do_not_push_the_marks_together():
    wild = POINTS[0]._replace(low=-50.0, high=90.0)

    figure = cost_size_figure(COSTS._replace(lines=(LINES[0]._replace(points=(wild,)),)), STYLE)

    low, high = drawn(figure)["layout"]["yaxis"]["range"]
    assert -0.2 < low < 0
    assert 0.05 < high < 0.2


def test_the_table_of_sizes_has_the_numbers_as_they_are():
    table = cost_size_table(COST_STATES["expected beyond"], STYLE)

    assert table.rows[0] == ("µP", "validation loss", 32, 2, 2, 0.004, -0.01, 0.02, 0.05, "yes")
    assert table.rows[2] == ("µP", "validation loss", None, None, 8, 0.05, 0.01, 0.09, None, "no")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("state", SCENARIO_STATES)
def test_scenarios_can_be_drawn_in_every_state_and_style(state, style):
    drawn(scenario_costs_figure(SCENARIO_STATES[state], style))


def test_every_scenario_is_named_with_its_answer_and_those_with_a_cost_have_a_mark():
    content = drawn(scenario_costs_figure(SCENARIOS, STYLE))

    (marks,) = content["data"]
    assert (marks["x"], marks["y"]) == ([0.01, 0.2], [0, 1])
    assert marks["marker"]["symbol"] == ["circle", "x"]
    assert [shape["x0"] for shape in content["layout"]["shapes"]] == [0.05, 0.05]
    words = texts(content)
    for sentence in ("As given<br>Can be reused", "(decides)", "Not decided · cost not known"):
        assert sentence in words


def test_the_table_of_scenarios_has_the_answers_and_the_numbers():
    assert scenario_costs_table(SCENARIOS, STYLE).rows == (
        ("As given", "Can be reused", "no", 64, 2, 0.01, -0.01, 0.03, 0.05),
        ("20% of labels wrong", "Cannot be reused", "yes", 64, 2, 0.2, 0.1, 0.3, 0.05),
        ("Half of the data", "Not decided", "no", None, None, None, None, None, None),
    )
