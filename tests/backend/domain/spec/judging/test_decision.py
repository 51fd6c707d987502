"""Declarations of what decides: loss, unit, seeds; and levels of looks that share one error."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.judging.decision import (
    LOOKS,
    MOST_SEEDS,
    CostUnit,
    Settle,
    cost_unit,
    deciding_loss,
    further_seeds,
    look_level,
    looks_after,
)
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.domain.specs import REGRESSION, SHAPE

LEVEL = 0.90


@pytest.mark.parametrize(("num_steps", "loss"), [(8, "train_loss"), (9, "train_loss"), (10, "val_loss")])
def test_the_training_loss_decides_where_an_example_is_seen_about_once(num_steps, loss):
    """48 examples in batches of 8: nine steps are one and a half passes."""
    assert deciding_loss(SHAPE, num_steps=num_steps, batch_size=8) is Metric(loss)


def test_text_is_priced_in_training_and_everything_else_in_loss():
    text = SHAPE.model_copy(update={"task": Task.LANGUAGE_MODELLING})

    assert [cost_unit(shape) for shape in (SHAPE, REGRESSION, text)] == [
        CostUnit.SHARE,
        CostUnit.SHARE,
        CostUnit.EXTRA_TRAINING,
    ]


@given(st.integers(1, 60), st.sampled_from([None, Settle()]), st.floats(0.5, 0.99))
def test_the_errors_of_all_looks_add_up_to_that_of_one(num_planned, settle, level):
    looks = (num_planned, *looks_after(num_planned))

    errors = [1.0 - look_level(level, num_planned, num_seeds, settle) for num_seeds in looks]

    assert sum(errors) <= (1.0 - level) * (1 + 1e-9)
    assert min(errors) > 0.0
    if len(looks) > 1:
        assert sum(errors) == pytest.approx(1.0 - level)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, MOST_SEEDS))
def test_a_look_is_no_stricter_where_fewer_looks_may_follow(num_planned, num_seeds, max_seeds):
    of_fewer, of_all = (
        look_level(LEVEL, num_planned, num_seeds, settle)
        for settle in (Settle(max_seeds=max_seeds), Settle())
    )

    assert LEVEL <= of_fewer <= of_all


@given(st.sets(st.integers(0, 99), min_size=1, max_size=8), st.integers(1, 60))
def test_added_seeds_are_new_and_the_same_whoever_asks(seeds, num_seeds):
    added = further_seeds(tuple(seeds), num_seeds)

    assert len({*seeds, *added}) == max(num_seeds, len(seeds))
    assert further_seeds(tuple(seeds), num_seeds + 5)[: len(added)] == added


def looked_at(differences_NS, limit, num_planned, settle, max_seeds=MOST_SEEDS):
    """Return of every stream whether a look ever showed the cost to be within the limit, or beyond it first.

    A look reads Student's interval of the seeds so far; the first look that decides ends a stream.
    """
    within, beyond = (np.zeros(len(differences_NS), dtype=bool) for _ in range(2))
    for num_seeds in (num_planned, *looks_after(num_planned, max_seeds)):
        so_far = differences_NS[:, :num_seeds]
        level = look_level(LEVEL, num_planned, num_seeds, settle)
        half = stats.t.ppf((1 + level) / 2, num_seeds - 1) * so_far.std(axis=1, ddof=1) / num_seeds**0.5
        is_open = ~(within | beyond)
        within |= is_open & (so_far.mean(axis=1) + half <= limit)
        beyond |= is_open & (so_far.mean(axis=1) - half > limit)
    return within, beyond


@pytest.mark.parametrize("num_planned", [2, 3, 5, 8])
@pytest.mark.parametrize("settle", [None, Settle()])
@pytest.mark.parametrize("noise", [0.001, 0.01, 0.1])
def test_a_cost_on_its_limit_is_claimed_to_be_within_it_in_no_more_than_one_stream_of_twenty(
    num_planned, settle, noise
):
    """20,000 streams of 48 seeds; by symmetry a cost on its limit is as rarely claimed to exceed it."""
    streams = 0.01 + noise * np.random.default_rng(7).standard_normal((20_000, MOST_SEEDS))

    within, beyond = looked_at(streams, 0.01, num_planned, settle)

    assert within.mean() <= 0.05
    assert beyond.mean() <= 0.05


@pytest.mark.parametrize("settle", [None, Settle()])
def test_the_further_a_cost_lies_above_its_limit_the_rarer_the_wrong_claim(settle):
    normal = np.random.default_rng(8).standard_normal((20_000, MOST_SEEDS))

    rates = [looked_at(0.01 * (1 + over + normal), 0.01, 5, settle)[0].mean() for over in (0, 0.1, 0.3, 1)]

    assert all(larger >= smaller for larger, smaller in pairwise(rates))
    assert rates[-1] < 0.001


@pytest.mark.parametrize("num_planned", [3, 5])
def test_added_seeds_find_more_of_the_costs_that_are_within_their_limit(num_planned):
    streams = 0.006 + 0.01 * np.random.default_rng(9).standard_normal((5_000, MOST_SEEDS))

    found = [
        looked_at(streams, 0.01, num_planned, Settle(), most)[0].mean() for most in (num_planned, *LOOKS)
    ]

    assert found == sorted(found)
    assert found[-1] > 3 * found[0]
