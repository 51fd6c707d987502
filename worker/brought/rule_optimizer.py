"""Torch optimizers of the check for kinds whose rules are ours: one group a tensor, stepped by `Update`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.optimizers.update import Moments, Update, initial_moments

_NAME = "tensor"


class RuleOptimizer(torch.optim.Optimizer):
    """Steps of one tensor after another, by the training's own rule.

    A group has, beside `params`, `lr` and `weight_decay`, the entry `scaling`: whether Muon orthogonalises
    the tensor, and how it is laid out.
    """

    def __init__(self, groups: list[dict[str, Any]], spec: OptimizerSpec) -> None:
        super().__init__(groups, {"lr": 0.0, "weight_decay": 0.0})
        # A group has the decay itself, so the spec has the factor 1.
        self._spec = spec.changed(weight_decay=1.0, schedule={})
        self._moments: dict[int, Moments] = {}
        self._num_steps = 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every tensor that has a gradient."""
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(group, parameter)
        self._num_steps += 1

    def _move(self, group: dict[str, Any], parameter: Tensor) -> None:
        params = {_NAME: as_one_run(parameter).clone()}
        moments = self._moments.setdefault(id(parameter), initial_moments(self._spec, params))
        scaling = group["scaling"]._replace(lr_mult=1.0, weight_decay_mult=group["weight_decay"])
        update = Update(self._spec, {_NAME: scaling}, num_steps=1)
        lr_R11 = torch.full((1, 1, 1), float(group["lr"]), dtype=parameter.dtype, device=parameter.device)
        gradients = {_NAME: as_one_run(parameter.grad)}
        update.apply_(params, gradients, moments, lr_R11, self._num_steps)
        parameter.copy_(params[_NAME].reshape(parameter.shape))


class Lion(RuleOptimizer):
    """Lion."""


class Muon(RuleOptimizer):
    """Muon of hidden matrices, AdamW of the rest."""


class Adafactor(RuleOptimizer):
    """Adafactor."""


RULES: dict[OptimizerKind, type[RuleOptimizer]] = {
    OptimizerKind.LION: Lion,
    OptimizerKind.MUON: Muon,
    OptimizerKind.ADAFACTOR: Adafactor,
}


def as_one_run(tensor: Tensor | None) -> Tensor:
    """Return a tensor as a run's matrix [1, first dimension, all others], a vector as [1, 1, n]."""
    assert tensor is not None
    return (tensor.reshape(1, -1) if tensor.ndim < 2 else tensor.flatten(1))[None]


def scaling_of(*, is_orthogonalised: bool, is_transposed: bool) -> TensorScaling:
    """Return constants of 1 with what Muon needs to know."""
    return TensorScaling(1.0, 1.0, 1.0, is_orthogonalised=is_orthogonalised, is_transposed=is_transposed)
