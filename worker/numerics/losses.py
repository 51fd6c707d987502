"""Training losses, their derivatives with respect to the outputs, and metrics of the outputs.

With targets y as rows [C], one-hot for classification (under both losses), the standardised label for
regression, and p = softmax(f):

    cross-entropy    ℓ = -Σ_c y_c ln p_c    ∂ℓ/∂f = p - y    ∂²ℓ/∂f² = diag(p) - p pᵀ    (nats)
    squared error    ℓ = ½ ‖f - y‖²         ∂ℓ/∂f = f - y    ∂²ℓ/∂f² = I
    own              ℓ = f                   ∂ℓ/∂f = 1        ∂²ℓ/∂f² = 0

A brought network with a loss of its own gives that as its output [R, B, 1], the batch's mean in every row.

Legend: R runs, B batch, C classes or outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss


def target_rows(y: Tensor, task: Task, num_outputs: int, dtype: torch.dtype) -> Tensor:
    """Return targets [n, C]: one-hot rows of class indices of any shape, or the labels [n] as a column."""
    if task is Task.REGRESSION:
        return y.to(dtype).reshape(-1, 1)
    classes = torch.arange(num_outputs, device=y.device)
    return (y.reshape(-1, 1) == classes).to(dtype)


@dataclass(frozen=True)
class Targets:
    """The labels of a data set as rows [C] per sample; of text every byte of a window is a sample."""

    y: Tensor
    task: Task
    num_outputs: int
    dtype: torch.dtype

    def rows(self, index: Tensor) -> Tensor:
        """Return the rows of the examples `index`, [len(index) · samples, C]."""
        if self.task is Task.LANGUAGE_MODELLING:
            # A row per byte would be as large as the vocabulary times the text: made when they are needed.
            return target_rows(self.y[index], self.task, self.num_outputs, self.dtype)
        return self._all_rows.index_select(0, index)

    @cached_property
    def _all_rows(self) -> Tensor:
        return target_rows(self.y, self.task, self.num_outputs, self.dtype)


def sample_losses(f_RBC: Tensor, y_RBC: Tensor, loss: Loss) -> Tensor:
    """Return [R, B]: cross-entropy in nats, ½ the squared error summed over outputs, or the own loss."""
    if loss is Loss.CROSS_ENTROPY:
        return -(torch.log_softmax(f_RBC, dim=-1) * y_RBC).sum(-1)
    if loss is Loss.OWN:
        return f_RBC[..., 0]
    return 0.5 * (f_RBC - y_RBC).square().sum(-1)


def mean_loss(f_RBC: Tensor, y_RBC: Tensor, loss: Loss) -> Tensor:
    """Return [R]: the mean of `sample_losses` over the batch."""
    return sample_losses(f_RBC, y_RBC, loss).mean(-1)


def loss_and_gradient(f_RBC: Tensor, y_RBC: Tensor, loss: Loss) -> tuple[Tensor, Tensor]:
    """Return the mean loss [R] and its gradient by the outputs, (softmax(f) - y)/B, (f - y)/B or 1/B."""
    per_sample = 1.0 / f_RBC.shape[1]
    if loss is Loss.CROSS_ENTROPY:
        log_p_RBC = torch.log_softmax(f_RBC, dim=-1)
        return (log_p_RBC * y_RBC).sum((-2, -1)) * -per_sample, (log_p_RBC.exp() - y_RBC) * per_sample
    if loss is Loss.OWN:
        return f_RBC[..., 0].mean(-1), torch.full_like(f_RBC, per_sample)
    difference_RBC = f_RBC - y_RBC
    return difference_RBC.square().sum((-2, -1)) * (0.5 * per_sample), difference_RBC * per_sample


def output_hessian_product(f_RBC: Tensor, tangent_RBC: Tensor, loss: Loss) -> Tensor:
    """Return the loss's Hessian by the outputs times t, [R, B, C]: (diag(p) - ppᵀ) t / B, t / B, or 0."""
    per_sample = 1.0 / f_RBC.shape[1]
    if loss is Loss.OWN:
        return torch.zeros_like(tangent_RBC)
    if loss is Loss.SQUARED_ERROR:
        return tangent_RBC * per_sample
    p_RBC = torch.softmax(f_RBC, dim=-1)
    return p_RBC * (tangent_RBC - (p_RBC * tangent_RBC).sum(-1, keepdim=True)) * per_sample


def num_correct(f_RBC: Tensor, y_RBC: Tensor) -> Tensor:
    """Return [R]: how many samples have their largest output at the true class."""
    return (f_RBC.argmax(-1) == y_RBC.argmax(-1)).sum(-1)


def sum_absolute_error(f_RBC: Tensor, y_RBC: Tensor) -> Tensor:
    """Return [R]: summed |f - y|, in units of the standardised label."""
    return (f_RBC - y_RBC).abs().sum((-2, -1))
