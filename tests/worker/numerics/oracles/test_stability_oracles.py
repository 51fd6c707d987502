"""Oracles 11-13: the edge of stability of each optimizer on quadratics, and of the tanh toy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.metrics import eos_threshold
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from tests.worker.numerics.oracles.toy import over_widths

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
def test_oracle_11_descent_on_a_quadratic_turns_unstable_at_the_threshold(options, lr):
    """Oracle 11: each flips between .995 and 1.005 times its threshold."""
    threshold = eos_threshold(lr, **options)

    assert final_size(0.995 * threshold, lr, **options) < 1e-2
    assert final_size(1.005 * threshold, lr, **options) > 1e2


def test_oracle_11_the_thresholds_have_their_published_values():
    """Oracle 11: 2/η, (2+2b)/η, (2+2b)/(η(1+2b)), (2+2b)/((1-b)η); 3.8 and 38 at b = .9."""
    published = [eos_threshold(1.0, **options) for options in OPTIMIZERS.values()]

    assert published == pytest.approx([2.0, 3.8, 3.8 / 2.8, 38.0])


@pytest.mark.parametrize(
    "changes",
    [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    ids=["gradient descent", "heavy ball", "Nesterov"],
)
@pytest.mark.parametrize("lr_mult", [1.0, 0.25])
def test_oracle_11_our_updates_turn_unstable_at_the_threshold_of_their_optimizer(changes, lr_mult):
    """Oracle 11: LR-weighted curvature C·λ against κ/lr, both sides of it in one stack."""
    spec, lr = OptimizerSpec.model_validate(changes), 0.5
    curvature_R11 = (
        torch.tensor([0.995, 1.005], dtype=torch.float64)[:, None, None] * spec.kappa / lr / lr_mult
    )

    size_R = _sizes_on_a_quadratic(spec, curvature_R11, lr, lr_mult)

    assert size_R[0] < 1e-2
    assert size_R[1] > 1e2


def _sizes_on_a_quadratic(spec, curvature_R11, lr, lr_mult):
    params = {"w": torch.ones(2, 1, 1, dtype=torch.float64)}
    update = Update(spec, {"w": TensorScaling(1.0, 1.0, lr_mult)}, num_steps=6000)
    moments, lr_R11 = initial_moments(spec, params), torch.full((2, 1, 1), lr, dtype=torch.float64)
    for step in range(6000):
        update.apply_(params, {"w": curvature_R11 * params["w"]}, moments, lr_R11, step)
    return params["w"].abs().flatten()


@pytest.mark.parametrize("beta1", [0.5, 0.9])
def test_oracle_11_adam_with_a_still_preconditioner_turns_unstable_at_its_threshold(beta1):
    """Oracle 11: with v kept at 1, preconditioned curvature against κ/lr (arXiv 2207.14484)."""
    spec = OptimizerSpec.model_validate({"kind": "adam", "beta1": beta1, "beta2": 0.0, "epsilon": 0.0})

    published = (2 + 2 * beta1) / (1 - beta1)

    assert spec.kappa == pytest.approx(published)
    for factor, is_stable in ((0.995, True), (1.005, False)):
        size = final_size(factor * published / 0.5, 0.5, momentum=beta1, dampening=beta1)
        assert (size < 1e-2) is is_stable


@pytest.mark.parametrize("lr", [3.0, 4.0])
def test_oracle_12_sharpness_settles_at_the_edge_of_stability_at_every_width(lr):
    """Oracle 12: under µP at η = 3 and 4, N = 32, 128, 512, λ_eff settles at 2/η.

    Within 5% as the mean of six seeds, and never above 1.1 times the edge in any of them.
    """
    settled = over_widths("mup", lr, 600, 100)[:, 4:] * lr / 2

    assert settled.mean(2) == pytest.approx(np.ones((3, 3)), rel=0.05)
    assert settled.max() < 1.1


def test_oracle_13_a_small_learning_rate_stops_sharpening_below_the_edge():
    """Oracle 13: at η = 1 (2/η = 2) λ_eff plateaus at all widths, as sharpening stops at convergence.

    The plateau itself, .87-.92 in docs/science.md, depends on the target; docs/log.md has ours.
    """
    values = over_widths("mup", 1.0, 800, 80).mean(2)

    last = values[:, -1]
    assert (last < 0.5 * 2).all()
    assert (last > 4 * values[:, 0]).all()
    assert (last / values[:, -2] < 1.01).all()
    assert last.max() / last.min() < 1.15
