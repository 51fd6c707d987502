import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.transfer import compare, lr_margin, lr_slope, speed, trailing_mean
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.fixtures import MEGATRON_MUP, MEGATRON_SP, megatron, mup66
from tests.backend.analysis.sweeps import BASE_OPTIMUM, parabolas, with_diverged

VAL = Metric.VAL_LOSS


def compared(sweep, size_index=-1, loss=VAL):
    return compare(sweep, loss, size_index % len(sweep.widths), Thresholds())


def test_oracle_31_a_known_shift_is_found():
    """Oracle 31: noise-free D within .05 octave, b with it."""
    for slope in (-1.0, -0.4, 0.0, 0.37, 0.5):
        sweep = parabolas(slope=slope, noise=0.0)

        assert compared(sweep).statistics.lr_shift.value == pytest.approx(3 * slope, abs=0.05)
        assert lr_slope(sweep, VAL, 0.90).value == pytest.approx(slope, abs=0.02)


def test_oracle_31_the_interval_of_the_shift_covers_the_truth_as_often_as_it_says():
    """Oracle 31: at 5 seeds the 90% interval covers the true D in at least 85% of 200 trials."""
    covered = 0
    for trial in range(200):
        sweep = parabolas(slope=0.3, scatter=0.4, noise=0.02, widths=(32, 256), random_seed=trial)
        interval = compared(sweep).statistics.lr_shift.interval
        covered += interval.low <= 0.9 <= interval.high

    assert covered / 200 >= 0.85


def test_oracle_30_public_standard_parametrization_shifts_an_octave_per_doubling():
    """Oracle 30: Megatron SP, b = -1.00 and D = -4 over 16 times the width."""
    sweep = megatron(MEGATRON_SP, curvature=0.2)

    assert lr_slope(sweep, VAL, 0.90).value == pytest.approx(-1.0, abs=0.005)
    assert compared(sweep).statistics.lr_shift.value == pytest.approx(-4, abs=0.01)


def test_oracle_30_public_maximal_update_shifts_an_octave_at_the_largest_width():
    """Oracle 30: Megatron µP, D = +1 at 2048 and 0 before."""
    sweep = megatron(MEGATRON_MUP, curvature=0.2)

    shifts = [compared(sweep, index).statistics.lr_shift.value for index in range(1, 5)]
    assert shifts == pytest.approx([0, 0, 0, 1], abs=0.01)


def test_oracle_30_a_public_table_gives_the_numbers_worked_out_by_hand():
    """Oracle 30: mup #66: D = -1.89 and -2.57, slope -.88, 0.027 nats and ρ = .0036 lost at 384."""
    sweep = mup66()
    at_384, at_768 = compared(sweep, 2).statistics, compared(sweep, 3).statistics

    assert at_384.lr_shift.value == pytest.approx(-1.89, abs=0.01)
    assert at_768.lr_shift.value == pytest.approx(-2.57, abs=0.01)
    assert at_384.reused_loss - at_384.best_loss == pytest.approx(0.0265, abs=1e-4)
    assert at_384.transfer_regret.value == pytest.approx(0.0036, abs=1e-4)
    assert lr_slope(sweep, VAL, 0.90).value == pytest.approx(-0.88, abs=0.01)
    assert (at_768.reused_loss, at_768.transfer_regret.value) == (None, None)


def test_regret_and_gain_loss_are_shares_of_what_could_be_had():
    sweep = parabolas(slope=0.5, noise=0.0)
    statistics = compared(sweep).statistics

    judged = sweep.judged(VAL)[:, :, 0]
    excess = judged[-1, 4] - judged[-1].min()
    assert statistics.transfer_regret.value == pytest.approx(excess / (2.3 - judged[-1].min()))
    assert statistics.gain_loss.value == pytest.approx(excess / (judged[0].min() - judged[-1].min()))
    assert statistics.transfer_regret.interval.low == pytest.approx(statistics.transfer_regret.value)


def test_reusing_the_best_rate_itself_costs_nothing():
    statistics = compared(parabolas()).statistics

    assert (statistics.transfer_regret.value, statistics.gain_loss.value) == (0.0, 0.0)
    assert statistics.transfer_regret.interval.high == 0.0


def test_a_benefit_within_two_standard_errors_is_none():
    statistics = compared(parabolas(gain=0.0, noise=0.05, random_seed=1)).statistics

    assert statistics.has_gain is False
    assert statistics.gain_loss.value is None


