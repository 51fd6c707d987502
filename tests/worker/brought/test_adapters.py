"""Low-rank adapters on a frozen network: against a loop of torch that knows nothing of ours."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization
from muscope.worker.brought.adapters.network import AdaptedNetwork
from muscope.worker.brought.loading import load_model
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import BatchOrder
from tests.worker.brought.frozen import BASE_RANK, FILE, RUNS, WIDTH, adapted, planned
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, trained


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("adapted"), FILE)


def initial_of(path: Path, cell: CellProgram, data: TrainingData) -> dict[str, Tensor]:
    """Return the first factors of the cell's runs."""
    assert isinstance(cell.model, Adapted)
    network = AdaptedNetwork(load_model(path), cell.model, cell.width, cell.depth)
    return network.initial(
        cell.network_for(data.dims),
        spec_seed=0,
        seeds=[run.seed for run in cell.runs],
        dtype=torch.float32,
        device=torch.device("cpu"),
    )


def own_loop(path: Path, cell: CellProgram, data: TrainingData, run: int, scale: float) -> list[float]:
    """Train as one does without a library: merged matrices W + s B A, torch's optimizer, two groups."""
    brought = load_model(path)
    network = brought.build(WIDTH, 0)
    network.load_state_dict(brought.pretrained(WIDTH))
    first = {name: drawn[run].clone() for name, drawn in initial_of(path, cell, data).items()}
    factors = {name: nn.Parameter(drawn) for name, drawn in first.items()}
    assert isinstance(cell.model, Adapted)
    lr, kind = cell.runs[run].lr, cell.optimizer.kind.value
    ups = [factor for name, factor in factors.items() if name.endswith("lora_B")]
    downs = [factor for name, factor in factors.items() if name.endswith("lora_A")]
    groups = [{"params": downs, "lr": lr}, {"params": ups, "lr": lr * cell.model.lr_ratio}]
    steps = torch.optim.SGD(groups) if kind == "sgd" else torch.optim.AdamW(groups, weight_decay=0.1)
    order, losses = BatchOrder(0, len(data.x_train), 8), []
    for step in range(cell.num_steps + 1):
        index = torch.from_numpy(order.indices(cell.runs[run].seed, step))
        merged = {
            f"{layer.name}.weight": network.get_parameter(f"{layer.name}.weight").detach()
            + scale * factors[f"{layer.name}.lora_B"] @ factors[f"{layer.name}.lora_A"]
            for layer in cell.model.layers
        }
        outputs = functional_call(network, merged, (data.x_train[index],))
        loss = nn.functional.cross_entropy(outputs, data.y_train[index])
        losses.append(float(loss.detach()))
        steps.zero_grad()
        loss.backward()
        steps.step()
    return losses


# s at rank 6 with the base rank 2 and α = 3, by hand: the code's own at the base, the arm's power beyond.
SCALES = {
    ("alpha/r", Parametrization.LORA): 3 / 6,
    ("alpha/r", Parametrization.RSLORA): 3 / 2 * math.sqrt(2 / 6),
    ("alpha/sqrt(r)", Parametrization.RSLORA): 3 / math.sqrt(6),
    ("alpha/sqrt(r)", Parametrization.LORA): 3 / math.sqrt(2) * 2 / 6,
}


@pytest.mark.parametrize("init", ["A", "B"])
@pytest.mark.parametrize(("scale", "arm"), SCALES)
def test_twenty_steps_follow_a_loop_with_merged_matrices(
    file: Path, init: str, scale: str, arm: Parametrization
) -> None:
    found, data = described(file)
    optimizer = OptimizerSpec.model_validate({"kind": "adamw", "weight_decay": 0.1})
    model = adapted(found, init=init, scale=scale, lr_ratio=4.0)
    cell = planned(model, data, parametrization=arm, optimizer=optimizer)
    losses = trained(file, cell, data).values[Metric.TRAIN_LOSS]
    for run in (0, 3):
        expected = own_loop(file, cell, data, run, SCALES[scale, arm])
        np.testing.assert_allclose(losses[:, run], expected, rtol=1e-5)


def test_a_rank_under_sgd_follows_the_loop_too_and_learns(file: Path) -> None:
    found, data = described(file)
    cell = planned(adapted(found, targets=("up", "out")), data)
    losses = trained(file, cell, data).values[Metric.TRAIN_LOSS]
    np.testing.assert_allclose(losses[:, 3], own_loop(file, cell, data, 3, 0.5), rtol=1e-5)
    assert losses[-3:, 3].mean() < losses[:3, 3].mean()


def test_runs_as_one_stack_give_the_numbers_and_the_sharpness_of_runs_one_by_one(file: Path) -> None:
    found, data = described(file)
    model = adapted(found, targets=("up", "out"), init="B")
    alone, stacked = (
        trained(
            file,
            planned(model.model_copy(update={"stacked_up_to": up_to}), data, has_curvature=True),
            data,
        ).values
        for up_to in (0, 64)
    )
    for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
        np.testing.assert_allclose(alone[metric], stacked[metric], rtol=1e-5)


