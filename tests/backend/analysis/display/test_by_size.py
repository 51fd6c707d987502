"""What figures over sizes show is what the verdict counts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.display.by_size import (
    optima_by_size,
    reused_lr_index,
    spread_lr_index,
    spread_over_steps,
)
from muscope.backend.analysis.measures.sharpness_spread import sharpness_spread
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import BASE_OPTIMUM, WIDTHS, parabolas, planned_only, without

LIMITS = Thresholds()
STEPS = np.array([0, 10, 20, 30])
REUSED = 4  # 2^-2; the edge of stability is at 8, the limit of what is compared at 7.2


def with_sharpness(by_width, *, num_seeds=3, at=REUSED):
    """Sharpness of every width, [M] or [S, M], at one LR; elsewhere nothing was measured."""
    sweep = parabolas(widths=WIDTHS[: len(by_width)], num_seeds=num_seeds)
    full = np.full((len(by_width), len(sweep.lrs), num_seeds, len(STEPS)), np.nan)
    for index, values in enumerate(by_width):
        full[index, at] = values
    return replace(sweep, sharpness=full, measurement_steps=STEPS)


@pytest.mark.parametrize("slope", [0.0, -0.5, 0.7])
def test_every_size_has_its_optimum_with_an_interval_around_it(slope):
    found = optima_by_size(parabolas(slope=slope, noise=0.001), Metric.VAL_LOSS, 0.9)

    assert [each.size.width for each in found] == list(WIDTHS)
    for doublings, each in enumerate(found):
        assert each.optimum.log2_lr == pytest.approx(BASE_OPTIMUM + slope * doublings, abs=0.03)
        assert each.interval is not None
        assert each.interval.low < each.optimum.log2_lr < each.interval.high


def test_an_optimum_at_the_edge_has_no_interval():
    (*_, last) = optima_by_size(parabolas(slope=1.5), Metric.VAL_LOSS, 0.9)

    assert (last.optimum.is_edge, last.interval) == (True, None)


def test_a_size_with_runs_still_to_come_has_no_optimum_yet():
    found = optima_by_size(without(parabolas(), (1, 0, 0)), Metric.VAL_LOSS, 0.9)

    assert [each.size.width for each in found] == [32, 128, 256]


def test_a_size_of_which_only_a_window_was_planned_has_its_optimum():
    whole = parabolas()
    is_planned = np.ones(whole.is_measured.shape, dtype=bool)
    is_planned[1, :3], is_planned[1, 6:], is_planned[3] = False, False, False

    found = optima_by_size(planned_only(whole, is_planned), Metric.VAL_LOSS, 0.9)

    assert [each.size.width for each in found] == [32, 64, 128]
    assert found[1].optimum.log2_lr == pytest.approx(BASE_OPTIMUM, abs=0.2)


def test_the_reused_rate_is_the_bases_best_grid_point():
    assert reused_lr_index(parabolas(noise=0.0), LIMITS) == REUSED


def test_the_median_over_steps_is_m5():
    sweep = with_sharpness([[1.0, 2.0, 3.0, 2.0], [1.1, 2.5, 3.0, 2.0], [2.0, 2.0, 2.0, 2.5]])

    for index, spread in enumerate(spread_over_steps(sweep, REUSED, LIMITS)):
        expected = sharpness_spread(sweep, index, 2, REUSED, LIMITS)
        assert float(np.median(spread.mean)) == pytest.approx(expected.level)


def test_the_band_is_from_the_smallest_to_the_largest_seed():
    seeds = np.array([1.0, 2.0, 4.0])[:, None] * np.ones((3, 4))
    (spread,) = spread_over_steps(with_sharpness([seeds, np.full(4, 4.0)]), REUSED, LIMITS)

    assert spread.mean == pytest.approx(np.full(4, math.log(2)))
    assert spread.low == pytest.approx(np.zeros(4))
    assert spread.high == pytest.approx(np.full(4, math.log(4)))
    assert spread.num_seeds == (3, 3, 3, 3)


def test_a_step_at_the_edge_of_stability_is_shown_but_not_judged():
    (spread,) = spread_over_steps(with_sharpness([[1.0, 1.0, 7.9, 1.0], np.full(4, 2.0)]), REUSED, LIMITS)

    assert np.isfinite(spread.mean).tolist() == [True, True, False, True]
    assert np.isfinite(spread.unjudged).tolist() == [False, False, True, False]
    assert spread.unjudged[2] == pytest.approx(math.log(7.9 / 2.0))


def test_a_rate_below_is_taken_where_the_reused_one_is_everywhere_at_the_edge():
    at_edge = with_sharpness([np.full(4, 8.0), np.full(4, 8.0)])
    below = with_sharpness([np.full(4, 2.0), np.full(4, 2.0)], at=REUSED - 1)
    both = replace(
        at_edge, sharpness=np.where(np.isfinite(at_edge.sharpness), at_edge.sharpness, below.sharpness)
    )

    assert spread_lr_index(at_edge, REUSED, LIMITS) == REUSED
    assert spread_lr_index(both, REUSED, LIMITS) == REUSED - 1


def test_sizes_without_curvature_are_left_out():
    measured = with_sharpness([np.ones(4), np.full(4, np.nan), np.full(4, 2.0)])

    assert [spread.size.width for spread in spread_over_steps(measured, REUSED, LIMITS)] == [32]
    assert spread_over_steps(with_sharpness([np.ones(4), np.full(4, np.nan)]), REUSED, LIMITS) == ()
