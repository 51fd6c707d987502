import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.statistics.intervals import (
    estimate,
    finite_or_none,
    standard_error,
    student_interval,
)


def the_interval(values, **options):
    interval = student_interval(np.array(values), 0.90, **options)
    assert interval is not None
    return interval


def test_the_interval_is_that_of_the_textbook():
    interval = the_interval([1.0, 2.0, 3.0, 4.0, 5.0])

    half = 2.131847 * math.sqrt(2.5 / 5)  # t(0.95, 4)
    assert (interval.low, interval.high) == pytest.approx((3 - half, 3 + half), rel=1e-6)
    assert (interval.level, interval.method) == (0.90, "student_t")


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_fewer_than_two_values_have_no_interval(values):
    assert student_interval(np.array(values), 0.90) is None


def test_equal_values_have_an_interval_of_no_width():
    interval = the_interval([0.3] * 4)

    assert (interval.low, interval.high) == (0.3, 0.3)


def test_the_centre_may_be_given():
    interval = the_interval([1.0, 3.0], centre=10.0)

    assert (interval.low + interval.high) / 2 == pytest.approx(10)


def test_values_too_large_for_their_squares_have_an_error_all_the_same():
    assert standard_error(np.array([1e300, 3e300])) == pytest.approx(1e300)


def test_an_estimate_of_nothing_is_empty():
    assert estimate(np.array([math.nan]), 0.90).value is None


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6))
def test_estimates_are_finite_or_absent(values):
    found = estimate(np.array(values, dtype=np.float64), 0.90)

    assert found.value is None or math.isfinite(found.value)
    if found.interval is not None:
        assert -math.inf < found.interval.low <= found.interval.high < math.inf


def test_what_is_not_finite_is_none():
    assert [finite_or_none(value) for value in (math.inf, math.nan, None, 2.0)] == [None, None, None, 2.0]
