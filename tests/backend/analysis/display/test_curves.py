"""Means and bands over seeds, and sampling that keeps what matters and does not shimmer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.display.curves import (
    RunCurves,
    bucket_width,
    over_probes,
    over_seeds,
    positive,
    sampled,
    side_by_side,
)

NAN = np.nan
VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), min_size=1, max_size=400)


def curves(*columns: list[float], first: int = 0) -> RunCurves:
    return RunCurves(np.arange(first, first + len(columns[0])), np.array(columns, dtype=np.float64).T)


def test_cells_that_are_not_equally_far_stand_side_by_side():
    both = side_by_side(
        [curves([1, 2, 3]), RunCurves(np.empty(0, np.int64), np.empty((0, 0))), curves([4, 5])]
    )

    assert both.steps.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(both.values, [[1, 4], [2, 5], [3, NAN]])
    assert side_by_side([]).steps.size == 0


def test_the_standard_error_of_a_mean_over_seeds_is_that_of_independent_estimates():
    values, errors = curves([1, 2], [3, NAN]), np.array([[3.0, 4.0], [0.5, NAN]])

    band = over_probes(values, errors)

    np.testing.assert_allclose(band.mean, [2, 2])
    np.testing.assert_allclose(band.high - band.mean, [2.5, 0.5])  # √(3² + 4²) / 2
    np.testing.assert_allclose(band.mean - band.low, [2.5, 0.5])


def test_the_band_is_the_smallest_and_largest_seed_of_those_that_remain():
    band = over_seeds(curves([1, 2, NAN, NAN], [3, 6, 9, NAN], [5, NAN, NAN, np.inf]))

    np.testing.assert_array_equal(band.mean, [3, 4, 9, NAN])
    np.testing.assert_array_equal(band.low, [1, 2, 9, NAN])
    np.testing.assert_array_equal(band.high, [5, 6, 9, NAN])
    assert band.num_seeds.tolist() == [3, 2, 1, 0]


def test_nothing_has_an_empty_band():
    band = over_seeds(side_by_side([]))

    assert [values.size for values in band] == [0] * 5


def test_what_a_logarithmic_axis_cannot_show_is_a_gap_and_is_counted():
    shown = positive(np.array([1.0, 0.0, -2.0, NAN, 3.0]))

    np.testing.assert_array_equal(shown.values, [1, NAN, NAN, NAN, 3])
    assert shown.num_hidden == 2


@pytest.mark.parametrize(
    ("first", "last", "num_points", "limit", "width"),
    [(0, 999, 1000, 1000, 1), (0, 1000, 1001, 1000, 8), (0, 10**6, 10**6, 1000, 4096), (5, 20, 16, 8, 16)],
)
def test_the_width_is_the_smallest_power_of_two_that_fits(first, last, num_points, limit, width):
    assert bucket_width(first, last, num_points, limit) == width


def test_few_points_all_stay():
    assert sampled(np.arange(5), np.ones(5), 1).tolist() == [0, 1, 2, 3, 4]
    assert sampled(np.empty(0, np.int64), np.empty(0), 8).size == 0


@given(VALUES, st.sampled_from([2, 4, 16, 64]), st.integers(0, 100))
def test_sampling_keeps_ends_extremes_and_the_steps_asked_for(values, width, first):
    runs = curves(values, first=first)
    column = runs.values[:, 0]
    asked = first + len(values) // 3

    kept = sampled(runs.steps, column, width, always=[asked])

    assert (np.diff(kept) > 0).all()
    assert {0, len(values) - 1, len(values) // 3} <= set(kept.tolist())
    if np.isfinite(column).any():
        drawn = column[kept]
        assert (np.nanmin(drawn), np.nanmax(drawn)) == (np.nanmin(column), np.nanmax(column))


@given(VALUES, st.sampled_from([2, 4, 16, 64]), st.data())
def test_appending_points_changes_the_last_bucket_only(values, width, data):
    whole = curves(values)
    column = whole.values[:, 0]
    length = data.draw(st.integers(1, len(values)))
    finished = length // width * width

    before, after = sampled(whole.steps[:length], column[:length], width), sampled(whole.steps, column, width)

    assert before[before < finished].tolist() == after[after < finished].tolist()


@given(st.integers(0, 5000), st.integers(1, 20_000), st.sampled_from([1, 7, 30]), st.integers(50, 1000))
def test_a_series_never_has_more_points_than_its_limit(first, length, every, limit):
    steps = np.arange(first, first + length, every)
    values = np.sin(steps * 12.9898) * 43758.5453

    kept = sampled(steps, values, bucket_width(first, first + length, len(steps), limit))

    assert len(kept) <= limit


def test_a_divergence_between_two_kept_points_stays():
    values = np.arange(64.0)
    values[21:] = NAN

    kept = sampled(np.arange(64), values, 16, always=[21])

    assert {20, 21} <= set(kept.tolist())  # the largest before it, and the step itself
