from __future__ import annotations

import math

import numpy as np
import pytest

from muscope.backend.analysis.sweep import Losses, Sweep
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from studies.reproduction.statistics import (
    fall_with_size,
    growth_of_deviation,
    late_spread,
    median_range,
    spread_of_sharpness,
)

STEPS = np.arange(1.0, 101.0)


def values(of_size):
    """Return [W, M, S]: the same two seeds per size."""
    return np.stack([np.stack([one, one], axis=1) for one in of_size])


def test_the_range_of_curves_a_constant_factor_apart_is_its_logarithm():
    logs = np.log(np.stack([STEPS, 2 * STEPS, 4 * STEPS]))

    assert median_range(logs) == pytest.approx(math.log(4))


def test_without_a_step_that_all_sizes_have_the_range_is_unknown():
    assert math.isnan(median_range(np.stack([np.zeros(5), np.full(5, np.nan)])))


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


def trajectory(sharpness_WM, loss_WT, diverged=(-1, -1)):
    """Return a sweep of one LR and one seed over two sizes, measured at every step."""
    sharpness, losses = np.array(sharpness_WM)[:, None, None], np.array(loss_WT)
    num_steps = losses.shape[1] - 1
    return Sweep(
        sizes=(Size(16, 1), Size(64, 1)),
        lrs=(0.1,),
        lr_indices=(0,),
        base_index=0,
        num_seeds=1,
        num_steps=num_steps,
        tail_steps=1,
        losses={Metric.TRAIN_LOSS: Losses(losses[:, -1:, None], losses[:, :1, None])},
        diverged_at=np.array(diverged).reshape(2, 1, 1),
        is_measured=np.ones((2, 1, 1), np.bool_),
        sharpness=sharpness,
        measurement_steps=np.arange(num_steps + 1),
        train_curves=lambda size, _: losses[size][:, None],
    )


def test_the_spread_ends_where_a_loss_has_fallen_to_its_floor():
    loss = [[1.0, 0.5, 0.5, 0.001], [1.0, 0.5, 0.5, 0.5]]

    assert spread_of_sharpness(trajectory([[9, 2, 2, 2], [1, 4, 4, 99]], loss)) == pytest.approx(math.log(2))


def test_the_floor_is_the_same_for_a_size_whose_loss_begins_far_above():
    loss = [[1.0, 0.5, 0.5, 0.5], [900.0, 0.5, 0.5, 0.5]]

    assert spread_of_sharpness(trajectory([[9, 2, 2, 2], [1, 4, 4, 4]], loss)) == pytest.approx(math.log(2))


def test_a_size_that_diverged_is_infinitely_far_away():
    nan = math.nan
    gone = [[9, 2, 2, 2], [1, nan, nan, nan]]

    assert spread_of_sharpness(trajectory(gone, np.ones((2, 4)), diverged=(-1, 1))) == math.inf
    assert math.isnan(spread_of_sharpness(trajectory(gone, np.ones((2, 4)))))
