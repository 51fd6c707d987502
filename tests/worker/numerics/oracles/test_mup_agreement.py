"""Agreement with microsoft/mup, as recorded by tests/fixtures/mup_record.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.dataset import DataDims, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.worker.numerics.losses import target_rows
from muscope.worker.numerics.network import Network
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from tests import cases

RECORDED = json.loads((Path(__file__).parents[3] / "fixtures" / "mup.json").read_text(encoding="utf-8"))
BASE_WIDTH, DEPTH, FEATURES, CLASSES, SAMPLES, BATCH = 64, 2, 6, 3, 40, 16
# torch's Adam, which mup runs, has one ε for all tensors.
OPTIMIZERS = {
    "sgd": (PLAIN_SGD, 0.1),
    "adam": (OptimizerSpec.model_validate({"kind": "adam", "epsilon": 1e-8, "epsilon_rule": "fixed"}), 1e-3),
}


def table(optimizer: OptimizerSpec, width: int, arm: Any = Parametrization.MUP) -> dict[str, TensorScaling]:
    return scaling_table(
        arm,
        dims=DataDims(FEATURES, CLASSES),
        width=width,
        depth=DEPTH,
        base_width=BASE_WIDTH,
        optimizer=optimizer,
    )


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_oracle_16_and_oracle_17_learning_rates_are_those_mup_gives_each_tensor(kind):
    """Oracles 16 and 17, from mup itself, base 64 → 256, on our residual MLP."""
    optimizer, lr = OPTIMIZERS[kind]

    rates = {name: lr * constants.lr_mult for name, constants in table(optimizer, 256).items()}

    assert rates == pytest.approx(RECORDED["learning_rates"][kind], rel=1e-15)


def test_oracle_17_mup_has_the_stated_rates_for_tensors_the_residual_mlp_lacks():
    """Oracles 16 and 17: biases, and a hidden weight with fan-in x4 and fan-out x2: .1/(4/2).

    The bias of the readout has no infinite dimension and keeps .1, which the oracle's "bias .4" leaves out.
    """
    sgd, adam = (RECORDED["learning_rates_with_biases"][kind] for kind in ("sgd", "adam"))

    assert (sgd["input.bias"], sgd["hidden.bias"], sgd["output.bias"]) == (0.4, 0.4, 0.1)
    assert sgd["rectangular.weight"] == 0.1 / (4 / 2)
    assert adam["hidden.weight"] == 2.5e-4
    assert {rate for name, rate in adam.items() if name.endswith("bias")} == {1e-3}


def test_oracle_18_multipliers_and_initial_weights_scale_as_in_mup():
    """Oracle 18: MuReadout divides activations by 4; its init std is twice SP's."""
    wide, base = table(PLAIN_SGD, 256), table(PLAIN_SGD, BASE_WIDTH)
    standard = table(PLAIN_SGD, 256, Parametrization.SP)

    ratios = {name: wide[name].init_std / base[name].init_std for name in wide}

    recorded = dict(RECORDED["init_ratios"])
    assert wide["output"].init_std / standard["output"].init_std == recorded.pop("readout") == 2.0
    assert ratios == pytest.approx(recorded, rel=1e-15)
    assert 1 / wide["output"].forward_mult == RECORDED["activation_divisor"] == 4.0


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
@pytest.mark.parametrize("width", [64, 256])
def test_training_from_the_same_weights_gives_the_losses_of_mup(kind, width):
    """Twenty float64 steps on the same minibatches, equal to 1e-10."""
    optimizer, lr = OPTIMIZERS[kind]
    scaling = table(optimizer, width)
    network, params = Network(scaling, DEPTH, DEPTH**-0.5), weights(width, scaling)
    update, moments = Update(optimizer, scaling, num_steps=20), initial_moments(optimizer, params)
    lr_R11, losses = torch.full((1, 1, 1), lr, dtype=torch.float64), []
    for step, (x_RBD, y_RBC) in enumerate(batches()):
        loss_R, gradients = cases.loss_and_gradients(network, params, x_RBD, y_RBC, Loss.CROSS_ENTROPY)
        update.apply_(params, gradients, moments, lr_R11, step)
        losses.append(float(loss_R))

    recorded = RECORDED["losses"][kind][str(width)]

    assert losses == pytest.approx(recorded, rel=1e-10)
    assert losses[-1] < 0.9 * losses[0]


def weights(width: int, scaling: dict[str, TensorScaling]) -> dict[str, torch.Tensor]:
    """Return [1, fan_in, fan_out] by name: what mup_record.py draws, with the std of our table."""
    stream = np.random.RandomState(width)
    sides = [FEATURES, *[width] * (DEPTH + 1), CLASSES]
    shapes = zip(scaling, sides[:-1], sides[1:], strict=True)
    return {
        name: torch.from_numpy(stream.standard_normal((1, rows, columns)) * scaling[name].init_std)
        for name, rows, columns in shapes
    }


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return x [1, B, D] and one-hot rows [1, B, C] of every step, as mup_record.py draws them."""
    stream = np.random.RandomState(0)
    x = torch.from_numpy(stream.standard_normal((SAMPLES, FEATURES)))
    y = torch.from_numpy(stream.randint(CLASSES, size=SAMPLES))
    rows = [torch.from_numpy(stream.permutation(SAMPLES)[:BATCH]) for _ in range(20)]
    targets = target_rows(y, Task.CLASSIFICATION, CLASSES, torch.float64)
    return [(x[chosen][None], targets[chosen][None]) for chosen in rows]
