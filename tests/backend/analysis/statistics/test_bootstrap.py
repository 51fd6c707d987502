import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.transfer import compare
from muscope.backend.analysis.statistics.bootstrap import (
    METHOD,
    MIN_SEEDS,
    bootstrap_interval,
    resampling_weights,
)
from muscope.backend.analysis.statistics.optimum import find_optimum, vertices
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import parabolas

VAL = Metric.VAL_LOSS
GRID = np.arange(-6.0, 3.0)


def statistics_of(sweep):
    return compare(sweep, VAL, len(sweep.widths) - 1, Thresholds()).statistics


def test_a_resample_is_as_large_as_what_it_was_drawn_from():
    weights = resampling_weights(12, random_seed=3)

    assert weights.sum(axis=0) == pytest.approx(1.0)
    assert (weights * 12 == np.rint(weights * 12)).all()
    assert weights.shape[1] >= 1000


def test_the_same_seed_draws_the_same_resamples():
    assert np.array_equal(resampling_weights(10, 7), resampling_weights(10, 7))
    assert not np.array_equal(resampling_weights(10, 7), resampling_weights(10, 8))


def test_the_interval_of_a_mean_is_nearly_that_of_student():
    """Of normal values both estimate the same thing; the textbook's half width is t(0.95, S-1)·SE."""
    values = np.random.default_rng(5).standard_normal(40)

    interval = bootstrap_interval(values @ resampling_weights(40, 0), 40, 0.90)

    half = 1.6849 * values.std(ddof=1) / math.sqrt(40)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=half / 8
    )


def test_an_unknown_resample_has_no_interval():
    assert bootstrap_interval(np.array([1.0, math.nan, 2.0]), 10, 0.90) is None


@pytest.mark.parametrize(
    ("num_seeds", "shift", "cost"),
    [
        (3, "student_t", "student_t_over_neighbours"),
        (MIN_SEEDS - 1, "student_t", "student_t_over_neighbours"),
        (MIN_SEEDS, METHOD, "student_t_over_neighbours"),
    ],
)
def test_the_number_of_seeds_decides_the_method_of_the_shift_and_not_that_of_the_cost(num_seeds, shift, cost):
    found = statistics_of(parabolas(slope=0.3, num_seeds=num_seeds))

    assert found.lr_shift.interval.method == shift
    assert {found.transfer_regret.interval.method, found.gain_loss.interval.method} == {cost}


def test_the_spec_decides_what_is_drawn():
    sweep = parabolas(slope=0.3, scatter=0.3, num_seeds=MIN_SEEDS)

    once, again = statistics_of(sweep), statistics_of(sweep)
    other = statistics_of(replace(sweep, random_seed=1))

    assert once == again
    assert other.lr_shift.interval != once.lr_shift.interval
    assert other.lr_shift.value == once.lr_shift.value


@pytest.mark.parametrize("lowest", [-30.0, 0.0, 1e-3, 1e300])
def test_many_vertices_at_once_are_those_found_one_by_one(lowest):
    losses = lowest + np.random.default_rng(1).random((9, 200)) * max(1.0, abs(lowest))

    one_by_one = [optimum.log2_lr for column in losses.T if (optimum := find_optimum(GRID, column))]

    assert vertices(GRID, losses) == pytest.approx(one_by_one)


@pytest.mark.parametrize("num_lrs", [1, 2])
def test_two_rates_have_no_vertex_between_them(num_lrs):
    assert vertices(GRID[:num_lrs], np.array([[3.0, 1.0], [2.0, 4.0]])[:num_lrs]).tolist() == (
        [-6.0, -6.0] if num_lrs == 1 else [-5.0, -6.0]
    )


def test_no_rate_has_no_vertex():
    assert np.isnan(vertices(np.empty(0), np.empty((0, 3)))).all()
