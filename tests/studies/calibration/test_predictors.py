"""Predictors of a cost are compared by rank, with an interval of the difference."""

import math

import numpy as np
import pytest

from studies.calibration.real.predictors import compare_predictors, rank_correlation


def test_a_rank_correlation_knows_order_only_and_a_constant_has_none():
    x = np.arange(10.0)

    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1.0)
    assert math.isnan(rank_correlation(x, np.ones(10)))


def test_the_better_predictor_is_better_with_an_interval_that_excludes_none():
    truth = [float(index) for index in range(40)]
    blind = [float(index) for index in np.random.default_rng(0).permutation(40)]

    own, [more] = compare_predictors([blind, truth], truth)

    assert own[1].value == pytest.approx(1.0)
    assert more.low > 0.0
