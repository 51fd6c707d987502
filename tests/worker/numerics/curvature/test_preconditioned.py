"""Sharpness under Adam, against a dense matrix built from torch's own optimizer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.worker.numerics.network import init
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.randomness import sharpness_indices
from muscope.worker.numerics.trainer import train
from tests import cases, reference

ADAM = OptimizerSpec.model_validate({"kind": "adam", "epsilon": 1e-4})


def test_it_is_the_eigenvalue_of_the_preconditioned_hessian():
    """P^-½ H P^-½ with P^-1 = C/(√v̂ + ε) after some updates (docs/science.md §4.1)."""
    program = cases.program(width=16, optimizer=ADAM, sharpness_tolerance=1e-12)
    windows = list(train(program, cases.classification(torch.float64)))
    measured = np.concatenate([w.values[Metric.SHARPNESS] for w in windows if Metric.SHARPNESS in w.values])

    for column in range(len(program.runs)):
        assert measured[1, column] == pytest.approx(_dense(program, column, program.measure_every), rel=1e-5)
    flags = [w.values[m][0] for m in (Metric.SHARPNESS, Metric.SHARPNESS_CONVERGED) for w in windows[:1]]
    assert np.isnan(flags).all(), "before the first update it is not defined"
    assert np.isfinite(measured[1:]).all()


def _dense(program: CellProgram, column: int, num_steps: int) -> float:
    data, run = cases.classification(torch.float64), program.runs[column]
    table = program.scaling_of(DataDims(cases.NUM_FEATURES, 3))
    shapes = cases.tensor_shapes(cases.NUM_FEATURES, program.width, program.depth, 3)
    stacked = init(shapes, table, spec_seed=0, seeds=(run.seed,), dtype=torch.float64)
    weights = {name: tensor[0].requires_grad_() for name, tensor in stacked.items()}
    groups = [
        {
            "params": [weight],
            "lr": run.lr * table[name].lr_mult,
            "eps": ADAM.epsilon * table[name].epsilon_mult,
        }
        for name, weight in weights.items()
    ]
    optimizer = torch.optim.Adam(groups)
    for step in range(num_steps):
        batch = reference.batch_of(
            step, run.seed, spec_seed=0, num_train=cases.NUM_TRAIN, batch_size=program.batch_size
        )
        optimizer.zero_grad()
        f = reference.outputs(weights, data.x_train[batch], table)
        reference.loss_of(f, data.y_train[batch], data, program.loss).backward()
        optimizer.step()
    roots = [
        (optimizer.state[weight]["exp_avg_sq"] / (1 - 0.999**num_steps)).sqrt()
        + ADAM.epsilon * table[name].epsilon_mult
        for name, weight in weights.items()
    ]
    root = torch.cat([each.flatten() for each in roots]).rsqrt()
    chosen = sharpness_indices(0, cases.NUM_TRAIN, program.sharpness_batch_size)
    still = {name: weight.detach() for name, weight in weights.items()}
    hessian = reference.dense_hessian(
        still, data.x_train[chosen], data.y_train[chosen], data, program.loss, table
    )
    return float(torch.linalg.eigvalsh(root[:, None] * hessian * root)[-1])
