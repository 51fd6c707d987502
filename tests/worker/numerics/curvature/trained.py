"""Small trained network in float64 with its dense matrices, the reference of every measure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.losses import target_rows
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from muscope.worker.numerics.program import TrainingData
from tests import cases, reference

WIDTH = 16
SEEDS = (0, 3)


class Trained(NamedTuple):
    """Two runs after 30 steps of full-batch descent, beyond the base width, so that C differs from 1."""

    network: Network
    data: TrainingData
    params: Params
    loss: Loss

    def hessian(self) -> ResidualMlpHessian:
        """Return the stacked operator on the training set."""
        y = target_rows(self.data.y_train, self.data.task, self.data.num_outputs, torch.float64)
        x_RBD = self.data.x_train.expand(len(SEEDS), -1, -1)
        return ResidualMlpHessian.at(self.network, self.params, x_RBD, y, self.loss)

    def weights(self, row: int) -> reference.Weights:
        """Return one run's weights."""
        return {name: tensor[row] for name, tensor in self.params.items()}

    def dense(self, row: int, *, is_raw: bool = False) -> Tensor:
        """Return C^½ H C^½ of one run, or H, as a matrix."""
        table = self.network.scaling
        dense = reference.dense_hessian(
            self.weights(row), self.data.x_train, self.data.y_train, self.data, self.loss, table
        )
        root = self.root_lr_mult()
        return dense / root[:, None] / root if is_raw else dense

    def root_lr_mult(self) -> Tensor:
        """Return the diagonal of C^½, [P]."""
        parts = [
            torch.full((tensor[0].numel(),), self.network.scaling[name].lr_mult, dtype=torch.float64)
            for name, tensor in self.params.items()
        ]
        return torch.cat(parts).sqrt()

    def jacobian(self, row: int) -> Tensor:
        """Return J C^½ of one run, [C·B, P], outputs first, computed one row at a time."""
        leaves = {name: tensor.clone().requires_grad_() for name, tensor in self.weights(row).items()}
        f_BC = reference.outputs(leaves, self.data.x_train, self.network.scaling)
        rows = [
            torch.cat([g.flatten() for g in torch.autograd.grad(f, list(leaves.values()), retain_graph=True)])
            for f in f_BC.T.flatten()
        ]
        return torch.stack(rows) * self.root_lr_mult()


@lru_cache
def trained(
    loss: Loss = Loss.CROSS_ENTROPY, parametrization: Parametrization = Parametrization.MUP
) -> Trained:
    """Train the small network of `cases`, twice as wide as its base, on the three classes."""
    network, data = cases.network(parametrization, width=WIDTH), cases.classification(torch.float64)
    start = cases.parameters(network, width=WIDTH, seeds=SEEDS)
    everything = [torch.arange(cases.NUM_TRAIN)] * 30
    runs = []
    for row in range(len(SEEDS)):
        weights = {name: tensor[row] for name, tensor in start.items()}
        runs.append(
            reference.train_losses(weights, data, network.scaling, loss, lr=0.1, batches=everything)[1]
        )
    return Trained(network, data, {name: torch.stack([run[name] for run in runs]) for name in start}, loss)
