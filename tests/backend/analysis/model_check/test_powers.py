"""Powers of the width, their errors, and decisions on them, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from muscope.backend.analysis.model_check.powers import Power, entries_error, exact_power, holm, power_of
from muscope.backend.domain.brought.roles import needed_powers
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.tensor_role import TensorRole

WIDTHS = (16, 32, 64, 128)


@pytest.mark.parametrize("power", [-1.0, -0.5, 0.0, 1.0])
def test_the_power_of_exact_numbers_is_recovered(power):
    assert exact_power(WIDTHS, tuple(3 * width**power for width in WIDTHS)) == pytest.approx(power, abs=1e-12)


def test_a_missing_or_vanishing_value_has_no_power():
    assert not power_of(WIDTHS, ((1.0, 2.0, None, 4.0),)).is_known
    assert not power_of(WIDTHS, ((1.0, 2.0, 0.0, 4.0),)).is_known


def test_the_error_of_a_power_by_sampled_entries_is_that_of_many_repetitions():
    counts = [width * 4 for width in WIDTHS]
    drawn = np.random.default_rng(0)
    sizes = [[math.sqrt(float(np.mean(drawn.normal(size=n) ** 2))) for n in counts] for _ in range(3000)]
    x = np.log2(WIDTHS)
    powers = np.polyfit(x, np.log2(sizes).T, 1)[0]

    assert entries_error(WIDTHS, counts) == pytest.approx(powers.std(), rel=0.05)


def test_only_what_is_surely_beyond_the_tolerance_has_a_small_p_value():
    assert Power(0.5, 0.05).p_beyond(0.0, 0.2) < 1e-6
    assert Power(0.25, 0.05).p_beyond(0.0, 0.2) == pytest.approx(0.1587, abs=1e-3)  # one error beyond
    assert Power(-0.5, 0.05).p_beyond(0.0, 0.2, only_above=True) == pytest.approx(1.0)


def test_holm_rejects_as_published():
    """Holm 1979: the smallest p against level/n, the next against level/(n - 1), until one is kept."""
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]


@pytest.mark.parametrize(
    ("role", "optimizer", "forward", "init", "lr"),
    [
        (TensorRole.OUTPUT, "adamw", -1.0, 0.0, 0.0),
        (TensorRole.OUTPUT, "adamw", 0.0, -1.0, -1.0),
        (TensorRole.OUTPUT, "sgd", -1.0, 0.0, 1.0),
        (TensorRole.OUTPUT, "sgd", 0.0, -1.0, -1.0),
        (TensorRole.HIDDEN, "adam", 0.0, -0.5, -1.0),
        (TensorRole.HIDDEN, "sgd", 0.0, -0.5, 0.0),
        (TensorRole.HIDDEN, "adam", -0.5, 0.0, -0.5),  # weights of size 1 with a factor 1/√width
        (TensorRole.BOTTLENECK, "sgd", 0.0, -0.5, -1.0),
        (TensorRole.EMBEDDING, "sgd", 0.0, 0.0, 1.0),
        (TensorRole.NORM, "adamw", 0.0, 0.0, 0.0),
    ],
)
def test_what_a_role_needs_is_the_published_table(role, optimizer, forward, init, lr):
    """Yang et al. 2022, table 8, and its equivalent forms by abc symmetry."""
    needed = needed_powers(role, OptimizerSpec.model_validate(optimizer), forward)

    assert [needed.init, needed.lr] == pytest.approx([init, lr])
