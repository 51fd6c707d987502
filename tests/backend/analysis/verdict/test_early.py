"""Early answers: they see what is there, say how sure they are, and are right at least as often."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.analysis.verdict.early import answer_early
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.analysis.curved import NUM_STEPS, curved
from tests.backend.analysis.sweeps import parabolas
from tests.backend.analysis.test_verdict_properties import any_sweeps

MUP = Parametrization.MUP
LIMITS = Thresholds()


def answered(sweep, random_seed=0):
    return answer_early(MUP, [sweep], LIMITS, random_seed)


def codes(answer):
    return [why.code for why in answer.would_change]


def test_a_clear_case_at_the_end_is_certain():
    answer = answered(curved())

    assert (answer.outcome, answer.confidence, codes(answer)) == ("transfers", 1.0, [])
    assert (answer.at_step, answer.num_steps, answer.num_sizes) == (NUM_STEPS, NUM_STEPS, 4)


def test_what_is_still_to_come_lowers_the_confidence_and_is_named():
    answer = answered(curved(reached=(256, 128, 128, -1)))

    assert (answer.outcome, answer.at_step) == ("transfers", 128)
    assert [size.width for size in answer.sizes] == [32, 64, 128]
    assert codes(answer) == ["early_steps", "early_sizes"]
    assert 0.0 < answer.confidence < 1.0


def test_a_proven_failure_does_not_wait_for_larger_sizes():
    answer = answered(curved(slope=-1.5, reached=(256, 256, 256, -1)))

    assert (answer.outcome, answer.confidence) == ("does_not_transfer", 1.0)


@pytest.mark.parametrize("reached", [(256, -1, -1, -1), (256, 16, -1, -1), (-1, 256, 256, 256)])
def test_too_little_has_no_answer(reached):
    assert answered(curved(reached=reached)) is None


def test_a_sweep_that_cannot_be_cut_has_no_answer():
    assert answered(parabolas()) is None


def test_the_step_is_chosen_where_the_most_is_known():
    """Two sizes at three quarters tell more than three at a quarter, and less than three at the end."""
    assert answered(curved(reached=(256, 192, 192, 64))).at_step == 192
    assert answered(curved(reached=(256, 256, 256, 192))).at_step == 192


def test_a_divergence_that_is_known_counts_before_its_step():
    sweep = curved(reached=(256, 256, 256, 64))
    diverged_at = sweep.diverged_at.copy()
    diverged_at[1, 4] = 200

    answer = answered(replace(sweep, diverged_at=diverged_at))

    assert answer.outcome == "does_not_transfer"


def test_the_same_data_give_the_same_answer():
    sweep = curved(scatter=0.6, noise=0.05, reached=(256, 128, 128, 128))

    assert answered(sweep, 7) == answered(sweep, 7)


@settings(max_examples=40)
@given(any_sweeps(), st.integers(-1, 200))
def test_no_sweep_is_too_strange(sweep, step):
    reached = np.full(sweep.is_measured.shape, step)
    answer = answered(replace(sweep, reached=reached, until=lambda end: replace(sweep, num_steps=end)))

    assert answer is None or 0.0 <= answer.confidence <= 1.0


def _case(seed):
    """Draw a sweep that is under way, and the same one at its end."""
    draw = np.random.default_rng(seed)
    options = {
        "slope": draw.choice([0.0, -0.1, -0.3, -0.6, -1.0]),
        "horizon_slope": draw.uniform(-0.5, 0.2),
        "curvature": draw.uniform(0.05, 0.25),
        "noise": draw.choice([0.005, 0.02, 0.06]),
        "scatter": draw.choice([0.0, 0.2, 0.4]),
        "drift": draw.choice([0.0, 0.1, 0.3]),
        "num_seeds": int(draw.choice([3, 5])),
        "random_seed": seed,
    }
    num = int(draw.choice([2, 3, 4]))
    step = int(draw.choice([32, 64, 128, 256]))
    return curved(**options, reached=(step,) * num + (-1,) * (4 - num)), curved(**options)


@pytest.mark.slow
def test_the_stated_confidence_does_not_exceed_how_often_it_is_right():
    """80 simulated sweeps over shift, horizon, noise and seeds: on average, and where it claims the most."""
    stated, came_true = [], []
    for seed in range(80):
        under_way, ended = _case(seed)
        answer = answered(under_way, seed)
        stated.append(answer.confidence)
        came_true.append(answer.outcome == judge_arm(MUP, [ended], Terms()).outcome)

    confidence, is_right = np.array(stated), np.array(came_true)
    surest = confidence >= np.quantile(confidence, 0.75)
    assert confidence.mean() <= is_right.mean()
    hit_rate = is_right[surest].mean()
    standard_error = np.sqrt(hit_rate * (1 - hit_rate) / surest.sum())
    assert confidence[surest].mean() <= hit_rate + standard_error
