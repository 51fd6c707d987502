"""Extra training against curves whose T/t is known: loss falls as a power of the step."""

import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.extra_training import extra_training
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.analysis.sweeps import known, parabolas

STEPS, REUSED, BEST, RIVAL = 400, 4, 3, 2
SPEEDS = np.array([1.0, 1.0, 1.0])


def curve(slower):
    """Return c·t^-½ of every seed, which needs `slower` times the steps of a c of 1; 3 at step 0."""
    steps = np.arange(1, STEPS + 1, dtype=np.float64)
    falling = np.sqrt(np.asarray(slower))[None, :] * steps[:, None] ** -0.5
    return np.vstack([np.full(len(slower), 3.0), falling])


def trained(curves, *, tail_steps=1, further=None):
    """Return a sweep with these curves by LR index, and those of further seeds."""
    sweep = parabolas(num_seeds=len(next(iter(curves.values()))[0]))
    sweep = replace(sweep, num_steps=STEPS, tail_steps=tail_steps, train_curves=lambda _, e: curves[e])
    if further is None:
        return sweep
    return replace(sweep, further=replace(sweep, train_curves=lambda _, e: further[e]))


def test_a_rate_that_needs_a_quarter_more_steps_costs_a_quarter_of_the_training():
    sweep = trained({REUSED: curve(1.25 * SPEEDS), BEST: curve(SPEEDS)})

    found = extra_training(sweep, 3, REUSED, BEST, 0.9)

    assert found.value == pytest.approx(0.25)
    assert (known(found.interval).low, known(found.interval).high) == pytest.approx((0.25, 0.25))


def test_where_the_reused_rate_ends_lower_the_share_is_negative():
    sweep = trained({REUSED: curve(SPEEDS), BEST: curve(1.25 * SPEEDS)})

    assert extra_training(sweep, 3, REUSED, BEST, 0.9).value == pytest.approx(1 / 1.25 - 1)


def test_the_mean_over_the_tail_hardly_changes_it():
    sweep = trained({REUSED: curve(1.25 * SPEEDS), BEST: curve(SPEEDS)}, tail_steps=40)

    assert extra_training(sweep, 3, REUSED, BEST, 0.9).value == pytest.approx(0.25, abs=0.02)


def test_the_interval_is_students_of_the_logs():
    slower = np.array([1.1, 1.25, 1.6])
    sweep = trained({REUSED: curve(slower), BEST: curve(SPEEDS)})

    found = extra_training(sweep, 3, REUSED, BEST, 0.9)

    logs = np.log(STEPS / np.ceil(STEPS / slower - 1e-9))
    expected = known(student_interval(logs, 0.9))
    assert found.value == pytest.approx(math.expm1(logs.mean()))
    interval = known(found.interval)
    assert (interval.low, interval.high) == pytest.approx(
        (math.expm1(expected.low), math.expm1(expected.high))
    )


def test_the_upper_end_is_that_of_a_rival_that_may_be_the_best():
    curves = {REUSED: curve(1.25 * SPEEDS), BEST: curve(SPEEDS), RIVAL: curve(SPEEDS / 1.61)}

    found = extra_training(trained(curves), 3, REUSED, BEST, 0.9, rivals=(RIVAL,))

    assert found.value == pytest.approx(0.25)
    assert known(found.interval).low == pytest.approx(0.25)
    assert known(found.interval).high == pytest.approx(STEPS / math.ceil(STEPS / 1.25 / 1.61) - 1)


def test_reusing_the_best_rate_itself_takes_nothing():
    found = extra_training(trained({REUSED: curve(SPEEDS)}), 3, REUSED, REUSED, 0.9)

    assert (found.value, known(found.interval).high) == (0.0, 0.0)


def test_seeds_that_were_added_later_narrow_the_interval():
    slower = np.array([1.1, 1.25, 1.6])
    curves = {REUSED: curve(slower), BEST: curve(SPEEDS)}
    added = {REUSED: curve(np.full(5, 1.25)), BEST: curve(np.ones(5))}
    added[BEST][:, 4] = np.nan  # a seed that the best LR does not have
    few, more = trained(curves), trained(curves, further=added)

    wide, narrow = (extra_training(sweep, 3, REUSED, BEST, 0.9) for sweep in (few, more))

    logs = np.log(STEPS / np.ceil(STEPS / np.concatenate([slower, np.full(4, 1.25)]) - 1e-9))
    assert narrow.value == pytest.approx(math.expm1(logs.mean()))
    assert known(narrow.interval).high == pytest.approx(math.expm1(known(student_interval(logs, 0.9)).high))
    assert known(narrow.interval).high < known(wide.interval).high


def test_a_rate_that_learned_nothing_needs_as_many_times_the_training_as_there_are_steps():
    flat = np.full((STEPS + 1, 3), 3.0)

    found = extra_training(trained({REUSED: flat, BEST: curve(SPEEDS)}), 3, REUSED, BEST, 0.9)

    assert found.value == pytest.approx(STEPS - 1)


@pytest.mark.parametrize("missing", [np.empty((0, 0)), curve(SPEEDS)[:200], np.full((STEPS + 1, 3), np.nan)])
def test_without_whole_curves_it_is_not_known(missing):
    sweep = trained({BEST: curve(SPEEDS)})
    sweep = replace(sweep, train_curves=lambda _, e: curve(SPEEDS) if e == BEST else missing)

    assert extra_training(sweep, 3, REUSED, BEST, 0.9).value is None


@pytest.mark.parametrize(
    ("slower", "outcome"), [(1.05, "transfers"), (1.25, "fine_tune"), (1.1, "inconclusive")]
)
def test_where_it_was_declared_extra_training_decides(slower, outcome):
    """Limit 10%; the seeds scatter by a percent, and the loss says that the LR below is the best."""
    speeds = slower * np.array([1.01, 0.99, 1.0, 1.01, 0.99])
    curves = {e: curve(10.0 * np.ones(5)) for e in range(9)} | {
        REUSED: curve(speeds),
        BEST: curve(np.ones(5)),
    }
    moved = parabolas(slope=-1 / 3, noise=0.0005, curvature=0.02)
    sweep = replace(
        trained(curves),
        losses=moved.losses,
        declared_loss=Metric.TRAIN_LOSS,
        cost_unit=CostUnit.EXTRA_TRAINING,
    )

    arm = judge_arm(Parametrization.MUP, [sweep], Terms())

    assert (arm.outcome, "extra_training" in {why.code for why in arm.reasons}) == (outcome, True)
