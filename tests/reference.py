"""Slow independent references in float64: one network, one run, one dense Hessian at a time."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.randomness import stream

Weights = dict[str, Tensor]
Table = Mapping[str, TensorScaling]


def outputs(weights: Weights, x: Tensor, table: Table, *, branch_exponent: float = 0.5) -> Tensor:
    """Return f [B, C] of one network, as the paper writes it."""
    blocks = [name for name in weights if name.startswith("block")]
    effective = {name: table[name].forward_mult * weight for name, weight in weights.items()}
    h = x @ effective["input"]
    for name in blocks:
        h = h + h.clamp(min=0) @ effective[name] / len(blocks) ** branch_exponent
    return h.clamp(min=0) @ effective["output"]


def loss_of(f: Tensor, y: Tensor, data: TrainingData, loss: Loss) -> Tensor:
    """Return the mean loss of one network through torch's own loss functions."""
    if loss is Loss.CROSS_ENTROPY:
        return torch.nn.functional.cross_entropy(f, y)
    if data.task is Task.CLASSIFICATION:
        y = torch.nn.functional.one_hot(y, data.num_outputs).to(f.dtype)
    else:
        y = y[:, None]
    return ((f - y) ** 2).sum(1).mean() / 2


def batch_of(step: int, seed: int, *, spec_seed: int, num_train: int, batch_size: int) -> Tensor:
    """Return the samples of one step, by the documented rule."""
    per_epoch = num_train // batch_size
    order = stream("batch_order", spec_seed, seed, step // per_epoch).permutation(num_train)  # type: ignore[arg-type]
    first = step % per_epoch * batch_size
    return torch.from_numpy(order[first : first + batch_size])


def train_losses(
    weights: Weights, data: TrainingData, table: Table, loss: Loss, *, lr: float, batches: list[Tensor]
) -> tuple[list[float], Weights]:
    """Train one network by SGD; return the loss before each update, and the final weights."""
    losses = []
    for batch in batches:
        weights = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
        value = loss_of(outputs(weights, data.x_train[batch], table), data.y_train[batch], data, loss)
        value.backward()
        losses.append(float(value.detach()))
        weights = {
            name: weight.detach() - lr * table[name].lr_mult * weight.grad
            for name, weight in weights.items()
            if weight.grad is not None
        }
    return losses, weights


def dense_hessian(
    weights: Weights, x: Tensor, y: Tensor, data: TrainingData, loss: Loss, table: Table
) -> Tensor:
    """Return C^½ H C^½ of one network as a [P, P] matrix."""
    names = list(weights)
    sizes = [weights[name].numel() for name in names]

    def flat_loss(flat: Tensor) -> Tensor:
        parts = torch.split(flat, sizes)
        named = {name: part.view_as(weights[name]) for name, part in zip(names, parts, strict=True)}
        return loss_of(outputs(named, x, table), y, data, loss)

    flat = torch.cat([weights[name].flatten() for name in names])
    hessian = torch.autograd.functional.hessian(flat_loss, flat)
    multipliers = [torch.full((size,), table[name].lr_mult) for name, size in zip(names, sizes, strict=True)]
    root = torch.cat(multipliers).to(flat.dtype).sqrt()
    assert isinstance(hessian, Tensor)
    return root[:, None] * hessian * root


def jacobian_kernel(f_BC: Tensor, params: Weights, table: Table | None = None) -> Tensor:
    """Return J C Jᵀ / n, [C·B, C·B] with all samples of an output side by side, one Jacobian row at a time.

    Args:
        f_BC: outputs of leaf `params`, with their graph.
        table: its LR multipliers are C; C = 1 without.
    """
    leaves = list(params.values())
    rows = [torch.autograd.grad(f, leaves, retain_graph=True) for f in f_BC.T.flatten()]
    weights = [table[name].lr_mult if table else 1.0 for name in params]
    kernel = f_BC.new_zeros(f_BC.numel(), f_BC.numel())
    for index, weight in enumerate(weights):
        jacobian = torch.stack([row[index].flatten() for row in rows])
        kernel.addmm_(jacobian, jacobian.mT, alpha=weight / len(f_BC))
    return kernel.detach()
