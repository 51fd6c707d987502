"""Means without seeds read from local parabolas, against least squares of numpy."""

import numpy as np
import pytest

from muscope.backend.analysis.statistics.smoothing import smoothed_means

LOG2_LRS = np.arange(-10.0, -4.9, 0.5)


def test_a_mean_is_read_from_the_parabola_of_its_octave():
    means = np.exp(0.02 * (LOG2_LRS + 8) ** 2) + np.random.default_rng(0).normal(0, 1e-3, len(LOG2_LRS))

    read, shares = smoothed_means(LOG2_LRS, means, np.full(len(means), 1e-3))

    near = slice(3, 8)
    expected = np.exp(np.polyval(np.polyfit(LOG2_LRS[near] - LOG2_LRS[5], np.log(means[near]), 2), 0.0))
    assert read[5] == pytest.approx(expected)
    assert shares[5] == pytest.approx(17 / 35)  # of a parabola through five equally spaced values


def test_a_grid_of_an_octave_is_left_as_it_is():
    means = np.array([3.0, 2.8, 2.7, 2.9])

    read, shares = smoothed_means(np.arange(4.0), means, np.full(4, 0.1))

    assert read.tolist() == means.tolist()
    assert shares.tolist() == [1.0] * 4


def test_a_value_far_off_its_parabola_is_left_as_it_is():
    means = np.exp(0.02 * (LOG2_LRS + 8) ** 2)
    means[5] += 0.5

    read, _ = smoothed_means(LOG2_LRS, means, np.full(len(means), 1e-3))

    assert read[5] == means[5]


def test_an_unknown_mean_stays_unknown():
    means = np.exp(0.02 * (LOG2_LRS + 8) ** 2)
    means[2] = np.nan

    read, _ = smoothed_means(LOG2_LRS, means, np.full(len(means), 1e-3))

    assert np.isnan(read[2])
    assert np.isfinite(np.delete(read, 2)).all()