def test_the_regret_is_set_against_the_noise_of_its_seeds():
    """M3: the mean of the paired differences over its standard error."""
    sweep = parabolas(slope=-0.5)

    judged = sweep.judged(VAL)[-1]
    excess = judged[4] - judged[judged.mean(axis=1).argmin()]
    z = compared(sweep).statistics.regret_z
    assert z == pytest.approx(excess.mean() / (excess.std(ddof=1) / math.sqrt(5)))
    assert compared(parabolas()).statistics.regret_z is None


def test_one_seed_has_values_without_intervals():
    statistics = compared(parabolas(num_seeds=1)).statistics

    assert statistics.lr_shift.value is not None
    assert statistics.lr_shift.interval is statistics.transfer_regret.interval is None
    assert statistics.has_gain is None


def test_the_shift_of_a_scaled_grid_is_the_same():
    plain, scaled = parabolas(slope=0.3), parabolas(slope=0.3)
    scaled = replace(scaled, lrs=tuple(32 * lr for lr in scaled.lrs))

    assert compared(scaled).statistics.lr_shift.value == pytest.approx(
        compared(plain).statistics.lr_shift.value
    )


def test_a_base_interpolates_near_zero_training_loss_of_examples_seen_repeatedly():
    sweep = parabolas(noise=0.0)
    of_train, of_val = (
        replace(sweep, losses={loss: replace(sweep.losses[loss], final=sweep.losses[loss].final / 100)})
        for loss in (Metric.TRAIN_LOSS, VAL)
    )
    once = replace(of_train, is_seen_once=True)

    assert compare(of_train, Metric.TRAIN_LOSS, -1, Thresholds()).has_base_interpolated
    assert not compare(sweep, Metric.TRAIN_LOSS, -1, Thresholds()).has_base_interpolated
    assert not compare(of_val, VAL, -1, Thresholds()).has_base_interpolated
    assert not compare(once, Metric.TRAIN_LOSS, -1, Thresholds()).has_base_interpolated


def test_the_margin_reaches_to_the_first_rate_that_diverges():
    sweep = with_diverged(parabolas(), (3, 7, 0), (3, 8, 0), (3, 1, 0), (2, 4, 1))

    assert lr_margin(sweep, 3, 4) == 3.0
    assert lr_margin(sweep, 2, 4) == 0.0
    assert lr_margin(sweep, 1, 4) is None


def test_speed_is_the_share_of_steps_until_the_base_is_reached():
    """M8: the loss falls from 2 to 0 in 100 steps; the base ends at about 0.5."""
    sweep = parabolas(noise=0.0)
    curve = np.repeat(np.linspace(2, 0, 101)[:, None], 5, axis=1)
    goal = sweep.judged(Metric.TRAIN_LOSS)[0, 4].mean()

    found = speed(replace(sweep, train_curves=lambda *_: curve), 3, 4)

    exact = (2 - goal) / 2 + 0.045  # the mean over ten steps is 4.5 steps late
    assert found == pytest.approx(exact, abs=0.01)


def test_a_size_that_never_reaches_the_base_has_no_speed():
    sweep = replace(parabolas(), train_curves=lambda *_: np.full((101, 5), 2.0))

    assert speed(sweep, 3, 4) is None
    assert speed(parabolas(), 3, 4) is None  # no curves at all


def test_a_trailing_mean_ends_where_a_seed_diverges():
    curves = np.array([[1.0, 3.0], [2.0, 4.0], [3.0, math.nan], [4.0, 4.0]])

    assert trailing_mean(curves, 2).tolist() == [2.5]
    assert trailing_mean(curves, 3).tolist() == []


def test_the_base_optimum_is_where_it_was_put():
    assert compared(parabolas(noise=0.0)).base.log2_lr == pytest.approx(BASE_OPTIMUM)


@pytest.mark.parametrize(("step", "by"), [(1.0, 1 / 6), (0.5, 1 / 12)])
def test_the_interval_of_the_shift_allows_for_what_the_grid_cannot_tell(step, by):
    lrs = tuple(2.0 ** (step * index) for index in range(-8, 5))
    sweep = parabolas(slope=0.0, noise=0.0, scatter=0.0, lrs=lrs)

    interval = compared(sweep).statistics.lr_shift.interval

    assert (interval.low, interval.high) == pytest.approx((-by, by), abs=1e-9)
