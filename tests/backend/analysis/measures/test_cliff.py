"""Distance from the reused LR to divergence, at a size and over sizes."""

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.cliff import cliff_of, nearing
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.verdict import Cliff
from tests.backend.analysis.sweeps import parabolas, planned_only, with_diverged

REUSED = 4  # of nine LRs an octave apart


def diverging_from(borders):
    """Return a sweep in which one seed of every width diverges at its border and above; None: nowhere."""
    places = [
        (width, lr_index, 0)
        for width, border in enumerate(borders)
        if border is not None
        for lr_index in range(border, 9)
    ]
    return with_diverged(parabolas(), *places)


def test_a_border_that_was_seen_at_the_size_is_measured():
    cliff = cliff_of(diverging_from([8, 8, 8, 7]), 3, REUSED)

    assert cliff == Cliff(stable=2.0, diverging=3.0, is_measured=True)


def test_a_border_not_seen_at_the_size_is_estimated_from_the_last_smaller_one():
    narrow = np.abs(np.arange(9) - REUSED)[None, :, None] <= 1
    window = planned_only(diverging_from([8, 7, 7, None]), narrow | (np.arange(4) < 3)[:, None, None])

    assert cliff_of(window, 3, REUSED) == Cliff(stable=1.0, diverging=3.0, is_measured=False)


def test_a_size_that_was_stable_beyond_the_borders_of_smaller_ones_has_none():
    assert cliff_of(diverging_from([6, 6, 6, None]), 3, REUSED) == Cliff(
        stable=4.0, diverging=None, is_measured=True
    )


def test_a_reused_rate_that_diverges_is_stable_below_it_only():
    assert cliff_of(diverging_from([8, 8, 8, REUSED]), 3, REUSED) == Cliff(
        stable=-1.0, diverging=0.0, is_measured=True
    )


def test_a_rate_that_was_not_run_has_no_distance():
    mask = np.ones((4, 9, 5), dtype=bool)
    mask[3, REUSED] = False

    assert cliff_of(planned_only(parabolas(), mask), 3, REUSED) is None


@pytest.mark.parametrize(
    ("borders", "expected"),
    [
        ([8, 8, 7, 5], 0.0),  # from 4 to 1 octaves over three doublings: one more leaves none
        ([7, 7, 7, 6], 2.0 - 1 / 3),
        ([6, 6, 6, 6], None),  # level
        ([6, 6, 6, 7], None),  # rising
        ([None, 8, 8, 6], None),
        ([8, 8, 8, None], None),
    ],
)
def test_the_margin_one_doubling_beyond_follows_the_trend_from_the_base(borders, expected):
    found = nearing(diverging_from(borders), 3, REUSED)

    assert found == (None if expected is None else pytest.approx(expected))


def test_a_border_of_divergence_that_comes_close_turns_a_transfer_into_a_watch():
    arms = [
        judge_arm(Parametrization.MUP, [diverging_from(b)], Terms()) for b in ([8, 8, 7, 5], [7, 7, 7, 6])
    ]

    assert [(arm.outcome, arm.rule) for arm in arms] == [
        ("sharpness_drifts", "cliff_nears"),
        ("transfers", "transfers"),
    ]


def test_divergences_of_added_seeds_count():
    sweep = diverging_from([8, 8, 8, 8])
    added = diverging_from([8, 8, 8, 5])

    cliff = cliff_of(replace(sweep, further=added), 3, REUSED)

    assert cliff == Cliff(stable=0.0, diverging=1.0, is_measured=True)
