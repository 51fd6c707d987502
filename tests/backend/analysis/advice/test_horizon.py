from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.advice.horizon import read_horizon
from muscope.backend.domain.spec.optimizer import SCHEDULES, ScheduleSpec
from tests.backend.analysis.curved import curved
from tests.backend.analysis.sweeps import known, parabolas

CONSTANT = ScheduleSpec()


def codes(horizon):
    return [why.code for why in horizon.reasons]


@pytest.mark.parametrize("true", [-0.5, -0.25, 0.0])
def test_a_known_movement_with_the_horizon_is_read_from_the_curves(true):
    horizon = read_horizon([curved(horizon_slope=true, noise=0.0)], CONSTANT, {}, 0.9)

    base, largest = horizon.trends
    assert [(trend.size.width, len(trend.points)) for trend in horizon.trends] == [(32, 4), (256, 4)]
    assert base.per_doubling.value == pytest.approx(true, abs=1e-6)
    assert largest.per_doubling.value == pytest.approx(true, abs=1e-6)
    assert [point.num_steps for point in base.points] == [32, 64, 128, 256]
    assert codes(horizon) == ["horizon_trend", "horizon_trend"]


def test_the_interval_covers_the_truth_as_often_as_it_says():
    trials = [
        read_horizon([curved(horizon_slope=-0.3, noise=0.03, random_seed=seed)], CONSTANT, {}, 0.9)
        for seed in range(60)
    ]

    intervals = [known(trial.trends[0].per_doubling.interval) for trial in trials]
    assert np.mean([each.low <= -0.3 <= each.high for each in intervals]) >= 0.85


def test_words_say_multiples_of_the_learning_rate():
    horizon = read_horizon([curved(horizon_slope=-0.5, noise=0.0)], CONSTANT, {}, 0.9)

    params = horizon.reasons[0].params
    assert (params["value"], params["tenfold"]) == (0.707, 0.316)


@pytest.mark.parametrize("name", ["warmup", "cosine", "linear"])
def test_a_rate_that_changes_during_training_has_no_shorter_trainings_in_its_curves(name):
    horizon = read_horizon([curved()], SCHEDULES[name], {}, 0.9)

    assert (horizon.is_available, horizon.trends, codes(horizon)) == (False, (), ["horizon_not_constant"])


def test_without_curves_nothing_is_said():
    assert codes(read_horizon([parabolas()], CONSTANT, {}, 0.9)) == ["horizon_not_measured"]


@pytest.mark.parametrize(
    ("moved", "agrees", "code"), [(-0.6, True, "horizon_probe"), (0.5, False, "horizon_probe_differs")]
)
def test_a_longer_training_is_held_against_the_trend(moved, agrees, code):
    own = curved(horizon_slope=-0.3, noise=0.005)
    # Four times the steps: two doublings, -0.6 octaves if the trend goes on.
    longer = replace(curved(slope=0.0, noise=0.005, optimum=-1.8 + moved), num_steps=1024)

    horizon = read_horizon([own], CONSTANT, {4: longer}, 0.9)

    (probe,) = horizon.probes
    assert (probe.factor, probe.num_steps, probe.is_as_expected) == (4, 1024, agrees)
    assert probe.shift.value == pytest.approx(moved, abs=0.05)
    assert codes(horizon)[-1] == code


def test_a_larger_size_that_moves_otherwise_is_named():
    horizon = read_horizon(
        [curved(noise=0.002, horizon_slope=-0.2, size_horizon_slope=-0.4)], CONSTANT, {}, 0.9
    )

    assert codes(horizon)[-1] == "horizon_differs"


def test_an_optimum_at_the_edge_tells_no_trend():
    horizon = read_horizon([curved(optimum=5.0)], CONSTANT, {}, 0.9)

    assert all(point.is_edge for trend in horizon.trends for point in trend.points)
    assert codes(horizon) == ["horizon_no_trend", "horizon_no_trend"]
