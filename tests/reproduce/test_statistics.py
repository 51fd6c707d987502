from __future__ import annotations

import math

import numpy as np
import pytest

from tests.reproduce.statistics import fall_with_size, growth_of_deviation, late_spread, median_range

STEPS = np.arange(1.0, 101.0)


def values(of_size):
    """Return [W, M, S]: the same two seeds per size."""
    return np.stack([np.stack([one, one], axis=1) for one in of_size])


def test_the_range_of_curves_a_constant_factor_apart_is_its_logarithm():
    logs = np.log(np.stack([STEPS, 2 * STEPS, 4 * STEPS]))

    assert median_range(logs) == pytest.approx(math.log(4))


def test_a_size_without_values_makes_the_range_infinite():
    assert median_range(np.stack([np.zeros(5), np.full(5, np.nan)])) == math.inf


def test_steps_that_one_size_lacks_do_not_count():
    logs = np.stack([np.zeros(3), np.array([1.0, 1.0, np.nan])])

    assert median_range(logs) == 1.0


def test_the_late_spread_does_not_look_at_the_beginning():
    early = np.where(STEPS < 60, 50.0, 1.0)

    assert late_spread(STEPS, values([early, np.ones(100)])) == 0.0


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.8])
def test_a_deviation_that_grows_as_a_power_of_time_gives_its_exponent(exponent):
    deviating = values([10 + 0.3 * STEPS**exponent, 10 + 0.1 * STEPS**exponent, np.full(100, 10.0)])

    assert growth_of_deviation(STEPS, deviating) == pytest.approx(exponent, abs=1e-6)


def test_a_deviation_that_falls_as_a_power_of_width_gives_its_exponent():
    sizes = (16, 32, 64, 256)
    deviating = values([np.full(100, 5 + size**-0.7) for size in sizes[:-1]] + [np.full(100, 5.0)])

    assert fall_with_size(sizes, STEPS, deviating) == pytest.approx(0.7, abs=1e-6)
