"""Our stacked updates against torch.optim, one network at a time, in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from muscope.backend.domain.spec.optimizer import (
    TRAITS,
    MuonScale,
    OptimizerKind,
    OptimizerSpec,
    ScheduleSpec,
)
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.backend.services.verdicts.adoption_steps import STEPS
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.optimizers.orthogonal import orthogonalised
from muscope.worker.numerics.optimizers.update import DIRECTIONS, Update, initial_moments
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.worker.numerics.lion import Lion

LRS = (0.03, 0.2)
NUM_STEPS = 12
SCALING = {"a": TensorScaling(1.0, 1.0, 0.5, 0.25, 2.0), "b": TensorScaling(1.0, 1.0, 3.0, 1.0, 0.5)}
SHAPES = {"a": (4, 3), "b": (3, 2)}
# Under Muon the first is a hidden matrix, the second is not.
SCALING["a"] = SCALING["a"]._replace(is_orthogonalised=True)
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
    "Lion": ({"kind": "lion", "weight_decay": 0.1}, Lion, {}),
    "Lion, other means": ({"kind": "lion", "beta1": 0.95, "beta2": 0.98}, Lion, {"betas": (0.95, 0.98)}),
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
        if kind not in (torch.optim.SGD, Lion):
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


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("scale", [MuonScale.ORIGINAL, MuonScale.MATCH_RMS_ADAMW])
def test_a_hidden_matrix_moves_under_muon_as_torch_moves_it(monkeypatch, nesterov, scale):
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)  # torch rounds to it inside the iteration
    options = {"kind": "muon", "muon_scale": scale, "nesterov": nesterov, "weight_decay": 0.1}
    spec = OptimizerSpec.model_validate(options)

    moved = updated(spec)

    for run, lr in enumerate(LRS):
        # torch's matrices are [n_out, n_in].
        weight = start()["a"][run].T.contiguous()
        # torch's decay shrinks by the LR that it is given; C multiplies ours and the decay's factor is 1/C.
        group = {"params": [weight], "lr": lr * SCALING["a"].lr_mult, "weight_decay": 0.1 * 2.0}
        peer = torch.optim.Muon([group], momentum=0.95, nesterov=nesterov, adjust_lr_fn=scale.value)
        for _ in range(NUM_STEPS):
            weight.grad = gradients_of({"a": weight})["a"]
            peer.step()
        torch.testing.assert_close(moved["a"][run].T, weight, rtol=1e-10, atol=1e-10)


def test_other_tensors_move_under_muon_as_under_adamw():
    muon = updated(OptimizerSpec.model_validate({"kind": "muon", "weight_decay": 0.1}))
    adamw = updated(OptimizerSpec.model_validate({"kind": "adamw", "weight_decay": 0.1}))

    assert torch.equal(muon["b"], adamw["b"])
    assert not torch.equal(muon["a"], adamw["a"])


@pytest.mark.parametrize("shape", [(4, 3), (1, 5)], ids=["matrix", "vector"])
def test_adafactor_moves_a_tensor_as_torch_moves_it_where_it_does_not_cap_the_rate(shape):
    spec = OptimizerSpec.model_validate({"kind": "adafactor", "weight_decay": 0.1})
    generator = torch.Generator().manual_seed(5)
    params = {"a": torch.randn(2, *shape, generator=generator, dtype=torch.float64)}
    # One run is small enough for the least step, the other is not.
    params["a"][0] *= 1e-4
    peers = [weight.squeeze(0).clone() for weight in params["a"]]
    lrs, scaling = (0.01, 0.1), TensorScaling(1.0, 1.0, 0.5, 1.0, 2.0)
    update, moments = Update(spec, {"a": scaling}, 20), initial_moments(spec, params)
    torches = [
        torch.optim.Adafactor([peer], lr=lr * 0.5, weight_decay=0.2)
        for peer, lr in zip(peers, lrs, strict=True)
    ]

    for step in range(20):
        for peer, optimizer in zip(peers, torches, strict=True):
            peer.grad = gradients_of({"a": peer})["a"]
            optimizer.step()
        lr_R11 = torch.tensor(lrs, dtype=torch.float64)[:, None, None]
        update.apply_(params, gradients_of(params), moments, lr_R11, step)

    for weight, peer in zip(params["a"], peers, strict=True):
        torch.testing.assert_close(weight.reshape(peer.shape), peer, rtol=1e-10, atol=1e-14)


def test_a_step_of_adafactor_that_is_not_relative_is_one_that_is_over_the_size_of_the_weights():
    relative = OptimizerSpec.model_validate("adafactor")
    params = start()
    sizes = {name: weight.square().mean(dim=(1, 2), keepdim=True).sqrt() for name, weight in params.items()}
    moved = {}
    for spec in (relative, relative.changed(scale_parameter=False)):
        weights = start()
        Update(spec, SCALING, NUM_STEPS).apply_(
            weights,
            gradients_of(weights),
            initial_moments(spec, weights),
            torch.ones(2, 1, 1, dtype=torch.float64),
            0,
        )
        moved[spec.scale_parameter] = weights

    for name, size in sizes.items():
        change, plain = (moved[which][name] - params[name] for which in (True, False))
        torch.testing.assert_close(change, plain * size)


def test_the_orthogonal_factor_has_singular_values_near_one_and_the_vectors_of_its_matrix():
    matrix = torch.randn(3, 12, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    found = orthogonalised(matrix)

    left, _values, right = torch.linalg.svd(matrix, full_matrices=False)
    core = left.transpose(-2, -1) @ found @ right.transpose(-2, -1)
    reached = core.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(core, torch.diag_embed(reached), rtol=0, atol=1e-9)
    assert reached.min() > 0.6
    assert reached.max() < 1.3
    assert torch.equal(orthogonalised(torch.zeros(1, 3, 2)), torch.zeros(1, 3, 2))


OTHER_VALUES = {
    "momentum": 0.5,
    "nesterov": True,
    "beta1": 0.5,
    "beta2": 0.5,
    "epsilon": 0.1,
    "muon_scale": MuonScale.ORIGINAL,
    "scale_parameter": False,
}


@pytest.mark.parametrize("kind", OptimizerKind)
@pytest.mark.parametrize("name", OTHER_VALUES)
def test_an_argument_moves_the_weights_of_the_optimizers_that_read_it(kind, name):
    spec = OptimizerSpec(kind=kind, momentum=0.9, nesterov=False)
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
    assert set(TRAITS) == set(DIRECTIONS) == set(STEPS) == set(OptimizerKind)
