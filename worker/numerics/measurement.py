"""What is measured at a measurement step: validation metrics and sharpness of every living run.

Legend: R runs, B batch, D inputs, C classes or outputs, P parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.domain.dataset import Task
from backend.domain.measures import measured_metrics
from backend.domain.metrics import Metric
from backend.domain.optimizer import UpdateFamily
from worker.numerics.curvature.measures import CurvatureStep
from worker.numerics.ensemble import Stack
from worker.numerics.hvp import SymmetricOperator
from worker.numerics.lanczos import Eigenpairs
from worker.numerics.losses import num_correct, sample_losses, sum_absolute_error, target_rows
from worker.numerics.networks.residual_mlp import Network, Params, apply
from worker.numerics.networks.residual_mlp_derivatives import ResidualMlpHessian
from worker.numerics.optimizer import Update
from worker.numerics.preconditioned import Preconditioned, adam_root
from worker.numerics.program import CellProgram, TrainingData
from worker.numerics.randomness import sharpness_indices
from worker.numerics.sharpness import measure_sharpness

# Validation rows per forward pass: bounds memory, and the activations stay in cache.
VAL_BATCH = 256


@dataclass(frozen=True)
class Measurer:
    """The fixed samples of a cell's measurements; `metrics` are those that apply to its task."""

    program: CellProgram
    network: Network
    task: Task
    label_scale: float
    x_val: Tensor
    y_val: Tensor
    x_sharpness: Tensor
    y_sharpness: Tensor
    update: Update

    @classmethod
    def of(cls, program: CellProgram, data: TrainingData, network: Network, update: Update) -> Self:
        """Choose the sharpness batch, from the spec's seed only."""
        dtype, device = data.x_train.dtype, data.x_train.device
        chosen = sharpness_indices(program.spec_seed, len(data.x_train), program.sharpness_batch_size)
        index = torch.from_numpy(chosen).to(device)
        return cls(
            program,
            network,
            data.task,
            data.label_scale,
            data.x_val,
            target_rows(data.y_val, data.task, data.num_outputs, dtype),
            data.x_train[index],
            target_rows(data.y_train[index], data.task, data.num_outputs, dtype),
            update,
        )

    @property
    def _is_adam(self) -> bool:
        return self.program.optimizer.family is UpdateFamily.ADAM

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics `measure` gives, in order."""
        field = Metric.VAL_ACCURACY if self.task is Task.CLASSIFICATION else Metric.VAL_MAE
        return (
            Metric.VAL_LOSS,
            field,
            Metric.SHARPNESS,
            Metric.SHARPNESS_RESIDUAL,
            Metric.SHARPNESS_HVPS,
            Metric.SHARPNESS_CONVERGED,
            *measured_metrics(self.program.measures),
        )

    def measure(self, stack: Stack, step: int) -> tuple[dict[Metric, NDArray[Any]], Tensor]:
        """Return each metric's values per living run, [R] or [R, K], and the top eigenvectors [R, P].

        Under Adam sharpness is not defined before the first update: NaN, and no eigenvector.
        """
        loss_R, field_R = self.validate(stack.params)
        if self._is_adam and step == 0:
            nothing_R = np.full(len(stack.seeds), np.nan)
            undefined = (loss_R, field_R, nothing_R, nothing_R, nothing_R, nothing_R)
            return dict(zip(self.metrics, undefined, strict=True)), stack.eigenvector_RP
        hessian = self.hessian(stack)
        pairs = self.sharpness(hessian, stack, step)
        values: tuple[NDArray[Any], ...] = (
            loss_R,
            field_R,
            pairs.value_R,
            pairs.residual_R,
            pairs.num_products_R,
            pairs.converged_R,
        )
        always = dict(zip(self.metrics[: len(values)], values, strict=True))
        return always | CurvatureStep(self.program, hessian, stack, step).measure(), pairs.vector_RP

    def validate(self, params: Params) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the validation loss [R], and accuracy or mean absolute error in the label's unit [R]."""
        num_runs = len(next(iter(params.values())))
        sums_2R = torch.zeros(2, num_runs, dtype=torch.float64, device=self.x_val.device)
        for x_BD, y_BC in zip(*self._val_batches(), strict=True):
            f_RBC = apply(self.network, params, x_BD.expand(num_runs, -1, -1))
            is_classes = self.task is Task.CLASSIFICATION
            field_R = num_correct(f_RBC, y_BC) if is_classes else sum_absolute_error(f_RBC, y_BC)
            sums_2R[0] += sample_losses(f_RBC, y_BC, self.program.loss).sum(-1)
            sums_2R[1] += field_R
        means_2R = (sums_2R / len(self.x_val)).cpu().numpy()
        return means_2R[0], means_2R[1] * self.label_scale

    def _val_batches(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        return torch.split(self.x_val, VAL_BATCH), torch.split(self.y_val, VAL_BATCH)

    def hessian(self, stack: Stack) -> ResidualMlpHessian:
        """Return the operator C^½ H C^½ on the fixed batch."""
        x_RBD = self.x_sharpness.expand(len(stack.seeds), -1, -1)
        return ResidualMlpHessian.at(self.network, stack.params, x_RBD, self.y_sharpness, self.program.loss)

    def sharpness(self, hessian: ResidualMlpHessian, stack: Stack, step: int) -> Eigenpairs:
        """Return the largest eigenvalue of C^½ H C^½, warm-started from the stack.

        Under Adam H is preconditioned as well, which needs a first update.
        """
        operator: SymmetricOperator = hessian
        if self._is_adam:
            operator = Preconditioned(hessian, adam_root(self.update, stack.params, stack.moments, step))
        return measure_sharpness(
            operator,
            stack.eigenvector_RP,
            spec_seed=self.program.spec_seed,
            seeds=stack.seeds,
            step=step,
            measurement=-(-step // self.program.measure_every) - self._is_adam,  # the first one is an audit
            tolerance=self.program.sharpness_tolerance,
        )