def test_sharpness_is_of_the_factors_alone(file: Path) -> None:
    found, data = described(file)
    model = adapted(found, targets=("out",), init="B", lr_ratio=2.0)
    cell = planned(model, data, rank=2, has_curvature=True, sharpness_batch_size=64, runs=RUNS[:1])
    measured = trained(file, replace(cell, num_steps=10), data).values[Metric.SHARPNESS][0, 0]
    first = {name: drawn[0].double() for name, drawn in initial_of(file, cell, data).items()}
    brought = load_model(file)
    network = brought.build(WIDTH, 0)
    network.load_state_dict(brought.pretrained(WIDTH))
    network.double()
    names = ("out.lora_A", "out.lora_B")

    def loss(flat: Tensor) -> Tensor:
        down, up = (
            part.view(first[name].shape)
            for part, name in zip(flat.split([first[name].numel() for name in names]), names, strict=True)
        )
        merged = {"out.weight": network.get_parameter("out.weight").detach() + 1.5 * up @ down}
        outputs = functional_call(network, merged, (data.x_train.double(),))
        return nn.functional.cross_entropy(outputs, data.y_train)

    start = torch.cat([first[name].flatten() for name in names])
    hessian = torch.autograd.functional.hessian(loss, start)
    root = torch.cat(
        [torch.full((first[name].numel(),), c**0.5) for name, c in zip(names, (1.0, 2.0), strict=True)]
    )
    expected = float(torch.linalg.eigvalsh(root[:, None] * hessian * root).max())
    assert measured == pytest.approx(expected, rel=2e-3)


def test_the_frozen_weights_are_bit_for_bit_those_of_the_file_in_the_end(file: Path) -> None:
    found, data = described(file)
    cell = planned(adapted(found), data)
    assert isinstance(cell.model, Adapted)
    bound = AdaptedNetwork(load_model(file), cell.model, cell.width, cell.depth)
    given = {name: weight.clone() for name, weight in load_model(file).pretrained(WIDTH).items()}
    params = bound.initial(
        cell.network_for(data.dims),
        spec_seed=0,
        seeds=[0, 1],
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    x_RBD = data.x_train[:8].expand(2, -1, -1)
    y_RBC = nn.functional.one_hot(data.y_train[:8], 3).float().expand(2, -1, -1)
    derivatives = Autograd(bound.apply)
    for _ in range(3):
        _, gradients = derivatives.loss_and_gradients(
            cell.network_for(data.dims), params, x_RBD, y_RBC, cell.loss
        )
        params = {name: weight - 0.5 * gradients[name] for name, weight in params.items()}
    kept = {
        name.replace(".base.", ".").removeprefix("network."): weight for name, weight in bound.fixed.items()
    }
    assert set(kept) == set(given)
    assert all(torch.equal(kept[name], given[name]) for name in given)
    assert all(float(gradients[name].abs().max()) > 0 for name in params)


def test_outputs_before_training_are_the_networks_own_at_every_rank(file: Path) -> None:
    found, data = described(file)
    brought = load_model(file)
    network = brought.build(WIDTH, 0)
    network.load_state_dict(brought.pretrained(WIDTH))
    expected = network(data.x_train[:8]).detach()
    for rank in (1, 3):
        cell = planned(adapted(found, targets=("up", "out")), data, rank=rank)
        assert isinstance(cell.model, Adapted)
        bound = AdaptedNetwork(brought, cell.model, rank, 1)
        params = initial_of(file, cell, data)
        outputs = bound.apply(cell.network_for(data.dims), params, data.x_train[:8].expand(4, -1, -1))
        torch.testing.assert_close(outputs[3], expected, rtol=1e-6, atol=1e-6)


def test_the_first_rows_of_a_larger_rank_are_those_of_a_smaller_one(file: Path) -> None:
    found, data = described(file)
    for init, name in (("A", "up.lora_A"), ("B", "up.lora_B")):
        model = adapted(found, init=init, targets=("up",))
        small, large = (initial_of(file, planned(model, data, rank=rank), data)[name] for rank in (2, 6))
        if init == "A":
            torch.testing.assert_close(large[:, :2], small)
        else:  # uniform within ±1/√r
            torch.testing.assert_close(large[:, :, :2] * math.sqrt(6), small * math.sqrt(2))
            assert float(small.abs().max()) <= 1 / math.sqrt(2)


def test_every_arm_is_one_network_at_the_base_rank(file: Path) -> None:
    found, data = described(file)
    model = adapted(found)
    of_arms = [
        planned(model, data, rank=BASE_RANK, parametrization=arm).network_for(data.dims).scaling
        for arm in OF_RANK
    ]
    assert of_arms[0] == of_arms[1]
