"""Parametrization of a model that brings no optimizer: init and LR by the role table, from the base width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from muscope.backend.domain.brought.measured import TensorRow
from muscope.backend.domain.brought.roles import needed_powers
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import ORTHOGONALISED, TensorScaling, lr_ratio
from muscope.backend.domain.spec.tensor_role import ROWS, Layout, TensorRole, layout_of
from muscope.worker.brought.rule_optimizer import RULES, scaling_of

Sizes = Mapping[str, float]


def initial_sizes(model: nn.Module) -> dict[str, float]:
    """Return the root mean square of every tensor's entries."""
    return {name: rms(parameter) for name, parameter in model.named_parameters()}


def rms(tensor: torch.Tensor) -> float:
    """Return the root mean square of the entries; 0 of no entries."""
    return float(tensor.detach().double().square().mean().sqrt()) if tensor.numel() else 0.0


def rescale_(
    model: nn.Module,
    rows: tuple[TensorRow, ...],
    base: Sizes,
    width_mult: float,
    optimizer: OptimizerSpec,
    forward: Mapping[str, float],
) -> None:
    """Give every tensor the size of the base width times its power of m; one that starts at 0 stays.

    Args:
        base: rms of every tensor at the base width with the same seed.
        forward: power of m in the constant in front of a tensor, where there is one.
    """
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for row in rows:
            now = rms(parameters[row.name])
            if row.role in (TensorRole.FIXED, TensorRole.UNKNOWN) or now == 0:
                continue
            power = needed_powers(
                row.role, optimizer, forward.get(row.name, 0.0), is_matrix=row.is_matrix
            ).init
            parameters[row.name].mul_(base[row.name] * width_mult**power / now)


def rule_scaling(row: TensorRow, spec: OptimizerSpec) -> TensorScaling:
    """Return whether Muon orthogonalises a tensor's step, and the tensor's layout."""
    is_hidden = row.role in ROWS and ROWS[row.role].learning in ORTHOGONALISED
    return scaling_of(
        is_orthogonalised=spec.family is UpdateFamily.MUON and is_hidden and row.is_matrix,
        is_transposed=layout_of(len(row.shapes[0]), row.summed) is Layout.OUT_IN,
    )


def build_optimizer(
    model: nn.Module,
    rows: tuple[TensorRow, ...],
    spec: OptimizerSpec,
    lr: float,
    width_mult: float,
    forward: Mapping[str, float],
) -> torch.optim.Optimizer:
    """Return torch's optimizer with one group a tensor, each with its own LR and weight decay."""
    parameters = dict(model.named_parameters())
    groups: list[dict[str, Any]] = []
    for row in rows:
        needed = needed_powers(row.role, spec, forward.get(row.name, 0.0), is_matrix=row.is_matrix)
        scaling = rule_scaling(row, spec)
        ratio = lr_ratio(spec, is_orthogonalised=scaling.is_orthogonalised)
        groups.append(
            {
                "params": [parameters[row.name]],
                "lr": lr * ratio * width_mult**needed.lr,
                "weight_decay": 0.0 if needed.decay is None else spec.weight_decay * width_mult**needed.decay,
                "scaling": scaling,
            }
        )
    if spec.kind in RULES:
        return RULES[spec.kind](groups, spec)
    if spec.kind is OptimizerKind.SGD:
        return torch.optim.SGD(groups, lr=lr, momentum=spec.momentum, nesterov=spec.nesterov)
    kind = torch.optim.AdamW if spec.kind is OptimizerKind.ADAMW else torch.optim.Adam
    return kind(groups, lr=lr, betas=(spec.beta1, spec.beta2), eps=spec.epsilon)
