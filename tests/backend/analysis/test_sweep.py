import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.analysis.sweep import Losses, mean_of_finite
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import INITIAL, parabolas, with_diverged, with_finals, without


def test_a_diverged_run_counts_as_the_loss_at_init():
    sweep = with_diverged(parabolas(), (1, 4, 2))

    assert sweep.judged(Metric.TRAIN_LOSS)[1, 4, 2] == pytest.approx(INITIAL)


def test_a_run_that_ends_without_a_value_counts_as_the_loss_at_init():
    sweep = parabolas()
    final = sweep.losses[Metric.VAL_LOSS].final.copy()
    final[1, 4, 2] = math.inf

    assert with_finals(sweep, Metric.VAL_LOSS, final).judged(Metric.VAL_LOSS)[1, 4, 2] == pytest.approx(
        INITIAL
    )


def test_a_missing_run_counts_as_nothing():
    assert math.isnan(without(parabolas(), (1, 4, 2)).judged(Metric.TRAIN_LOSS)[1, 4, 2])


def test_the_loss_at_init_of_a_seed_is_known_from_its_other_rates():
    sweep = with_diverged(parabolas(), (1, 4, 2))
    table = sweep.losses[Metric.TRAIN_LOSS]
    initial = table.initial.copy()
    initial[1, 4, 2] = math.nan
    sweep = replace(sweep, losses=sweep.losses | {Metric.TRAIN_LOSS: Losses(table.final, initial)})

    assert sweep.judged(Metric.TRAIN_LOSS)[1, 4, 2] == pytest.approx(INITIAL)


@given(
    st.lists(st.floats(0.01, 40), min_size=2, max_size=6),
    st.floats(0.01, 3),
    st.data(),
)
def test_oracle_32_a_divergence_never_lowers_a_mean(finals, initial, data):
    """Oracle 32: neither against the survivors nor against the loss at init."""
    sweep = parabolas(num_seeds=len(finals), widths=(8,), lrs=(0.1,))
    table = Losses(np.array(finals)[None, None, :], np.full((1, 1, len(finals)), initial))
    sweep = replace(sweep, losses={Metric.TRAIN_LOSS: table})
    seed = data.draw(st.integers(0, len(finals) - 1))
    survivors = [value for index, value in enumerate(finals) if index != seed]

    judged = with_diverged(sweep, (0, 0, seed)).judged(Metric.TRAIN_LOSS)[0, 0]

    assert judged.mean() >= np.mean(survivors) * (1 - 1e-12)
    assert judged[seed] >= initial * (1 - 1e-12)


def test_the_divergence_rate_is_over_the_measured_seeds():
    sweep = without(with_diverged(parabolas(), (1, 4, 2)), (1, 4, 0))

    assert sweep.divergence_rate(1, 4) == 0.25
    assert sweep.divergence_rate(1, 3) == 0.0
    assert without(sweep, *[(2, 0, seed) for seed in range(5)]).divergence_rate(2, 0) is None


def test_only_widths_above_the_base_are_judged():
    assert replace(parabolas(), base_index=2).larger == [3]


def test_a_mean_of_nothing_is_nan_without_a_warning():
    mean = mean_of_finite(np.array([[1.0, math.nan], [math.nan, math.nan]]), axis=1)

    assert mean == pytest.approx([1, math.nan], nan_ok=True)
