"""Oracle 11: the edge of stability of each optimizer on quadratics, against `eos_threshold`."""

from __future__ import annotations

from typing import Any

import pytest

from backend.domain.metrics import eos_threshold

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "gradient descent": {},
    "heavy ball": {"momentum": 0.9},
    "Nesterov": {"momentum": 0.9, "nesterov": True},
    "damped momentum": {"momentum": 0.9, "dampening": 0.9},
}


def final_size(
    curvature: float, lr: float, *, momentum: float = 0.0, nesterov: bool = False, dampening: float = 0.0
) -> float:
    """Return |x| after gradient descent on ½·curvature·x² from 1, in torch's conventions."""
    x, velocity = 1.0, 0.0
    for step in range(6000):
        gradient = curvature * x
        velocity = gradient if step == 0 else momentum * velocity + (1 - dampening) * gradient
        x -= lr * (gradient + momentum * velocity if nesterov else velocity)
    return abs(x)


@pytest.mark.parametrize("options", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("lr", [0.01, 0.5])
def test_descent_on_a_quadratic_turns_unstable_at_the_threshold(options, lr):
    """Oracle 11."""
    threshold = eos_threshold(lr, **options)

    assert final_size(0.995 * threshold, lr, **options) < 1e-2
    assert final_size(1.005 * threshold, lr, **options) > 1e2


def test_the_thresholds_have_their_published_values():
    """Oracle 11."""
    published = [eos_threshold(1.0, **options) for options in OPTIMIZERS.values()]

    assert published == pytest.approx([2.0, 3.8, 3.8 / 2.8, 38.0])
