"""The LR to carry: the lowest that is as good as the best, half an octave away at most."""

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.carried_rate import carried_index
from muscope.backend.analysis.sweep import Losses
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import sweep_of, with_diverged

VAL = Metric.VAL_LOSS
OCTAVES = tuple(2.0**e for e in range(-4, 1))
HALVES = tuple(2.0 ** (e / 2) for e in range(-4, 1))
BEST = 3
# By LR, the best at index 3; half an octave below it the loss is higher by one in a thousand of 2.3 - 0.5.
CLOSE = np.array([0.7, 0.6, 0.5018, 0.5, 0.6])
# Without these the seeds of one LR would be equal, and every difference between two LRs would be certain.
WOBBLE = 0.004 * np.array([1.0, -1.0, 0.5, -0.5, 0.0])


def base_of(losses, *, lrs=HALVES, wobble=WOBBLE, at=2):
    """Return a base of five seeds; those of the LR at `at` scatter."""
    losses_ES = np.repeat(np.asarray(losses)[:, None], 5, axis=1)
    losses_ES[at] += wobble
    return sweep_of({VAL: losses_ES[None]}, widths=(32,), lrs=lrs)


def carried(sweep):
    return carried_index(sweep, VAL, Thresholds())


def test_a_lower_rate_that_the_seeds_cannot_tell_from_the_best_is_carried():
    assert carried(base_of(CLOSE)) == 2


def test_a_lower_rate_that_is_worse_for_sure_is_not_carried():
    assert carried(base_of(CLOSE, wobble=0.1 * WOBBLE)) == BEST


def test_a_lower_rate_that_costs_more_than_next_to_nothing_is_not_carried():
    """Half of the least cost that counts is allowed: a quarter of a percent of 1.8, thus .0045."""
    dear = CLOSE + np.array([0.0, 0.0, 0.0045, 0.0, 0.0])

    assert carried(base_of(dear, wobble=10 * WOBBLE)) == BEST


def test_rates_an_octave_apart_are_never_tied():
    assert carried(base_of(CLOSE, lrs=OCTAVES)) == BEST


def test_a_lower_rate_at_which_a_seed_diverged_is_not_carried():
    assert carried(with_diverged(base_of(CLOSE), (0, 2, 0))) == BEST


def test_of_several_tied_rates_the_lowest_is_carried():
    quarters = tuple(2.0 ** (e / 4) for e in range(-8, 1, 2))  # half octaves: one is in reach
    finer = tuple(2.0 ** (e / 4) for e in range(-4, 1))  # quarters: two are
    losses = np.array([0.6, 0.5015, 0.501, 0.5, 0.6])
    sweeps = [base_of(losses, lrs=lrs, at=[1, 2], wobble=WOBBLE) for lrs in (quarters, finer)]

    assert [carried(sweep) for sweep in sweeps] == [2, 1]


@pytest.mark.parametrize("losses", [[0.5, 0.6, 0.7, 0.8, 0.9], [0.9, 0.8, 0.7, 0.501, 0.5]])
def test_a_best_rate_at_the_edge_of_the_grid_is_taken_as_it_is(losses):
    assert carried(base_of(losses, at=3)) == int(np.argmin(losses))


def test_without_a_result_there_is_nothing_to_carry():
    sweep = base_of(CLOSE)
    nothing = Losses(np.full_like(sweep.losses[VAL].final, np.nan), sweep.losses[VAL].initial)

    assert carried(replace(sweep, losses={VAL: nothing}, is_measured=np.zeros((1, 5, 5), bool))) is None
