"""Training of a brought network: against the user's own loop, and as a stack against one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.brought.loading import load_model
from muscope.worker.numerics.randomness import BatchOrder
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, program, trained

PERCEPTRON = """
import torch
from torch import nn

sizes = (8, 16, 32, 64)


def build(width):
    first, hidden, last = nn.Linear(6, width), nn.Linear(width, width), nn.Linear(width, 3)
    return nn.Sequential(first, nn.ReLU(), hidden, nn.ReLU(), last)


def batches(split, seed):
    drawn = torch.Generator().manual_seed(seed + (split == "val"))
    for _ in range(4):
        x = torch.randn(16, 6, generator=drawn)
        yield x, (x[:, :3].argmax(1))
"""
OWN_LOSS = (
    PERCEPTRON.replace("yield x, (x[:, :3].argmax(1))", "yield {'x': x, 'y': x[:, :3].argmax(1)}")
    + """

def loss(model, batch):
    return torch.nn.functional.cross_entropy(model(batch["x"]), batch["y"])
"""
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("own"), PERCEPTRON)


@pytest.fixture(scope="module")
def file_with_loss(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("loss"), OWN_LOSS)


def own_loop(path: Path, width: int, lr: float, seed: int, optimizer: Callable[..., Any]) -> list[float]:
    """Train as a user does, with torch's optimizer, and return the losses."""
    _, data = described(path)
    model = load_model(path).build(width, seed)
    steps = optimizer(model.parameters(), lr=lr)
    order = BatchOrder(0, len(data.x_train), 8)
    losses = []
    for step in range(13):
        index = torch.from_numpy(order.indices(seed, step))
        loss = torch.nn.functional.cross_entropy(model(data.x_train[index]), data.y_train[index])
        losses.append(float(loss.detach()))
        steps.zero_grad()
        loss.backward()
        steps.step()
    return losses


def test_the_standard_arm_follows_the_users_own_loop(file: Path) -> None:
    found, data = described(file)
    window = trained(file, program(found.family, data, width=32), data)
    losses = window.values[Metric.TRAIN_LOSS]
    for column, (lr, seed) in enumerate([(0.05, 0), (0.05, 1), (0.1, 0), (0.1, 1)]):
        expected = own_loop(file, 32, lr, seed, torch.optim.SGD)
        np.testing.assert_allclose(losses[:, column], expected, rtol=1e-5)


def test_a_stack_gives_the_numbers_of_runs_one_by_one(file: Path) -> None:
    found, data = described(file)
    planned = {
        up_to: program(
            found.family.model_copy(update={"stacked_up_to": up_to}),
            data,
            width=16,
            parametrization=Parametrization.MUP,
            has_curvature=True,
        )
        for up_to in (0, 64)
    }
    alone, stacked = (trained(file, each, data).values for each in planned.values())
    for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
        np.testing.assert_allclose(alone[metric], stacked[metric], rtol=1e-5)


@pytest.mark.parametrize("kind", ["lion", "muon", "adafactor"])
def test_a_stack_gives_the_numbers_of_runs_one_by_one_under_other_optimizers(file: Path, kind: str) -> None:
    found, data = described(file)
    spec = OptimizerSpec.model_validate({"kind": kind, "weight_decay": 0.1})
    alone, stacked = (
        trained(
            file,
            program(
                found.family.model_copy(update={"stacked_up_to": up_to}),
                data,
                width=32,
                parametrization=Parametrization.MUP,
                optimizer=spec,
                runs=tuple(PlannedRun(seed, 0.01, seed) for seed in (0, 1)),
            ),
            data,
        ).values[Metric.TRAIN_LOSS]
        for up_to in (0, 64)
    )
    np.testing.assert_allclose(alone, stacked, rtol=1e-5)


@pytest.mark.parametrize("scale", ["original", "match_rms_adamw"])
def test_muon_orthogonalises_hidden_matrices_and_leaves_the_rest_to_adamw(
    file: Path, scale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # torch rounds to it inside
    found, data = described(file)
    spec = OptimizerSpec.model_validate({"kind": "muon", "muon_scale": scale, "adam_lr_ratio": 0.5})
    planned = program(
        found.family, data, width=32, optimizer=spec, runs=(PlannedRun(0, 0.01, 0),), batch_size=8
    )
    measured = trained(file, planned, data).values[Metric.TRAIN_LOSS][:, 0]

    def both(parameters: Any, lr: float) -> Any:
        each = list(parameters)
        muon = torch.optim.Muon([each[2]], lr=lr, weight_decay=0.0, adjust_lr_fn=scale)
        rest = torch.optim.AdamW([p for p in each if p is not each[2]], lr=lr / 2, weight_decay=0.0)
        return _Both(muon, rest)

    np.testing.assert_allclose(measured, own_loop(file, 32, 0.01, 0, both), rtol=1e-5)


class _Both:
    """Two optimizers as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self._optimizers = optimizers

    def zero_grad(self) -> None:
        for each in self._optimizers:
            each.zero_grad()

    def step(self) -> None:
        for each in self._optimizers:
            each.step()


def test_mup_moves_nothing_at_the_base_width(file: Path) -> None:
    found, data = described(file)
    arms = [
        trained(file, program(found.family, data, parametrization=arm), data).values[Metric.TRAIN_LOSS]
        for arm in (Parametrization.SP, Parametrization.MUP, Parametrization.NTP)
    ]
    np.testing.assert_array_equal(arms[0], arms[1])
    np.testing.assert_array_equal(arms[0], arms[2])


def test_a_loss_of_its_own_on_a_dictionary_trains_like_the_same_loss_of_ours(
    file: Path, file_with_loss: Path
) -> None:
    (plain, data), (own, packed) = described(file), described(file_with_loss)
    ours = trained(file, program(plain.family, data, has_curvature=True), data).values
    theirs = trained(file_with_loss, program(own.family, packed, has_curvature=True), packed).values
    for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
        np.testing.assert_allclose(ours[metric], theirs[metric], rtol=1e-4)
    assert Metric.VAL_ACCURACY not in theirs


def test_mup_under_adam_is_the_users_loop_with_the_groups_of_the_role_table(file: Path) -> None:
    found, data = described(file)
    spec = OptimizerSpec.model_validate("adam").changed(epsilon=0.0)
    planned = program(found.family, data, width=32, parametrization=Parametrization.MUP, optimizer=spec)
    measured = trained(file, planned, data).values[Metric.TRAIN_LOSS]

    mult = 32 / 8
    model = load_model(file).build(32, 0)
    assert isinstance(model, torch.nn.Sequential)
    hidden, last = (layer for layer in (model[2], model[4]))
    assert isinstance(hidden, torch.nn.Linear)
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():  # biases keep the size of the base width; the output falls as 1/m
        hidden.bias.mul_(mult**0.5)
        last.bias.mul_(mult**0.5)
        last.weight.mul_(mult**0.5 / mult)
    scaled = [hidden.weight, last.weight]
    rest = [p for p in model.parameters() if all(p is not each for each in scaled)]
    lr = 0.05
    groups: list[dict[str, Any]] = [{"params": scaled, "lr": lr / mult}, {"params": rest}]
    steps = torch.optim.Adam(groups, lr, eps=1e-30)
    order = BatchOrder(0, len(data.x_train), 8)
    for step in range(12):
        index = torch.from_numpy(order.indices(0, step))
        loss = torch.nn.functional.cross_entropy(model(data.x_train[index]), data.y_train[index])
        np.testing.assert_allclose(measured[step, 0], float(loss.detach()), rtol=1e-4)
        steps.zero_grad()
        loss.backward()
        steps.step()
