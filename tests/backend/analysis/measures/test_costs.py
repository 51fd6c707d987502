"""Intervals of what reuse costs, where the best LR is chosen on the same runs."""

import numpy as np
import pytest

from muscope.backend.analysis.measures.costs import Benefit, costs_of
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.statistics.optimum import Optimum, find_optimum
from tests.backend.analysis.sweeps import known

GRID = np.arange(-2.0, 3.0)


def pair_of(target, base=None):
    target = np.asarray(target, dtype=np.float64)
    base = 2.0 * target if base is None else np.asarray(base, dtype=np.float64)
    indices = np.arange(len(target))
    return Pair(
        SizeLosses(indices, GRID[indices], base),
        SizeLosses(indices, GRID[indices], target),
        np.full(target.shape[1], 3.0),
        random_seed=0,
    )


def costs(pair):
    base, target = (find_optimum(GRID[: len(tried.indices)], tried.losses.mean(axis=1)) for tried in pair[:2])
    return costs_of(pair, None if base is None else base.index, base, target, 0.90)


# Five LRs, four seeds; the third is best on average and the fourth nearly so, and better for two seeds.
RIVALS = [
    [2.0, 2.0, 2.0, 2.0],
    [1.3, 1.3, 1.3, 1.3],
    [1.0, 1.1, 0.9, 1.0],
    [0.9, 1.2, 0.8, 1.2],
    [2.0, 2.0, 2.0, 2.0],
]


def test_a_rival_that_may_be_the_best_widens_the_upper_end():
    regret = costs(pair_of(RIVALS)).regret

    best, rival = np.array(RIVALS[2]), np.array(RIVALS[3])
    expected = student_interval((best - rival) / (3.0 - best.mean()), 0.90)
    assert expected is not None
    assert (regret.value, regret.interval.low) == (0.0, 0.0)
    assert regret.interval.high == pytest.approx(expected.high)
    assert regret.interval.method == "student_t_over_neighbours"


def test_rivals_beyond_doubt_widen_nothing():
    clear = [[2.0] * 4, [1.5, 1.6, 1.5, 1.4], [1.0] * 4, [1.4, 1.5, 1.6, 1.5], [2.0] * 4]

    assert costs(pair_of(clear)).regret.interval.high == 0.0


def test_a_rate_at_which_a_seed_diverged_is_no_rival():
    diverging = np.array(RIVALS)
    diverging[3] = [0.9, 1.2, 0.8, 3.0]
    pair = pair_of(diverging)

    alone = pair._replace(target=pair.target._replace(diverging=frozenset({3})))

    assert costs(pair).regret.interval.high > 0.1
    assert costs(alone).regret.interval.high == 0.0


def test_a_narrow_search_loses_what_is_best_beyond_an_octave():
    # The base's best is the second LR, the target's the fourth, two octaves above it; the third is in reach.
    base = [[4.0] * 4, [2.0, 2.1, 1.9, 2.0], [3.0] * 4, [3.5] * 4, [4.0] * 4]
    target = [[2.0] * 4, [1.2, 1.3, 1.1, 1.2], [0.9, 1.0, 0.8, 0.9], [0.8, 0.8, 0.8, 0.8], [2.0] * 4]
    found = costs(pair_of(target, base))

    assert found.gain_loss.value == pytest.approx(0.4 / 1.2)
    assert found.search_gain_loss.value == pytest.approx(0.1 / 1.2)
    expected = student_interval((np.array(target[2]) - np.array(target[3])) / 1.2, 0.90)
    assert expected is not None
    assert found.search_gain_loss.interval.high == pytest.approx(expected.high)


def test_a_search_that_reaches_the_best_rate_loses_nothing():
    found = costs(pair_of(RIVALS))

    assert found.search_gain_loss.value == 0.0
    assert found.search_gain_loss.interval.high == 0.0


def test_a_benefit_is_lost_for_sure_only_if_the_benefit_itself_is_sure():
    excess = np.array([0.02, 0.021, 0.019, 0.02])
    sure, doubtful = np.full(4, 0.03), np.array([0.12, -0.06, 0.12, -0.06])

    assert Benefit(excess, sure).lost_margin(0.33, 0.90) > 0
    assert not Benefit(excess, doubtful).lost_margin(0.33, 0.90) > 0
    assert not Benefit(excess, sure).lost_margin(0.70, 0.90) > 0


def test_a_single_seed_has_no_interval():
    found = costs(pair_of(np.array(RIVALS)[:, :1]))

    assert found.regret.interval is None
    assert found.has_gain is None


def test_without_seeds_nothing_is_known():
    empty = pair_of(np.empty((5, 0)))

    assert costs_of(empty, None, None, None, 0.90).regret.value is None


def test_the_loss_at_the_reused_rate_is_that_of_its_runs_and_not_the_one_read_from_neighbours():
    halves = np.arange(-2.0, 2.5, 0.5)
    noise = np.exp(0.02 * np.random.default_rng(0).standard_normal((len(halves), 5)))
    target = np.exp(0.1 * (halves + 0.2) ** 2)[:, None] * noise
    indices = np.arange(len(halves))
    tried = [SizeLosses(indices, halves, losses) for losses in (2.0 * target, target)]
    base, best = (find_optimum(halves, each.losses.mean(axis=1)) for each in tried)

    assert base is not None
    pair = Pair(tried[0], tried[1], np.full(5, 9.0), random_seed=0)

    found = costs_of(pair, base.index, base, best, 0.90)

    assert found.reused == pytest.approx(target[base.index].mean())
    assert not np.allclose(tried[1].smoothed().losses, target)


def test_an_interval_is_wider_by_what_smoothing_moved_the_cost_by():
    halves = np.arange(-2.0, 2.5, 0.5)
    noise = np.exp(0.03 * np.random.default_rng(3).standard_normal((len(halves), 4)))
    target = np.exp(0.1 * (halves + 0.2) ** 2)[:, None] * noise
    tried = SizeLosses(np.arange(len(halves)), halves, target)
    read = tried.smoothed()
    base, best = 6, int(read.losses.mean(axis=1).argmin())
    moved = abs(read.moved_at(base) - read.moved_at(best))
    pair = Pair(tried._replace(losses=2.0 * target), tried, np.full(4, 9.0), random_seed=0)

    optima = Optimum(1.0, base, is_edge=False), Optimum(0.0, best, is_edge=False)
    found = costs_of(pair, base, *optima, 0.90)

    whole = 9.0 - read.losses[best].mean()
    plain = student_interval((read.losses[base] - read.losses[best]) / whole, 0.90)
    assert plain is not None
    assert moved > 0
    assert known(found.regret.interval).low == pytest.approx(plain.low - moved / whole)
