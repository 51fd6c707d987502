"""Our stacked updates against torch.optim, one network at a time, in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from muscope.backend.domain.spec.optimizer import (
    TRAITS,
    OptimizerKind,
    OptimizerSpec,
    ScheduleSpec,
)
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.optimizer import DIRECTIONS, Update, initial_moments
from muscope.worker.numerics.trainer import train
from tests import cases

LRS = (0.03, 0.2)
NUM_STEPS = 12
SCALING = {"a": TensorScaling(1.0, 1.0, 0.5, 0.25, 2.0), "b": TensorScaling(1.0, 1.0, 3.0, 1.0, 0.5)}
SHAPES = {"a": (4, 3), "b": (3, 2)}
CASES: dict[str, tuple[dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = {
    "SGD": ({}, torch.optim.SGD, {}),
    "SGD, weight decay": ({"weight_decay": 0.1}, torch.optim.SGD, {}),
    "momentum": ({"momentum": 0.9}, torch.optim.SGD, {"momentum": 0.9}),
    "Nesterov, weight decay": (
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
        torch.optim.SGD,
        {"momentum": 0.8, "nesterov": True},
    ),
    "Adam": ({"kind": "adam", "epsilon": 1e-3}, torch.optim.Adam, {}),
    "Adam, weight decay": (
        {"kind": "adam", "weight_decay": 0.1, "beta1": 0.7, "beta2": 0.95, "epsilon": 1e-3},
        torch.optim.Adam,
        {"betas": (0.7, 0.95)},
    ),
    "AdamW": ({"kind": "adamw", "weight_decay": 0.1, "epsilon": 1e-3}, torch.optim.AdamW, {}),
}


def start() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        for name, shape in SHAPES.items()
    }


def gradients_of(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the gradients of Σ cos(w) + ¼ Σ w⁴: neither linear nor of one sign."""
    return {name: weight**3 - weight.sin() for name, weight in weights.items()}


def torch_weights(
    spec: OptimizerSpec, kind: type[torch.optim.Optimizer], options: dict[str, Any], run: int
) -> dict[str, Tensor]:
    weights = {name: weight[run].clone() for name, weight in start().items()}
    groups = []
    for name, weight in weights.items():
        group: dict[str, Any] = {"params": [weight], "lr": LRS[run] * SCALING[name].lr_mult}
        group["weight_decay"] = spec.weight_decay * SCALING[name].weight_decay_mult
        if kind is not torch.optim.SGD:
            group["eps"] = spec.epsilon * SCALING[name].epsilon_mult
        groups.append(group)
    optimizer = kind(groups, **options)
    base = [group["lr"] for group in optimizer.param_groups]
    for step in range(NUM_STEPS):
        for group, lr in zip(optimizer.param_groups, base, strict=True):
            group["lr"] = lr * spec.schedule.factor(step, num_steps=NUM_STEPS)
        for name, gradient in gradients_of(weights).items():
            weights[name].grad = gradient
        optimizer.step()
    return weights


def updated(spec: OptimizerSpec) -> dict[str, Tensor]:
    """Return the weights of the stack after all updates."""
    params = start()
    moments, update = initial_moments(spec, params), Update(spec, SCALING, NUM_STEPS)
    lr_R11 = torch.tensor(LRS, dtype=torch.float64)[:, None, None]
    for step in range(NUM_STEPS):
        update.apply_(params, gradients_of(params), moments, lr_R11, step)
    return params


@pytest.mark.parametrize(
    "schedule", [{}, {"kind": "cosine", "warmup_fraction": 0.25}], ids=["constant", "cosine"]
)
@pytest.mark.parametrize("case", CASES)
def test_a_stack_of_runs_moves_as_torch_moves_each(case, schedule):
    changes, kind, options = CASES[case]
    spec = OptimizerSpec.model_validate(changes | {"schedule": ScheduleSpec.model_validate(schedule)})

    params = updated(spec)

    for run in range(len(LRS)):
        for name, expected in torch_weights(spec, kind, options, run).items():
            torch.testing.assert_close(params[name][run], expected, rtol=1e-12, atol=1e-12)


OTHER_VALUES = {"momentum": 0.5, "nesterov": True, "beta1": 0.5, "beta2": 0.5, "epsilon": 0.1}


@pytest.mark.parametrize("kind", OptimizerKind)
@pytest.mark.parametrize("name", OTHER_VALUES)
def test_an_argument_moves_the_weights_of_the_optimizers_that_read_it(kind, name):
    spec = OptimizerSpec(kind=kind, momentum=0.9)
    before, after = updated(spec), updated(spec.model_copy(update={name: OTHER_VALUES[name]}))

    has_moved = any(not torch.equal(before[weight], after[weight]) for weight in before)
    assert has_moved == (name in TRAITS[kind].arguments)


def test_a_weight_without_gradient_stays_under_adam_without_epsilon():
    spec = OptimizerSpec.model_validate({"kind": "adam", "epsilon": 0.0})
    params, before = start(), start()
    zeros = {name: torch.zeros_like(weight) for name, weight in params.items()}

    Update(spec, SCALING, NUM_STEPS).apply_(
        params, zeros, initial_moments(spec, params), torch.ones(2, 1, 1, dtype=torch.float64), 0
    )

    assert all(torch.equal(params[name], before[name]) for name in params)


def test_the_moments_leave_the_stack_with_their_run():
    params = start()
    moments = initial_moments(OptimizerSpec.model_validate("adam"), params)
    for kept in moments["a"]:
        kept[1] = 7.0

    rest = Stack.begin(params, moments, LRS, (0, 1)).keep([1])

    assert [kept.shape for kept in rest.moments["a"]] == [(1, 4, 3), (1, 4, 3)]
    assert all((kept == 7).all() for kept in rest.moments["a"])


@pytest.mark.parametrize(
    "optimizer", ["adam", {"momentum": 0.9, "weight_decay": 0.01}], ids=["adam", "momentum"]
)
def test_the_length_of_a_window_changes_no_byte(optimizer):
    program = cases.program(optimizer=OptimizerSpec.model_validate(optimizer))

    def joined(chunk_steps: int) -> bytes:
        windows = list(
            train(cases.program(optimizer=program.optimizer, chunk_steps=chunk_steps), cases.classification())
        )
        metrics = windows[0].values
        return b"".join(w.values[m].tobytes() for m in metrics for w in windows if m in w.values)

    assert joined(1) == joined(25)


def test_every_kind_has_its_traits_and_its_step_direction():
    assert set(TRAITS) == set(DIRECTIONS) == set(OptimizerKind)
