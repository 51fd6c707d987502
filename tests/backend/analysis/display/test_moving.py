"""Moving mean for the eye, against a sum written out."""

import math

import numpy as np
import pytest

from muscope.backend.analysis.display.moving import moving_mean

STEPS = np.array([0, 1, 3, 10])
VALUES = np.array([4.0, 2.0, 8.0, 1.0])


def test_every_value_counts_by_its_age_in_steps():
    smooth = moving_mean(STEPS, VALUES, 2.0)

    for index, step in enumerate(STEPS):
        weights = [math.exp((past - step) / 2.0) for past in STEPS[: index + 1]]
        total = sum(w * v for w, v in zip(weights, VALUES, strict=False))
        assert smooth[index] == pytest.approx(total / sum(weights))


def test_without_a_time_constant_nothing_changes():
    assert moving_mean(STEPS, VALUES, 0.0) is VALUES


def test_nothing_reaches_across_a_gap():
    values = np.array([4.0, np.nan, 8.0, 1.0])

    smooth = moving_mean(STEPS, values, 100.0)

    assert math.isnan(smooth[1])
    assert smooth[2] == 8.0


def test_a_constant_stays_what_it_is():
    assert moving_mean(STEPS, np.full(4, 3.0), 5.0) == pytest.approx([3.0] * 4)
