"""The three ranges, against straight lines that are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.advice.extrapolation import doublings_beyond, extrapolate
from muscope.backend.analysis.statistics.lines import line_slope, predict
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Basis, Tally, TrackRecord
from tests.backend.analysis.sweeps import BASE_OPTIMUM, known, parabolas

LIMITS = Thresholds()
RECORD = TrackRecord(
    rule_version="4",
    date="2026-11-24",
    max_doublings=2.0,
    held={"transfers": Tally(count=30, of=30)},
    false_transfers=Tally(count=0, of=59),
)


def codes(found):
    return [why.code for why in found.reasons]


def width_of(estimate):
    interval = known(estimate.interval)
    return interval.high - interval.low


def extrapolated(sweep, width, record=RECORD, depth=3):
    return extrapolate([sweep], Size(width, depth), 0.25, record, LIMITS)


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.25])
@pytest.mark.parametrize("doublings", [1, 2])
def test_a_known_slope_is_followed_beyond_the_sizes_tested(slope, doublings):
    found = extrapolated(parabolas(slope=slope, noise=0.0), 256 * 2**doublings)

    expected = BASE_OPTIMUM + slope * (3 + doublings)
    assert math.log2(found.lr.value) == pytest.approx(expected, abs=1e-6)
    assert found.lr_shift.value == pytest.approx(expected + 2.0, abs=1e-6)
    assert (found.claim, found.doublings, codes(found)) == (
        Basis.EXTRAPOLATED,
        doublings,
        ["target_extrapolated"],
    )


def test_the_prediction_interval_covers_another_seed_as_often_as_it_says():
    generator = np.random.default_rng(3)
    hits = []
    for seed in range(200):
        found = extrapolated(parabolas(slope=-0.2, scatter=0.3, noise=0.0, random_seed=seed), 1024)
        truth = BASE_OPTIMUM - 0.2 * 5 + 0.3 * generator.standard_normal()
        hits.append(found.lr.interval.low <= 2.0**truth <= found.lr.interval.high)

    assert np.mean(hits) >= 0.88


def test_a_size_that_was_tested_is_measured():
    found = extrapolated(parabolas(), 256, record=None)

    assert (found.claim, found.doublings, codes(found)) == (Basis.MEASURED, 0.0, ["target_measured"])


@pytest.mark.parametrize(
    ("options", "width", "record", "code"),
    [
        ({}, 512, None, "not_calibrated"),
        ({}, 2048, RECORD, "beyond_calibration"),
        ({"widths": (32, 64)}, 128, RECORD, "too_few_sizes_for_trend"),
    ],
)
def test_what_is_not_claimed_says_why(options, width, record, code):
    found = extrapolated(parabolas(**options), width, record)

    assert (found.claim, codes(found)[-1]) == (Basis.NOT_CLAIMED, code)


def test_nothing_is_claimed_of_an_axis_that_was_not_varied():
    found = extrapolated(parabolas(), 512, depth=6)

    assert (found.claim, found.lr.value, codes(found)) == (Basis.NOT_CLAIMED, None, ["axis_not_tested"])


@given(st.integers(0, 50), st.floats(0.0, 6.0), st.floats(0.0, 3.0))
def test_more_doublings_never_narrow_the_interval(seed, doublings, more):
    generator = np.random.default_rng(seed)
    x = np.repeat(np.arange(4.0), 3)[:, None]
    y = generator.standard_normal(12)

    near, far = (predict(x, y, np.array([3.0 + beyond]), 0.9) for beyond in (doublings, doublings + more))

    close = known(near.interval)
    assert close.low <= known(near.value) <= close.high
    assert width_of(far) >= width_of(near) - 1e-9


def test_a_prediction_is_that_of_the_textbook():
    """Five points on a line with residuals ±: slope, and t · s · sqrt(1 + 1/n + dx²/Sxx) by hand."""
    x, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([0.1, 0.8, 2.2, 2.9, 4.0])

    found = predict(x, y, np.array([6.0]), 0.9)

    slope = 0.99
    residuals = y - (2.0 + slope * (x[:, 0] - 2.0))
    half = 2.353363 * math.sqrt((residuals**2).sum() / 3 * (1 + 1 / 5 + 16 / 10))
    assert found.value == pytest.approx(2.0 + slope * 4.0)
    assert width_of(found) == pytest.approx(2 * half, rel=1e-5)


def test_a_bend_over_sizes_widens_the_interval():
    x = np.repeat(np.arange(4.0), 5)[:, None]
    scatter = np.tile([-0.1, -0.05, 0.0, 0.05, 0.1], 4)
    at = np.array([5.0])

    straight, bent = predict(x, x[:, 0] + scatter, at, 0.9), predict(x, x[:, 0] ** 2 + scatter, at, 0.9)

    assert width_of(bent) > 5 * width_of(straight)


def test_doublings_add_up_over_axes():
    sizes = [Size(32, 2), Size(128, 4)]

    assert doublings_beyond(sizes, Size(64, 4)) == 0.0
    assert doublings_beyond(sizes, Size(256, 16)) == 3.0


def test_a_seed_without_a_point_leaves_the_interval_only():
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0])
    per_seed = np.stack([y, y, [0.0, np.nan, 2.0]], axis=1)

    assert line_slope(x, y, per_seed, 0.9).value == 1.0
