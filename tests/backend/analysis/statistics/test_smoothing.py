"""Losses read from local parabolas: exact where the curve is one, honest where it is none."""

import numpy as np
import pytest

from muscope.backend.analysis.statistics.smoothing import smoothed

HALVES = np.arange(-4.0, 2.5, 0.5)
OCTAVES = np.arange(-4.0, 3.0)
STABLE = np.zeros(len(HALVES), np.bool_)


def curve(log2_lrs, curvature=0.1, optimum=-0.7):
    return np.exp(curvature * (log2_lrs - optimum) ** 2)[:, None]


def noisy(log2_lrs, noise, num_seeds=5, seed=0):
    generator = np.random.default_rng(seed)
    return curve(log2_lrs) * np.exp(noise * generator.standard_normal((len(log2_lrs), num_seeds)))


def test_a_parabola_stays_as_it_is():
    exact = np.repeat(curve(HALVES), 3, axis=1)

    np.testing.assert_allclose(smoothed(HALVES, exact, STABLE), exact, rtol=1e-12)


def test_an_octave_grid_has_nothing_to_smooth_with():
    losses = noisy(OCTAVES, 0.05)

    np.testing.assert_array_equal(smoothed(OCTAVES, losses, STABLE[: len(OCTAVES)]), losses)


def test_noise_of_neighbouring_rates_falls_as_the_weights_of_the_parabola_say():
    # The classical weights (-3, 12, 17, 12, -3) / 35 leave 17/35 of the variance amid five points.
    trials = [
        np.log(smoothed(HALVES, noisy(HALVES, 0.01, seed=trial), STABLE) / curve(HALVES))[6]
        for trial in range(400)
    ]

    # Where chance looks like a misfit, one time in ten, the noise stays: a little more than 17/35 is left.
    assert np.var(trials) == pytest.approx(17 / 35 * 0.01**2, rel=0.25)


def test_differences_between_neighbouring_rates_become_half_as_noisy():
    def spread(read):
        logs = [np.log(read(noisy(HALVES, 0.01, seed=trial))) for trial in range(300)]
        return np.std([each[6] - each[7] for each in logs])

    raw = spread(lambda losses: losses)

    assert spread(lambda losses: smoothed(HALVES, losses, STABLE)) < 0.6 * raw


def test_rates_at_which_a_seed_diverged_help_no_other_and_stay_as_they_are():
    losses = noisy(HALVES, 0.01)
    is_diverging = HALVES > 0.75
    losses[is_diverging] = 2.3
    other_walls = losses.copy()
    other_walls[is_diverging] = 50.0

    found = smoothed(HALVES, losses, is_diverging)

    np.testing.assert_array_equal(found[is_diverging], losses[is_diverging])
    np.testing.assert_array_equal(
        found[~is_diverging], smoothed(HALVES, other_walls, is_diverging)[~is_diverging]
    )


def test_a_curve_that_all_seeds_agree_is_no_parabola_is_taken_as_it_is():
    wall = np.where(HALVES > 0.25, 1.5, 0.0)[:, None]
    losses = noisy(HALVES, 0.001) * np.exp(wall)
    at_the_wall = int(np.flatnonzero(HALVES > 0.25)[0]) - 1

    np.testing.assert_array_equal(smoothed(HALVES, losses, STABLE)[at_the_wall], losses[at_the_wall])


@pytest.mark.parametrize("losses", [np.full((5, 1), 0.5), np.full((5, 3), -0.5), np.full((1, 3), 0.5)])
def test_what_has_no_parabola_stays_as_it_is(losses):
    grid = HALVES[: len(losses)]

    np.testing.assert_array_equal(smoothed(grid, losses, np.zeros(len(grid), np.bool_)), losses)
