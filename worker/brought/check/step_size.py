"""LR that a tensor's update had in fact, read from it, in the convention of the optimizer asked for.

Under SGD it is over the gradient, under Adam's kin over its sign, under Muon over the orthogonal factor of a
matrix's gradient times the factor of the shape, under Adafactor its size and, if relative, over that of the
weights. Of the first update only: a momentum that starts at 0 has the gradient's direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from muscope.backend.domain.brought.measured import TensorRow
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, UpdateFamily
from muscope.worker.brought.parametrize import rms, rule_scaling
from muscope.worker.brought.rule_optimizer import as_one_run
from muscope.worker.numerics.optimizers import adafactor
from muscope.worker.numerics.optimizers.orthogonal import orthogonalised

_SIGN_LIKE = ("adam", "lion", "nadam", "radam", "adopt")
_DECOUPLED = ("adamw", "lion", "muon", "adafactor")


def known_kind(optimizer: torch.optim.Optimizer) -> OptimizerKind | None:
    """Return the kind that a torch optimizer is by its name: any Muon, any of Adam's kin as AdamW."""
    name = type(optimizer).__name__.lower()
    named = next((kind for kind in OptimizerKind if kind == name), None)
    if named is not None:
        return named
    if "muon" in name:
        return OptimizerKind.MUON
    return OptimizerKind.ADAMW if any(part in name for part in _SIGN_LIKE) else None


@dataclass(frozen=True)
class Step:
    """First update of a tensor: weight and gradient before it, its change, decay and LR of its group."""

    optimizer: torch.optim.Optimizer
    weight: Tensor
    gradient: Tensor
    change: Tensor
    decay: float
    group_lr: float

    @property
    def without_decay(self) -> Tensor:
        """Return the change without what decoupled weight decay took."""
        name = type(self.optimizer).__name__.lower()
        is_decoupled = any(part in name for part in _DECOUPLED)
        is_decoupled = is_decoupled or bool(self.optimizer.defaults.get("decoupled_weight_decay"))
        if not self.decay or math.isnan(self.group_lr) or not is_decoupled:
            return self.change
        return self.change + self.group_lr * self.decay * self.weight


class StepRule:
    """Rates of first updates, by each tensor's layout and in the convention of its optimizer."""

    def __init__(self, specs: Mapping[str, OptimizerSpec], rows: tuple[TensorRow, ...]) -> None:
        self._specs = specs
        self._rows = {row.name: row for row in rows}

    @staticmethod
    def is_muon(optimizer: torch.optim.Optimizer) -> bool:
        """Tell whether an optimizer is Muon, whose ε belongs to the iteration."""
        return known_kind(optimizer) is OptimizerKind.MUON

    def lr(self, name: str, step: Step) -> float:
        """Return the LR of a tensor's update; the group's where the optimizer is none of those known."""
        kind = known_kind(step.optimizer)
        if kind is OptimizerKind.SGD:
            return _along(step.change, step.gradient + step.decay * step.weight)
        if kind is OptimizerKind.ADAFACTOR:
            return self._of_adafactor(name, step)
        if kind is OptimizerKind.MUON:
            of_matrix = self._of_muon(name, step)
            return _over_sign(step) if of_matrix is None else of_matrix
        return step.group_lr if kind is None else _over_sign(step)

    def _of_adafactor(self, name: str, step: Step) -> float:
        # Clipping leaves a direction of size 1; libraries differ in the dimensions that they factor.
        lr = rms(step.without_decay)
        is_relative = self._specs[name].family is UpdateFamily.RELATIVE
        return lr / float(adafactor.step_size(as_one_run(step.weight))) if is_relative else lr

    def _of_muon(self, name: str, step: Step) -> float | None:
        """Return the LR over an orthogonal step; None where the update is not one."""
        if step.weight.ndim < 2:
            return None
        factor = orthogonalised(as_one_run(step.gradient))
        change = as_one_run(step.without_decay)
        # Libraries round to bfloat16 inside the iteration, so that a step is never exactly the factor.
        if _cosine(change, factor) < _cosine(change, as_one_run(step.gradient).sign()):
            return None
        n_in, n_out = factor.shape[-2:]
        if rule_scaling(self._rows[name], self._specs[name]).is_transposed:
            n_in, n_out = n_out, n_in
        return _along(change, factor) / self._specs[name].muon_scale.factor(n_in, n_out)


def _along(change: Tensor, direction: Tensor) -> float:
    """Return how many times a direction an update went down it."""
    of, along = change.double(), direction.double()
    return float(-(of * along).sum() / along.square().sum())


def _cosine(change: Tensor, direction: Tensor) -> float:
    """Return the cosine between an update and a direction that it went down."""
    return float(-(change * direction).sum() / (change.norm() * direction.norm()))


def _over_sign(step: Step) -> float:
    size = step.gradient.abs()
    large = size >= size[size > 0].median()
    return float(step.without_decay[large].abs().double().mean())
