"""Measurements of a stack at one step: validation metrics, sharpness and curvature of every living run.

Legend: R runs, B batch, D inputs, C classes or outputs, P parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.dataset import Task, num_validated
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.measures import Measure, measured_metrics
from muscope.backend.domain.spec.metrics import Metric
from muscope.worker.numerics.coordinate_check import check_coordinates
from muscope.worker.numerics.curvature.measures import UNPRECONDITIONED, CurvatureStep
from muscope.worker.numerics.curvature.preconditioned import Preconditioned, adam_root
from muscope.worker.numerics.curvature.sharpness import measure_sharpness
from muscope.worker.numerics.derivatives import Curvature
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.families import FamilyNetwork, network_of
from muscope.worker.numerics.linalg.lanczos import Eigenpairs
from muscope.worker.numerics.linalg.operators import SymmetricOperator
from muscope.worker.numerics.losses import Targets, num_correct, sample_losses, sum_absolute_error
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.optimizers.update import Update
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import sharpness_indices

# Validation rows per forward pass: bounds memory, and the activations stay in cache.
VAL_BATCH = 256
VAL_SAMPLES = 2048
SHARPNESS_METRICS = (
    Metric.SHARPNESS,
    Metric.SHARPNESS_RESIDUAL,
    Metric.SHARPNESS_HVPS,
    Metric.SHARPNESS_CONVERGED,
)


@dataclass(frozen=True)
class Measurer:
    """Takes a cell's measurements on its fixed samples; `metrics` are those that apply to its task."""

    program: CellProgram
    network: Network
    family: FamilyNetwork
    task: Task
    label_scale: float
    x_val: Tensor
    val_targets: Targets
    x_sharpness: Tensor
    y_sharpness: Tensor
    update: Update

    @classmethod
    def of(
        cls,
        program: CellProgram,
        data: TrainingData,
        network: Network,
        update: Update,
        family: FamilyNetwork | None = None,
    ) -> Self:
        """Choose the sharpness batch, from the spec's seed only."""
        chosen = sharpness_indices(program.spec_seed, len(data.x_train), program.sharpness_batch_size)
        index = torch.from_numpy(chosen).to(data.x_train.device)
        num_val = len(data.x_val)
        count = num_validated(data.dims, num_val)
        x_val, y_val = data.x_val, data.y_val
        if count < num_val:
            validated = torch.arange(count, device=x_val.device) * num_val // count
            x_val, y_val = x_val[validated], y_val[validated]
        return cls(
            program,
            network,
            family or network_of(program.model),
            data.task,
            data.label_scale,
            x_val,
            Targets(y_val, data.task, data.num_outputs, data.dtype),
            data.x_train[index],
            Targets(data.y_train, data.task, data.num_outputs, data.dtype).rows(index),
            update,
        )

    @property
    def _is_preconditioned(self) -> bool:
        return self.program.optimizer.traits.is_preconditioned

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics `measure` gives, in order."""
        return (
            Metric.VAL_LOSS,
            *self._of_outputs,
            *(SHARPNESS_METRICS if self.program.has_curvature else ()),
            *measured_metrics(self.program.measures),
        )

    @property
    def _of_outputs(self) -> tuple[Metric, ...]:
        """Return the metric of the field beside the loss; with a loss of its own a network has none."""
        if self.program.loss is Loss.OWN:
            return ()
        return (Metric.VAL_MAE if self.task is Task.REGRESSION else Metric.VAL_ACCURACY,)

    def measure(self, stack: Stack, step: int) -> tuple[dict[Metric, NDArray[Any]], Tensor]:
        """Return each metric's values per living run, [R] or [R, K], and the top eigenvectors [R, P]."""
        checked = self.check(stack) if step == 0 else {}
        measured, vector_RP = self._measure(stack, step)
        return measured | checked, vector_RP

    def check(self, stack: Stack) -> dict[Metric, NDArray[Any]]:
        """Return the coordinate check of freshly initialised runs, if the program asks for it."""
        if Measure.COORDINATE_CHECK not in self.program.measures:
            return {}
        return check_coordinates(
            self.program, self.network, self.family, stack, self.x_sharpness, self.y_sharpness
        )

    def _measure(self, stack: Stack, step: int) -> tuple[dict[Metric, NDArray[Any]], Tensor]:
        """Return what is measured at every measurement step.

        Under Adam sharpness, and what else is preconditioned, is not defined before the first update: absent.
        """
        loss_R, field_R = self.validate(stack.params)
        always = {Metric.VAL_LOSS: loss_R} | dict.fromkeys(self._of_outputs, field_R)
        if not self.program.has_curvature:
            return always, stack.eigenvector_RP
        if self._is_preconditioned and step == 0:
            step_0 = CurvatureStep(self.program, self.hessian(stack), stack, step)
            return always | step_0.measure(UNPRECONDITIONED), stack.eigenvector_RP
        hessian = self.hessian(stack)
        root_RP = self._adam_root(stack, step)
        pairs = self.sharpness(hessian if root_RP is None else Preconditioned(hessian, root_RP), stack, step)
        values: tuple[NDArray[Any], ...] = (
            pairs.value_R,
            pairs.residual_R,
            pairs.num_products_R,
            pairs.converged_R,
        )
        always |= dict(zip(SHARPNESS_METRICS, values, strict=True))
        return always | CurvatureStep(self.program, hessian, stack, step, root_RP).measure(), pairs.vector_RP

    def validate(self, params: Params) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the validation loss [R], and accuracy or mean absolute error in the label's unit [R]."""
        num_runs = len(next(iter(params.values())))
        device = self.x_val.device
        sums_2R = torch.zeros(2, num_runs, dtype=torch.float64, device=device)
        num_samples = 0
        for index in torch.split(torch.arange(len(self.x_val), device=device), self._val_batch):
            y_BC = self.val_targets.rows(index)
            x_BD = self.x_val[index]
            f_RBC = self.family.apply(self.network, params, x_BD.expand(num_runs, -1, -1))
            is_regression = self.task is Task.REGRESSION
            field_R = sum_absolute_error(f_RBC, y_BC) if is_regression else num_correct(f_RBC, y_BC)
            sums_2R[0] += sample_losses(f_RBC, y_BC, self.program.loss).sum(-1)
            sums_2R[1] += field_R
            num_samples += len(y_BC)
        means_2R = (sums_2R / num_samples).cpu().numpy()
        return means_2R[0], means_2R[1] * self.label_scale

    @property
    def _val_batch(self) -> int:
        """Examples per forward pass: of text, windows that come to as many samples."""
        is_text = self.task is Task.LANGUAGE_MODELLING
        return max(1, VAL_SAMPLES // self.x_val.shape[1]) if is_text else VAL_BATCH

    def hessian(self, stack: Stack) -> Curvature:
        """Return the operator C^½ H C^½ on the fixed batch."""
        x_RBD = self.x_sharpness.expand(len(stack.seeds), -1, -1)
        derivatives = self.family.derivatives(self.network)
        return derivatives.curvature(self.network, stack.params, x_RBD, self.y_sharpness, self.program.loss)

    def _adam_root(self, stack: Stack, step: int) -> Tensor | None:
        """Return the root of Adam's preconditioner, [R, P]; None under SGD and before the first update."""
        if not self._is_preconditioned or step == 0:
            return None
        return adam_root(self.update, stack.params, stack.moments, step)

    def sharpness(self, operator: SymmetricOperator, stack: Stack, step: int) -> Eigenpairs:
        """Return the largest eigenvalue of C^½ H C^½, or of what Adam makes of it, warm-started."""
        return measure_sharpness(
            operator,
            stack.eigenvector_RP,
            spec_seed=self.program.spec_seed,
            seeds=stack.seeds,
            step=step,
            # Under Adam the first one, an audit, is that after the first update.
            measurement=self.program.schedule.measurement_index(step) - self._is_preconditioned,
            tolerance=self.program.sharpness_tolerance,
        )
