import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.sharpness_spread import (
    growth_exponent,
    late_edge_share,
    log_sharpness,
    sharpness_spread,
)
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from tests.backend.analysis.sweeps import parabolas

LIMITS = Thresholds()
STEPS = np.arange(0, 101, 5)
LR = 4  # 2^-2: the edge is at 8, the limit of what is compared at 7.2


def sweep_with(sharpness):
    """Sharpness of (base, widest) given as [2, S, M] at the reused LR."""
    values = np.asarray(sharpness, dtype=np.float64)
    sweep = parabolas(widths=(32, 256), num_seeds=values.shape[1])
    full = np.ones((2, len(sweep.lrs), *values.shape[1:]))
    full[:, LR] = values
    steps = STEPS if values.shape[2] == len(STEPS) else np.arange(values.shape[2]) * 10
    return replace(sweep, sharpness=full, measurement_steps=steps)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.7, 1.3])
def test_oracle_33_a_growth_exponent_is_found(exponent):
    """Oracle 33: the fit on Δ = A·t^B returns B ± .02, here with 5% noise."""
    steps = np.geomspace(10, 1000, 60)
    noise = np.exp(0.05 * np.random.default_rng(3).standard_normal(60))

    assert growth_exponent(steps, 0.3 * steps**exponent) == pytest.approx(exponent, abs=1e-9)
    assert growth_exponent(steps, 0.3 * steps**exponent * noise) == pytest.approx(exponent, abs=0.02)


def test_oracle_35_too_few_points_have_no_growth():
    assert growth_exponent(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
    assert growth_exponent(np.array([5.0, 5.0, 5.0]), np.array([1.0, 2.0, 3.0])) is None
    assert growth_exponent(np.arange(4.0), np.zeros(4)) is None


def test_the_level_is_the_median_log_ratio():
    spread = sharpness_spread(sweep_with([np.full((3, 21), 2.0), np.full((3, 21), 3.0)]), 0, 1, LR, LIMITS)

    assert spread.level == pytest.approx(math.log(1.5))
    assert (spread.seed_spread, spread.edge_share, spread.num_dropped) == (0.0, 0.0, 0)


def test_a_spread_that_grows_has_a_positive_exponent():
    ratio = np.exp(0.01 * np.maximum(STEPS, 1.0))
    seeds = np.array([1.0, 1.1, 0.9])[:, None]

    spread = sharpness_spread(
        sweep_with([seeds * np.ones((3, 21)), seeds * ratio * np.ones((3, 21))]), 0, 1, LR, LIMITS
    )

    assert spread.growth.value == pytest.approx(1.0, abs=0.01)
    assert spread.growth.interval is not None
    assert spread.growth.interval.low > 0


def test_steps_at_the_edge_are_left_out_and_counted():
    """At the edge the LR pins the sharpness, whatever the parametrization."""
    narrow = np.where(STEPS < 50, 2.0, 7.5) * np.ones((3, 21))
    wide = np.where(STEPS < 50, 4.0, 7.6) * np.ones((3, 21))

    spread = sharpness_spread(sweep_with([narrow, wide]), 0, 1, LR, LIMITS)

    assert spread.level == pytest.approx(math.log(2))
    assert spread.edge_share == pytest.approx(11 / 21)


def test_the_first_tenth_of_training_is_reported_apart():
    """There f_0 of narrow networks, not the parametrization, decides."""
    wide = np.where(STEPS <= 10, 4.0, 1.1) * np.ones((3, 21))

    spread = sharpness_spread(sweep_with([np.ones((3, 21)), wide]), 0, 1, LR, LIMITS)

    assert spread.early_level == pytest.approx(math.log(4))
    assert spread.level == pytest.approx(math.log(1.1))


def test_sizes_whose_late_steps_are_at_the_edge_are_counted_by_the_worse_of_them():
    base = np.full((3, 21), 2.0)
    wide = np.where(STEPS <= 60, 2.0, 7.6) * np.ones((3, 21))

    share = late_edge_share(sweep_with([base, wide]), (0, 1), LR, LIMITS)

    assert share == pytest.approx(8 / 18)


def test_only_the_edge_leaves_nothing_to_compare():
    spread = sharpness_spread(sweep_with(np.full((2, 3, 21), 8.0)), 0, 1, LR, LIMITS)

    assert (spread.level, spread.growth.value, spread.edge_share) == (None, None, 1.0)


def test_values_that_are_not_positive_are_dropped_and_counted():
    sharpness = np.full((2, 2, 4), 2.0)
    sharpness[0, 0, 1], sharpness[1, 1, 2], sharpness[0, 1, 3] = 0.0, -3.0, math.nan

    spread = sharpness_spread(sweep_with(sharpness), 0, 1, LR, LIMITS)

    assert (spread.level, spread.num_dropped) == (0.0, 2)


def test_the_window_stops_where_the_loss_has_fallen_to_its_floor():
    """Oracle 35: with cross-entropy on separable data sharpness falls as the loss goes to 0."""
    sweep = sweep_with(np.ones((2, 3, 21)))
    curve = np.repeat((2.3 * np.exp(-np.arange(101) / 8.0))[:, None], 3, axis=1)

    counted = np.isfinite(log_sharpness(replace(sweep, train_curves=lambda *_: curve), 0, LR, LIMITS)[0])

    last = STEPS[counted].max()
    assert 35 <= last <= 45  # e^(-t/8) is 1% at t = 37; the mean over ten steps lags
    assert np.isfinite(log_sharpness(sweep, 0, LR, LIMITS)).all()
