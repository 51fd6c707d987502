"""Row `recipes`: what a trial trains, what its costs say, and how the winner is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.domain.spec.parametrization import Parametrization
from studies.calibration.recipes.chosen import Counts, usual_practice
from studies.calibration.recipes.measured import Answer, Cost, Measured, measure
from studies.calibration.recipes.recipe import PAPER, RECIPES
from studies.calibration.recipes.report import LEAST_DATA, report
from studies.calibration.recipes.trial import SEEDS, Sweep, Trial, num_steps, trials
from studies.cells.jobs import Result, train_job

SMALL = Cost(
    per_seed=np.full(8, 0.001), low=0.0005, high=0.0015, benefit=0.03, divergence=0.0, best=0.2, initial=1.0,
    log2_base=-6.0, log2_target=-6.0, is_at_edge=False,
)  # fmt: skip
TRIAL = Trial("weather", PAPER, 100)


@pytest.fixture(scope="module")
def trained():
    """A trial of ten steps, trained cell by cell as its plan asks for them."""
    trial = Trial("weather", RECIPES[0], 10)
    results: dict[str, Result] = {}
    while missing := [cell for cell in trial.plan(results) if cell.key() not in results]:
        results[missing[0].key()] = train_job(missing[0])
    return trial, results


@pytest.mark.slow
def test_a_trial_ends_with_both_widths_on_half_octaves_of_eight_seeds(trained):
    trial, results = trained
    base, target = trial.sweeps(Parametrization.MUP, lambda cell: results[cell.key()])

    for sweep in (base, target):
        assert set(np.diff(sweep.log2_lrs)) == {0.5}
        assert sweep.losses.shape == (len(sweep.log2_lrs), len(SEEDS))
    assert base.log2_lrs[base.best] in target.log2_lrs


@pytest.mark.slow
def test_the_cost_of_reuse_is_the_paired_difference_over_what_can_be_reached(trained):
    trial, results = trained
    base, target = trial.sweeps(Parametrization.MUP, lambda cell: results[cell.key()])
    reused = target.losses[target.log2_lrs.index(base.log2_lrs[base.best])]
    best = target.losses.mean(axis=1).min()

    cost = measure(trial, results).mup

    assert cost.per_seed.mean() == pytest.approx((reused.mean() - best) / (target.initial - best))
    assert cost.low <= cost.per_seed.mean() <= cost.high
    assert cost.benefit == pytest.approx((base.losses.mean(axis=1).min() - best) / (target.initial - best))


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, Answer.YES),
        ({"high": 0.0051}, Answer.OPEN),
        ({"low": 0.0051, "high": 0.006}, Answer.NO),
        ({"divergence": 0.125}, Answer.OPEN),
        ({"divergence": 0.625}, Answer.NO),
        ({"is_at_edge": True}, Answer.OPEN),
    ],
)
def test_reuse_holds_only_where_the_whole_interval_is_below_the_limit_and_nothing_diverges(changes, answer):
    assert replace(SMALL, **changes).answer is answer


@pytest.mark.parametrize(("benefit", "limit"), [(-0.01, 0.005), (0.1, 0.01), (0.5, 0.02)])
def test_a_cost_is_small_up_to_a_tenth_of_the_benefit_of_size_within_bounds(benefit, limit):
    assert replace(SMALL, benefit=benefit).limit == pytest.approx(limit)


def test_a_control_is_shown_worse_seed_by_seed_or_by_diverging():
    noisy = replace(SMALL, per_seed=np.linspace(-0.5, 0.5, 8))
    above = replace(noisy, per_seed=noisy.per_seed + np.linspace(0.01, 0.02, 8))

    assert Measured(TRIAL, noisy, above, 0.0).is_control_worse
    assert not Measured(TRIAL, noisy, noisy, 0.0).is_control_worse
    assert Measured(TRIAL, SMALL, replace(SMALL, divergence=1.0), 0.0).is_control_worse


def test_a_best_rate_at_the_end_of_the_grid_is_seen_as_such():
    losses = np.array([[0.3] * 8, [0.2] * 8, [0.1] * 8])
    sweep = Sweep((-3.0, -2.5, -2.0), losses, np.zeros((3, 8), np.bool_), 1.0)

    assert sweep.best == 2
    assert sweep.is_at_edge
    assert not replace(sweep, losses=losses[[1, 2, 0]]).is_at_edge


def test_steps_follow_the_size_of_the_data_within_bounds():
    assert [num_steps(rows, 3) for rows in (400, 6400, 54_000)] == [100, 300, 600]


@pytest.mark.slow
def test_every_recipe_is_tried_on_at_least_twelve_datasets_each_setting_once():
    listed = trials()

    for recipe in RECIPES:
        assert len({trial.data for trial in listed if trial.recipe == recipe}) >= LEAST_DATA
    assert len(set(listed)) == len(listed)


def test_the_winner_trains_well_and_says_yes_most_often():
    slow = Counts(RECIPES[1], 1, 12, yes=12, no=0, num_worse=9, excess=0.05, benefit=0.02)
    safe = Counts(RECIPES[0], 1, 12, yes=8, no=1, num_worse=5, excess=0.001, benefit=0.02)
    wrong = replace(safe, no=2)

    assert usual_practice([wrong, slow, safe]) is safe
    assert usual_practice([]) is None


@pytest.mark.slow
def test_a_report_of_nothing_says_so_and_counts_only_data_with_every_recipe():
    some = [Measured(replace(TRIAL, recipe=recipe), SMALL, SMALL, 1.0) for recipe in RECIPES[:-1]]

    assert "falls on **none yet**" in report([], 130, "").words[0]
    assert {row[2] for row in report(some, 130, "").tables[0].rows} == {"0"}
    assert not report(some, 130, "").goals[0].check.holds
