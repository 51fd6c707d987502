"""Small seeded problems shared by the numerics tests: data sets, programs, stacked networks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import DataDims, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import OF_SIZE, Parametrization
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.worker.numerics.network import Network, Params, init
from muscope.worker.numerics.networks.residual_mlp.derivatives import HandWrittenResidualMlp
from muscope.worker.numerics.program import CellProgram, TrainingData

NUM_FEATURES = 6
NUM_CLASSES = 3
NUM_TRAIN = 40
BASE_WIDTH = 8
# Of the networks that come with µScope; the third is a brought one's own.
LOSSES = (Loss.CROSS_ENTROPY, Loss.SQUARED_ERROR)
UNDER_SGD = tuple(arm for arm in OF_SIZE if arm is not Parametrization.COMPLETEP)

PROGRAM = CellProgram(
    parametrization=Parametrization.MUP,
    width=8,
    depth=2,
    base_width=BASE_WIDTH,
    model=ResidualMLP(),
    loss=Loss.CROSS_ENTROPY,
    runs=tuple(PlannedRun(i, lr, seed) for i, lr in enumerate((0.05, 0.2)) for seed in (0, 3)),
    num_steps=24,
    measure_every=6,
    chunk_steps=10,
    batch_size=16,
    sharpness_batch_size=20,
    sharpness_tolerance=1e-3,
)


def program(**changes: Any) -> CellProgram:
    """Return the small program with some fields changed."""
    return dataclasses.replace(PROGRAM, **changes)


def classification(dtype: torch.dtype = torch.float32) -> TrainingData:
    """Return three noisy classes that are in part linearly separable."""
    generator = np.random.default_rng(7)
    x = generator.standard_normal((NUM_TRAIN + 15, NUM_FEATURES))
    logits = x @ generator.standard_normal((NUM_FEATURES, NUM_CLASSES))
    y = (logits + generator.standard_normal(logits.shape)).argmax(1)
    return _split(torch.from_numpy(x).to(dtype), torch.from_numpy(y), Task.CLASSIFICATION, NUM_CLASSES)


def regression(dtype: torch.dtype = torch.float32) -> TrainingData:
    """Return a smooth scalar target whose labels were divided by 4."""
    generator = np.random.default_rng(11)
    x = generator.standard_normal((NUM_TRAIN + 15, NUM_FEATURES))
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    tensors = torch.from_numpy(x).to(dtype), torch.from_numpy(y).to(dtype)
    return _split(*tensors, Task.REGRESSION, 1, label_scale=4.0)


def moved(data: TrainingData, device: torch.device | str) -> TrainingData:
    """Return the data on a device."""
    return dataclasses.replace(
        data,
        x_train=data.x_train.to(device),
        y_train=data.y_train.to(device),
        x_val=data.x_val.to(device),
        y_val=data.y_val.to(device),
    )


def network(
    parametrization: Parametrization = Parametrization.MUP,
    *,
    width: int = 8,
    depth: int = 2,
    outputs: int = 3,
) -> Network:
    """Return a network on the small features, base width 8."""
    scaling = scaling_table(
        parametrization,
        dims=DataDims(NUM_FEATURES, outputs),
        width=width,
        depth=depth,
        base_width=BASE_WIDTH,
    )
    return Network(scaling, depth, depth**-0.5)


def parameters(of: Network, *, width: int = 8, seeds: tuple[int, ...] = (0, 1), outputs: int = 3) -> Params:
    """Return float64 weights of one run per seed."""
    shapes = tensor_shapes(NUM_FEATURES, width, of.depth, outputs)
    return init(shapes, of.scaling, spec_seed=0, seeds=seeds, dtype=torch.float64)


def tensor_shapes(num_features: int, width: int, depth: int, num_outputs: int) -> dict[str, tuple[int, int]]:
    """Return (fan_in, fan_out) of every weight of the plain residual MLP, by name, in forward order."""
    tensors = ResidualMLP().tensors(DataDims(num_features, num_outputs), width, depth)
    return {name: tensor.shape for name, tensor in tensors.items()}


def loss_and_gradients(
    of: Network, params: Params, x_RBD: torch.Tensor, y_RBC: torch.Tensor, loss: Loss
) -> tuple[torch.Tensor, Params]:
    """Return the mean loss [R] of the plain residual MLP and its hand-written gradients."""
    loss_R, products = HandWrittenResidualMlp().loss_and_gradients(of, params, x_RBD, y_RBC, loss)
    return loss_R, {name: product.dense() for name, product in products.items()}


def _split(
    x: torch.Tensor, y: torch.Tensor, task: Task, num_outputs: int, label_scale: float = 1.0
) -> TrainingData:
    n = NUM_TRAIN
    return TrainingData(x[:n], y[:n], x[n:], y[n:], task, num_outputs, label_scale)
