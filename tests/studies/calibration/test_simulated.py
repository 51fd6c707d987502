"""The harness of the simulated part: its truth against closed forms, its cases against their wishes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.simulated.cases import THRESHOLDS, WIDTHS, Wanted, draw, sample, wanted
from studies.calibration.simulated.curves import INITIAL, LossCurve
from studies.calibration.simulated.judged import Covered, judge_case
from studies.calibration.simulated.report import report
from studies.calibration.truth import Truth
from studies.page.checks import percent

PLAIN = LossCurve(
    optimum=-2.0, edge=50.0, best=0.5, curvature_below=0.1, curvature_above=0.1, scatter=0.3, noise=0.02
)


def test_the_expected_loss_of_a_symmetric_curve_has_its_closed_form():
    distance = np.array([-1.5, 0.0, 0.7])
    spread = 1.0 + 2.0 * 0.1 * 0.3**2
    kept = np.exp(-0.1 * distance**2 / spread) / math.sqrt(spread)

    expected = (INITIAL - (INITIAL - 0.5) * kept) * math.exp(0.5 * 0.02**2)

    np.testing.assert_allclose(PLAIN.expected(PLAIN.optimum + distance), expected, rtol=1e-9)


def test_the_true_optimum_lies_below_the_noiseless_one_where_the_upper_side_is_steeper():
    steep = LossCurve(-2.0, 50.0, 0.5, 0.05, 0.2, 0.4, 0.0)

    assert PLAIN.true_optimum == pytest.approx(-2.0, abs=0.02)
    assert -3.0 < steep.true_optimum < -2.05


def test_beyond_its_edge_every_run_counts_as_the_loss_at_init():
    curve = LossCurve(-2.0, -1.0, 0.5, 0.1, 0.1, 0.3, 0.02)

    assert curve.divergence(np.array([-3.0, -1.0, 1.0])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-9)
    assert curve.expected(np.array([1.0])) == pytest.approx(INITIAL)


@pytest.mark.parametrize(
    ("truth", "outcome"),
    [
        (Truth(0.01, 0.5, 0.05, benefit=0.2), Outcome.TRANSFERS),
        (Truth(0.01, 0.5, 0.11, benefit=0.09), Outcome.FINE_TUNE),
        (Truth(0.004, 2.5, None), Outcome.TRANSFERS),
        (Truth(0.03, 0.5, 0.05, benefit=0.6), Outcome.FINE_TUNE),
        (Truth(0.03, 0.5, 0.5, benefit=0.06), Outcome.DOES_NOT_TRANSFER),
        (Truth(0.01, 2.5, 0.05, benefit=0.2), Outcome.TRANSFERS),
        (Truth(0.05, 2.5, 0.2, benefit=0.25), Outcome.DOES_NOT_TRANSFER),
        (Truth(0.11, 0.1, None), Outcome.DOES_NOT_TRANSFER),
        (Truth(0.01, 0.1, 0.05, benefit=0.2, divergence=0.6), Outcome.DOES_NOT_TRANSFER),
    ],
)
def test_the_truth_is_held_against_the_thresholds_of_the_verdict(truth, outcome):
    assert truth.outcome(THRESHOLDS) is outcome


def test_a_truth_a_third_beyond_the_line_is_near_it_and_twice_beyond_is_not():
    assert Truth(0.0266, 0.0, None, benefit=0.5).is_near(THRESHOLDS)
    assert not Truth(0.04, 0.0, None, benefit=0.5).is_near(THRESHOLDS)
    assert math.isinf(Truth(0.0, 0.0, None, divergence=0.9).strain(THRESHOLDS))


def test_cases_are_drawn_for_truths_on_both_sides_of_the_line_and_at_every_number_of_seeds():
    cases = {(wanted(index), draw(index).num_seeds) for index in range(24)}

    assert {wish for wish, _ in cases} == set(Wanted)
    assert {seeds for _, seeds in cases} == {3, 5, 8}


def test_a_case_has_the_truth_it_was_drawn_for():
    for index in range(8):
        truth = draw(index).at_target()

        assert truth.transfers(THRESHOLDS) == (wanted(index) in (Wanted.INSIDE, Wanted.JUST_INSIDE))


def test_the_runs_of_a_case_scatter_around_its_expected_losses():
    conditions = draw(3)
    finals = np.stack([sample(conditions, index).judged(Metric.VAL_LOSS) for index in range(40)])
    expected = conditions.curves[Metric.VAL_LOSS][0].expected(conditions.log2_lrs)

    measured = np.nanmean(finals[:, 0], axis=(0, 2))
    np.testing.assert_allclose(measured, expected, rtol=0.1)
    found = find_optimum(conditions.log2_lrs, measured)
    assert found is not None
    assert found.index == int(expected.argmin())


def test_equal_numbers_give_equal_cases_and_verdicts():
    assert repr(judge_case(5)) == repr(judge_case(5))


def test_cases_of_eight_seeds_are_settled_and_seeds_beyond_are_new():
    index = next(i for i in range(200) if draw(i).num_seeds == 8 and not draw(i).num_missing)
    sweep = sample(draw(index), index, num_further=4)

    assert sweep.further is not None
    assert sweep.further.num_seeds == 4
    of_planned, of_further = (each.judged(Metric.VAL_LOSS)[-1] for each in (sweep, sweep.further))
    assert not np.isin(of_further, of_planned[np.isfinite(of_planned)]).all()
    settled = judge_case(index)
    assert settled.settled is not None
    assert 0.0 < settled.share < 2.0


def test_a_case_that_lacks_runs_lacks_as_many_as_it_says():
    index = next(i for i in range(200) if draw(i).num_missing)
    sweep = sample(draw(index), index)

    assert sum(sweep.num_missing(position) for position in range(len(WIDTHS))) == draw(index).num_missing


def test_an_interval_covers_what_lies_within_or_on_its_ends():
    assert Covered(0.0, 0.0, 0.0).holds
    assert Covered(0.0, 0.0, 0.0).is_point
    assert not Covered(0.1, 0.0, 0.05).holds


def test_the_report_counts_a_claim_that_is_not_true():
    case = judge_case(1)
    false = case.__class__(**vars(case) | {"outcome": Outcome.TRANSFERS, "true_outcome": Outcome.FINE_TUNE})

    part, panels = report([case, false], "today")

    goal = next(goal for goal in part.goals if goal.name == "simulated_false_transfers")
    assert goal.check.measured == pytest.approx(100.0 if case.true_outcome is Outcome.TRANSFERS else 50.0)
    assert goal.line().startswith("simulated_false_transfers ")
    assert [panel.title for panel in panels] == ["by true shift", "by true regret"]
    assert math.isnan(percent([]))
