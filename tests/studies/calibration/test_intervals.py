import numpy as np
import pytest

from studies.calibration.intervals.grid_points import edge_coverage, interpolation_cost
from studies.calibration.intervals.interval_coverage import CASES, HALVES, INITIAL, cross_fitted, measure
from studies.calibration.intervals.repeated_looks import GRID, losses


@pytest.mark.parametrize("case", CASES)
def test_the_truth_is_what_many_seeds_come_to(case):
    near = np.abs(case.log2_lrs) < 3
    drawn = case.drawn(np.random.default_rng(0), 40_000, 1.0, -1.8).mean(axis=1)

    assert drawn[near] == pytest.approx(case.expected(1.0, -1.8)[near], rel=0.02)


def test_every_trial_is_counted_once():
    tally, _ = measure(CASES[0], 3, trials=4, random_seed=1)

    assert {len(rows) for rows in tally.rows.values()} == {4}
    assert all(sum(row[:3]) == 1 for rows in tally.rows.values() for row in rows)


def test_the_same_random_seed_gives_the_same_tally():
    once, again = (measure(CASES[3], 4, trials=3, random_seed=2) for _ in range(2))

    assert once[0].lines() == again[0].lines()
    assert once[1] == again[1]


def test_cross_fitting_chooses_on_the_other_seeds():
    """By hand: without seed 0 the second LR is best, without seed 1 the first."""
    target = np.array([[1.0, 3.0], [2.0, 1.0]])

    assert cross_fitted(target, reused=0) == pytest.approx(((1.0 - 2.0) + (3.0 - 3.0)) / 2)


@pytest.mark.parametrize("regret", [0.02, 0.10])
def test_looks_are_at_the_regret_they_say(regret):
    generator = np.random.default_rng(1)
    target = np.mean([losses(regret, generator)[1].mean(axis=1) for _ in range(400)], axis=0)

    best, reused = target.min(), target[np.flatnonzero(GRID == 0)[0]]
    assert (reused - best) / (INITIAL - best) == pytest.approx(regret, abs=0.001)


def test_a_finer_grid_has_shorter_chords():
    assert interpolation_cost(0.5, 0.2)[0] < interpolation_cost(1.0, 0.2)[0]
    assert interpolation_cost(1.0, 1e-9)[0] == pytest.approx(0.0, abs=1e-8)


def test_an_optimum_well_inside_is_never_an_edge():
    found = edge_coverage(3, inside=2.0, trials=20)

    assert (found[True][0], found[False][0]) == (0, 20)
    assert len(HALVES) == 15
